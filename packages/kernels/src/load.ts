import { constants } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RankError } from '@rank-rank/core';
import { type Attempt, choose, type Opened } from './choose.ts';
import { openNative } from './compiled/native.ts';
import { openWasm } from './compiled/wasm.ts';
import { nodeHost } from './compiled/wasm-node.ts';
import type { Kernels } from './contract.ts';
import { allocateBuffer, javascriptMachine } from './js/machine.ts';

const attempts: readonly Attempt[] = [
  { backend: 'native', open: () => openNative(readFile) },
  { backend: 'wasm', open: () => (wasm ??= openWasm(nodeHost(readFile))) },
  {
    backend: 'js',
    open: () => ({ machine: () => javascriptMachine(readFile), instructionSets: ['scalar'], reason: 'It runs everywhere.' }),
  },
];

/** One memory for all who use these kernels, so that they can hand one another arrays. */
let wasm: Opened | undefined;

/**
 * The kernels by name, as `RANK_KERNELS` takes it: `native`, `wasm` or `js`; `native:avx2` and the like also force the instruction set.
 * Without a name: the best that runs here.
 *
 * @example
 * const kernels = openKernels('js');
 * kernels.describe().instructionSet; // 'scalar'
 */
export function openKernels(name?: string): Kernels {
  return choose(attempts, name);
}

/** A file, or a part of it, as a buffer: what stands in for a memory map. */
function readFile(path: string, offset: number, length: number | undefined): ArrayBuffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const wanted = length ?? Math.max(0, size - offset);
    if (offset + wanted > size) {
      throw new RankError('OUT_OF_RANGE', `mapFile: ${path} has ${size} bytes; ${wanted} from ${offset} on were asked for.`, {
        path,
        size,
        offset,
        length,
      });
    }
    if (wanted > constants.MAX_LENGTH) {
      throw new RankError(
        'OUT_OF_RANGE',
        `mapFile: ${path} would be ${wanted} bytes; an array of this runtime holds ${constants.MAX_LENGTH}. Map it in parts (offset, length), or use Node 22.`,
        { path, wanted, most: constants.MAX_LENGTH },
      );
    }
    const buffer = allocateBuffer(wanted);
    const step = 2 ** 30;
    for (let at = 0; at < wanted; ) {
      const got = readSync(file, new Uint8Array(buffer, at, Math.min(step, wanted - at)), 0, Math.min(step, wanted - at), offset + at);
      if (got === 0) throw new RankError('IO', `mapFile: ${path} became shorter while it was read.`, { path });
      at += got;
    }
    return buffer;
  } catch (cause) {
    if (cause instanceof RankError) throw cause;
    throw fileError(path, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function fileError(path: string, cause: unknown): RankError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT'
    ? new RankError('NOT_FOUND', `mapFile: there is no file ${path}.`, { path }, { cause })
    : new RankError('IO', `mapFile: ${path} could not be read: ${message}`, { path }, { cause });
}
