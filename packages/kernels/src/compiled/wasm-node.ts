import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerFlags } from '@rank-rank/core';
import type { Machine } from '../plan.ts';
import type { WasmHost } from './wasm.ts';

/** The folder of the modules: beside the sources, and beside what they are built into. */
const folder = new URL('../../wasm/', import.meta.url);

/** What the WebAssembly kernels get from Node. */
export function nodeHost(readFile: Machine['mapFile']): WasmHost {
  return {
    readFile,
    processors: availableParallelism(),
    readModule(name) {
      const code = readFileSync(new URL(`${name}.wasm`, folder));
      const { modules } = JSON.parse(readFileSync(new URL('kernels.json', folder), 'utf8')) as {
        modules: readonly { readonly name: string; readonly sha256: string }[];
      };
      const sha256 = createHash('sha256').update(code).digest('hex');
      if (modules.find((module) => module.name === name)?.sha256 !== sha256) {
        throw new Error(`${name}.wasm is not what kernels.json beside it describes`);
      }
      return code;
    },
    startWorker() {
      const worker = new Worker(new URL('worker.mjs', folder), workerFlags());
      return {
        post: (message) => worker.postMessage(message),
        listen(onMessage, onDeath) {
          worker.on('message', onMessage);
          worker.on('error', (error) => onDeath(error.message));
          worker.on('exit', () => onDeath('it ended'));
        },
        hold: (held) => (held ? worker.ref() : worker.unref()),
      };
    },
  };
}
