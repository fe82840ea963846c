import { cancelled, RankError, yieldToEventLoop } from '@rank-rank/core';
import type { OperationName } from '../arguments.ts';
import type { Opened } from '../choose.ts';
import { faultOf } from '../js/fault.ts';
import { allocateBuffer, javascriptMachine } from '../js/machine.ts';
import type { Machine } from '../plan.ts';
import { encoders, header } from './encode.ts';
import { type StagedCall, WasmArea, WasmCall } from './wasm-call.ts';
import { WasmMemory } from './wasm-memory.ts';
import { divisions, type Piece, sparing } from './wasm-pieces.ts';
import { WasmThreads, type WasmWorker } from './wasm-threads.ts';
import { webAssembly } from './web-assembly.ts';

/** What the WebAssembly kernels need of the runtime they are in: Node or a browser. */
export interface WasmHost {
  /** The code of a module of the folder wasm/; throws where it is not there, or is not what it was when it was built. */
  readModule(name: string): Uint8Array;
  readonly readFile: Machine['mapFile'];
  /** Another thread, running wasm/worker.mjs; absent where there are none. */
  readonly startWorker?: () => WasmWorker;
  /** How many threads can work at a time. */
  readonly processors: number;
}

/** Modules, best first, with a smallest one of the same instructions that a runtime accepts or does not. */
const instructionSets: readonly (readonly [name: string, probe: readonly number[]])[] = [
  // (func (result v128) (f32x4.relaxed_madd (v128.const 0) (v128.const 0) (v128.const 0)))
  ['relaxed', moduleOf([...zeros(), ...zeros(), ...zeros(), 0xfd, 0x85, 0x02])],
  // (func (result v128) (v128.const 0))
  ['simd128', moduleOf(zeros())],
];

function zeros(): number[] {
  return [0xfd, 0x0c, ...Array<number>(16).fill(0)];
}

/** A module with one function that returns a vector. */
function moduleOf(instructions: readonly number[]): number[] {
  const body = [0, ...instructions, 0x0b];
  const code = [1, body.length, ...body];
  return [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, code.length, ...code];
}

/** Data outside of the memory is copied there in pieces of about this many bytes; half of a second-level cache. */
const pieceBytes = 2 ** 20;
/** In the background a piece occupies several threads for a while. */
const backgroundPieceBytes = 2 ** 23;

/** The modules whose instructions this runtime has, best first. */
export function supportedModules(): readonly string[] {
  if (webAssembly === undefined) return [];
  const { validate } = webAssembly;
  return instructionSets.filter(([, probe]) => validate(Uint8Array.from(probe))).map(([name]) => name);
}

/** The WebAssembly kernels, if this runtime has SIMD and the modules are here. */
export function openWasm(host: WasmHost): Opened {
  const supported = supportedModules();
  if (supported.length === 0) return { trouble: 'This runtime has no WebAssembly with SIMD.' };
  const troubles: string[] = [];
  const runs = supported.filter((name) => {
    try {
      return host.readModule(name).length > 0;
    } catch (error) {
      troubles.push((error as Error).message);
      return false;
    }
  });
  if (runs.length === 0) return { trouble: `The WebAssembly kernels were not used: ${troubles.join('; ')}.` };
  const made = new Map<string, Machine>();
  return {
    instructionSets: runs,
    reason: `This runtime's WebAssembly has ${runs.includes('relaxed') ? 'relaxed SIMD' : 'SIMD'}.`,
    machine(instructionSet) {
      const machine = made.get(instructionSet) ?? wasmMachine(host, instructionSet);
      made.set(instructionSet, machine);
      return machine;
    },
  };
}

/** How long the background form works on the only thread before it lets the event loop have a turn. */
const turnMilliseconds = 5;

type AnyStep = Parameters<Machine['run']>[0];

