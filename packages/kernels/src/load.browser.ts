/** What bundlers and browsers load in the place of load.ts (`browser` in package.json): WebAssembly, fetched beside this file, or JavaScript. */
import { RankError } from '@rank-rank/core';
import { type Attempt, choose, type Opened } from './choose.ts';
import { openWasm, supportedModules, type WasmHost } from './compiled/wasm.ts';
import type { Kernels } from './contract.ts';
import { javascriptMachine } from './js/machine.ts';

/** What is used of a page, of whose types those of Node say nothing. */
interface Page {
  readonly Worker?: new (
    url: URL,
    options: { readonly type: 'module' },
  ) => {
    postMessage(message: unknown): void;
    addEventListener(type: string, listener: (event: { readonly data?: unknown; readonly message?: string }) => void): void;
  };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}
const page = globalThis as Page;

function readFile(path: string): never {
  throw new RankError('UNSUPPORTED', `mapFile: ${path} cannot be read here; a browser has no files. Fetch it, and give its buffer.`, {
    path,
  });
}

async function fetchModule(name: string | undefined): Promise<Uint8Array | Error> {
  // Written out, so that bundlers see which files belong to this one.
  const url = name === 'relaxed' ? new URL('../wasm/relaxed.wasm', import.meta.url) : new URL('../wasm/simd128.wasm', import.meta.url);
  try {
    const response = await fetch(url);
    if (!response.ok) return new Error(`${url} answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    return new Error(`${url} was not fetched (${(error as Error).message})`);
  }
}

const [best] = supportedModules();
const fetched = best === undefined ? new Error('no module suits this runtime') : await fetchModule(best);

const host: WasmHost = {
  readFile,
  processors: page.navigator?.hardwareConcurrency ?? 1,
  readModule(name) {
    if (fetched instanceof Error) throw fetched;
    if (name !== best) throw new Error(`${name}.wasm was not fetched`);
    return fetched;
  },
  ...(page.crossOriginIsolated && page.Worker && { startWorker: () => startWorker(page.Worker!) }),
};

function startWorker(Kind: NonNullable<Page['Worker']>): ReturnType<NonNullable<WasmHost['startWorker']>> {
  const worker = new Kind(new URL('../wasm/worker.mjs', import.meta.url), { type: 'module' });
  return {
    post: (message) => worker.postMessage(message),
    listen(onMessage, onDeath) {
      worker.addEventListener('message', ({ data }) => onMessage(data as Parameters<typeof onMessage>[0]));
      worker.addEventListener('error', ({ message }) => onDeath(message ?? 'it could not be started'));
    },
    hold() {},
  };
}

let wasm: Opened | undefined;

const attempts: readonly Attempt[] = [
  { backend: 'wasm', open: () => (wasm ??= openWasm(host)) },
  {
    backend: 'js',
    open: () => ({ machine: () => javascriptMachine(readFile), instructionSets: ['scalar'], reason: 'It runs everywhere.' }),
  },
];

/** The kernels by name: `wasm`, `wasm:simd128` or `js`; without a name the best that runs here. */
export function openKernels(name?: string): Kernels {
  return choose(attempts, name);
}
