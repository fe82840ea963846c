import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cancelled } from '@rank-rank/core';
import type { OperationName } from '../arguments.ts';
import type { Opened } from '../choose.ts';
import { faultOf } from '../js/fault.ts';
import { allocateBuffer, javascriptMachine } from '../js/machine.ts';
import type { Machine } from '../plan.ts';
import { encoders, header, Writer } from './encode.ts';

/** What native/node.c exports. */
export interface NativeModule {
  run(numbers: Float64Array, ...buffers: (ArrayBufferView | undefined)[]): void;
  start(
    numbers: Float64Array,
    callback: (fault: number, at: number) => void,
    cancelled: Int32Array,
    ...buffers: (ArrayBufferView | undefined)[]
  ): void;
  mapFile(path: string, offset: number, length: number): ArrayBuffer | number;
  readonly instructionSets: readonly string[];
  readonly operations: readonly string[];
  readonly features: string;
}

const require = createRequire(import.meta.url);

/** Where a library may be: in the folder that `RANK_KERNELS_FOLDER` names and nowhere else, or in the package made for this platform, or built from the sources beside this one. */
function candidates(): string[] {
  const given = process.env['RANK_KERNELS_FOLDER'];
  if (given !== undefined && given !== '') return [given];
  const found: string[] = [];
  try {
    found.push(dirname(require.resolve(`@rank-rank/kernels-${process.platform}-${process.arch}/kernels.json`)));
  } catch {
    // No such package is installed.
  }
  found.push(fileURLToPath(new URL('../../build', import.meta.url)));
  return found.filter((folder) => existsSync(join(folder, 'kernels.node')));
}

/** The library, if one is here, is whole, and was made from the same sources as this file; else what is wrong with those that are here. */
export function loadNative(): NativeModule | readonly string[] {
  const troubles: string[] = [];
  for (const folder of candidates()) {
    const library = join(folder, 'kernels.node');
    try {
      checkWhole(folder, library);
      const native = require(library) as NativeModule;
      const missing = Object.keys(encoders).filter((name) => !native.operations?.includes(name));
      if (missing.length > 0) throw new Error(`it was built from other sources (${missing[0]} is missing)`);
      return native;
    } catch (error) {
      troubles.push(`The native library ${library} was not used: ${(error as Error).message}.`);
    }
  }
  return troubles;
}

export function openNative(readFile: Machine['mapFile']): Opened {
  const native = loadNative();
  if ('run' in native) {
    return {
      machine: (instructionSet) => nativeMachine(native, instructionSet, readFile),
      instructionSets: native.instructionSets,
      reason: native.features === '' ? 'The processor reports nothing beyond its baseline.' : `The processor has ${native.features}.`,
    };
  }
  if (native.length === 0)
    return { trouble: 'There is no native library for this platform (node native/build.mjs in the package builds one).' };
  const trouble = native.join(' ');
  warnOnce(trouble);
  return { trouble };
}

let warned = false;
/** A library that is there and cannot be used is worth a word, once. */
function warnOnce(trouble: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(`${trouble} Build it again: node native/build.mjs in the package @rank-rank/kernels.`, { code: 'RANK_KERNELS' });
}

/** A damaged library can bring the process down when it is loaded, so its hash is looked at first. */
function checkWhole(folder: string, library: string): void {
  const { bytes, sha256 } = JSON.parse(readFileSync(join(folder, 'kernels.json'), 'utf8')) as { bytes: number; sha256: string };
  const content = readFileSync(library);
  if (content.length !== bytes || createHash('sha256').update(content).digest('hex') !== sha256) {
    throw new Error('it is not what kernels.json beside it describes: damaged, or built half');
  }
}

function nativeMachine(native: NativeModule, instructionSet: string, readFile: Machine['mapFile']): Machine {
  const fallback = javascriptMachine(readFile);
  const writer = new Writer();
  const { numbers, buffers } = writer;
  const variant = native.instructionSets.indexOf(instructionSet);
  const write = (operation: OperationName, call: unknown, units: number): void => {
    writer.start(variant, native.operations.indexOf(operation));
    (encoders[operation] as (writer: Writer, call: unknown) => void)(writer, call);
    writer.finish(0, units);
  };
  return {
    backend: 'native',
    instructionSet,
    run(step) {
      const { operation, arguments: call, units } = step;
      if (encoders[operation] === undefined) return fallback.run(step);
      write(operation, call, units);
      native.run(numbers, ...buffers);
      if (numbers[header.fault] !== 0) throw faultOf(operation, numbers[header.fault]!, numbers[header.at]!);
    },
    start(step, threads, signal) {
      const { operation, arguments: call, units, grain } = step;
      if (encoders[operation] === undefined) return fallback.start(step, threads, signal);
      return new Promise((resolve, reject) => {
        write(operation, call, units);
        numbers[header.grain] = grain;
        numbers[header.threads] = threads;
        const stop = new Int32Array(1);
        const onAbort = (): void => {
          Atomics.store(stop, 0, 1);
        };
        signal?.addEventListener('abort', onAbort);
        const settle = (kind: number, at: number): void => {
          signal?.removeEventListener('abort', onAbort);
          if (signal?.aborted) reject(cancelled(signal, operation));
          else if (kind !== 0) reject(faultOf(operation, kind, at));
          else resolve();
        };
        native.start(numbers, settle, stop, ...buffers);
      });
    },
    allocate(bytes) {
      return { buffer: allocateBuffer(bytes), offset: 0 };
    },
    release() {},
    mapFile(path, offset, length) {
      // The plain read says in words what a number or an error means, or manages where mapping cannot.
      try {
        const mapped = native.mapFile(path, offset, length ?? -1);
        if (typeof mapped !== 'number') return mapped;
      } catch {}
      return readFile(path, offset, length);
    },
  };
}