function wasmMachine(host: WasmHost, instructionSet: string): Machine {
  const fallback = javascriptMachine(host.readFile);
  const memory = new WasmMemory(host.readModule(instructionSet), host.startWorker !== undefined);
  const operations = operationsOf(memory);
  const call = new WasmCall(memory, operations);
  const area = new WasmArea(memory);
  const threads = memory.shared && host.startWorker ? new WasmThreads(memory, host.startWorker, host.processors) : undefined;
  const scratch = memory.reserve(64, true);
  /** Arrays that were handed out, by where they lie. */
  const given = new Set<number>();

  const runStaged = (operation: string, staged: StagedCall): void => {
    memory.exports.run(scratch, staged.pointer, staged.table, staged.buffers);
    memory.renew();
    checkFault(operation, staged);
  };
  const checkFault = (operation: string, { pointer }: StagedCall): void => {
    const kind = memory.doubles[pointer / 8 + header.fault]!;
    if (kind !== 0) throw faultOf(operation, kind, memory.doubles[pointer / 8 + header.at]!);
  };
  const copyBack = ({ back }: StagedCall): void => {
    for (const [to, from] of back) to.set(memory.bytes.subarray(from, from + to.length));
  };

  /** Runs a call in one go on this thread. */
  const runWhole = (operation: OperationName, argument: unknown, units: number): void => {
    call.write(operation, argument, 0, units);
    try {
      const staged = call.stage(operation, argument, area);
      runStaged(operation, staged);
      copyBack(staged);
    } finally {
      area.trim();
    }
  };

  /** Runs a call in the background: on other threads, or where there are none in turns with the event loop. */
  const startWhole = async (
    operation: OperationName,
    argument: unknown,
    units: number,
    { grain, count, signal }: { grain: number; count: number; signal: AbortSignal | undefined },
  ): Promise<void> => {
    const own = new WasmArea(memory);
    try {
      call.write(operation, argument, 0, units);
      call.numbers[header.grain] = grain;
      const staged = call.stage(operation, argument, own);
      if (threads !== undefined) {
        await threads.run(staged, Math.min(count, Math.ceil(units / grain)), operation, signal);
        checkFault(operation, staged);
      } else {
        let turnEnds = performance.now() + turnMilliseconds;
        for (let begin = 0; begin < units; begin += grain) {
          memory.doubles[staged.pointer / 8 + header.begin] = begin;
          memory.doubles[staged.pointer / 8 + header.end] = Math.min(units, begin + grain);
          runStaged(operation, staged);
          if (performance.now() < turnEnds) continue;
          await yieldToEventLoop();
          if (signal?.aborted) throw cancelled(signal, operation);
          turnEnds = performance.now() + turnMilliseconds;
        }
      }
      copyBack(staged);
    } finally {
      own.empty();
    }
  };

  /** The pieces of a step, if it had better be divided; 'elsewhere' if it had better not run here at all. */
  const divided = ({ operation, arguments: argument, units }: AnyStep, most: number): Iterable<Piece> | 'whole' | 'elsewhere' => {
    call.write(operation, argument, 0, units);
    const foreign = call.foreignBytes();
    if (foreign <= most) return 'whole';
    if (sparing.has(operation)) return 'elsewhere';
    const divide = divisions[operation] as ((call: unknown, units: number, pieces: number) => Iterable<Piece>) | undefined;
    return divide === undefined ? 'whole' : divide(argument, units, Math.ceil(foreign / most));
  };

  return {
    backend: 'wasm',
    instructionSet,
    run(step) {
      const { operation, arguments: argument, units } = step;
      const pieces = divided(step, pieceBytes);
      if (pieces === 'whole') runWhole(operation, argument, units);
      else if (pieces === 'elsewhere') fallback.run(step);
      else {
        for (const piece of pieces) {
          runWhole(operation, piece.arguments, piece.units);
          piece.after?.();
        }
      }
    },
    async start(step, count, signal) {
      const { operation, arguments: argument, units, grain } = step;
      const options = { grain: Math.min(grain, 0xffff_ffff), count, signal };
      const pieces = divided(step, backgroundPieceBytes * count);
      if (pieces === 'whole') return startWhole(operation, argument, units, options);
      if (pieces === 'elsewhere') return fallback.start(step, count, signal);
      for (const piece of pieces) {
        await startWhole(operation, piece.arguments, piece.units, options);
        piece.after?.();
      }
    },
    allocate(bytes) {
      // Memory that moves when it grows cannot be handed out; what does not fit stands outside and is copied when it is used.
      const pointer = memory.shared ? memory.reserve(bytes, true) : 0;
      if (pointer === 0) return { buffer: allocateBuffer(bytes), offset: 0 };
      given.add(pointer);
      return { buffer: memory.memory.buffer, offset: pointer };
    },
    release(array) {
      if (!memory.holds(array)) return;
      if (!given.delete(array.byteOffset)) {
        throw new RankError(
          'INVALID_ARGUMENT',
          'release: the array is not one that allocate gave, or it was released already. Release each once, as it was given.',
        );
      }
      memory.release(array.byteOffset);
    },
    mapFile(path, offset, length) {
      const buffer = host.readFile(path, offset, length);
      memory.keep(buffer);
      return buffer;
    },
  };
}

/** The operations of a module by name. All that there are must be among them. */
function operationsOf(memory: WasmMemory): ReadonlyMap<string, number> {
  const operations = new Map<string, number>();
  for (let i = 0, name = memory.text(memory.exports.operation(0)); name !== undefined; name = memory.text(memory.exports.operation(++i))) {
    operations.set(name, i);
  }
  const missing = Object.keys(encoders).find((name) => !operations.has(name));
  if (missing !== undefined) {
    throw new RankError(
      'CORRUPT',
      `The WebAssembly kernels have no ${missing}. Build them again: npm run build:wasm -w @rank-rank/kernels.`,
    );
  }
  return operations;
}
