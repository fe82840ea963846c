/** What is particular to the WebAssembly kernels: their memory, data that lies outside of it, threads, and modules that are not what they should be. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { staleness } from '../../native/build-wasm.mjs';
import { choose } from '../choose.ts';
import type { Documents, F32Rows, Kernels, Rows } from '../contract.ts';
import { javascriptMachine } from '../js/machine.ts';
import { createKernels } from '../kernels.ts';
import { openKernels } from '../load.ts';
import { cases, closeTo } from '../testing/cases.ts';
import { openWasm, type WasmHost } from './wasm.ts';
import { nodeHost } from './wasm-node.ts';

const wasm = openKernels('wasm');
const noFile = (): never => {
  throw new Error('no files here');
};
const node = nodeHost(noFile);
const { startWorker: _, ...alone } = node;

function kernelsOf(host: WasmHost, instructionSet = 'simd128'): Kernels {
  const opened = openWasm(host);
  if ('trouble' in opened) throw new Error(opened.trouble);
  return createKernels(opened.machine(instructionSet), wasm.describe());
}

/** The same numbers in the kernels' own memory. */
function moved<T extends Float32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array>(kernels: Kernels, array: T): T {
  const type =
    array instanceof Float32Array
      ? 'f32'
      : array instanceof Uint32Array
        ? 'u32'
        : array instanceof Uint16Array
          ? 'u16'
          : array instanceof Int8Array
            ? 'i8'
            : 'u8';
  const own = kernels.allocate(type, array.length);
  own.set(array as never);
  return own as never;
}

function movedRows<R extends Rows>(kernels: Kernels, rows: R): R {
  return Object.fromEntries(
    Object.entries(rows).map(([name, value]) => [name, ArrayBuffer.isView(value) ? moved(kernels, value as Uint8Array) : value]),
  ) as unknown as R;
}

/** The same numbers, entry for entry, of arrays or of objects that hold some. `toEqual` takes long over a million. */
function same(actual: object, expected: object, what = ''): void {
  if (ArrayBuffer.isView(actual) && ArrayBuffer.isView(expected)) {
    const [a, b] = [actual, expected].map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
    );
    expect(a!.equals(b!), what).toBe(true);
    return;
  }
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(actual)) {
    const other = (expected as Record<string, unknown>)[name];
    if (ArrayBuffer.isView(value)) same(value, other as object, `${what} ${name}`);
    else expect(value, `${what} ${name}`).toBe(other);
  }
}

describe('the committed WebAssembly modules', () => {
  it('are those of the sources (otherwise: npm run build:wasm -w @rank-rank/kernels)', () => {
    expect(staleness()).toBeUndefined();
  });

  it('are passed over, with the reason, where one is damaged or missing', () => {
    for (const readModule of [noFile, (name: string) => node.readModule(`${name}-missing`)]) {
      const kernels = choose(
        [
          { backend: 'wasm', open: () => openWasm({ ...node, readModule }) },
          {
            backend: 'js',
            open: () => ({
              machine: () => javascriptMachine(noFile),
              instructionSets: ['scalar'],
              reason: 'It runs everywhere.',
            }),
          },
        ],
        undefined,
      );
      expect(kernels.describe().backend).toBe('js');
      expect(kernels.describe().why).toContain('The WebAssembly kernels were not used');
    }
  });

  it('need nothing of Node but what wasm-node.ts hands them', () => {
    const folder = new URL('.', import.meta.url);
    for (const name of [...readdirSync(folder), '../load.browser.ts', '../choose.ts', '../kernels.ts']) {
      if (name.includes('native') || name.includes('test') || name === 'wasm-node.ts') continue;
      expect(readFileSync(new URL(name, folder), 'utf8'), name).not.toMatch(/from 'node:|require\(|process\./);
    }
  });
});

describe('data outside of WebAssembly’s memory', () => {
  // More than a megabyte, so that it goes over in pieces.
  const make = cases('foreign');
  const dim = 96;
  const count = 3000;
  const rows = make.rows('f32', count, dim) as F32Rows;
  const lengths: number[] = [];
  for (let left = count; left > 0; left -= lengths.at(-1)!) lengths.push(Math.min(left, make.random.integer(60)));
  const offsets = make.offsets(lengths);
  const types = ['f32', 'f16', 'i8', 'bits', 'residual4'] as const;
  const all = types.map((type) => [type, make.rows(type, 5 * count, dim)] as const);

  it('gives bit for bit what data inside gives: scores and searches', () => {
    for (const [type, foreign] of all) {
      const own = movedRows(wasm, foreign);
      const total = 5 * count;
      const only = make.list(5000, total);
      const norms = wasm.norms(own);
      for (const queryRows of [1, 5]) {
        const queries = make.rows(type === 'i8' ? 'i8' : 'f32', queryRows, dim);
        for (const options of [{}, { metric: 'cosine', norms: norms.slice(0, norms.length) }] as const) {
          same(wasm.scores(queries, foreign, options), wasm.scores(queries, own, options), type);
          same(wasm.scores(queries, foreign, { ...options, only }), wasm.scores(queries, own, { ...options, only }), type);
          for (const own2 of [{}, { only }, { allow: make.bitmap(total) }]) {
            const found = wasm.search(queries, foreign, 30, { ...options, ...own2 });
            same(found, wasm.search(queries, own, 30, { ...options, ...own2 }), type);
          }
        }
      }
    }
  });

  it('gives bit for bit what data inside gives: MaxSim', async () => {
    const five: number[] = [];
    for (let i = 0; i < 5; i++) five.push(...lengths);
    for (const [type, foreign] of all) {
      const own = movedRows(wasm, foreign);
      const documents: Documents = { rows: foreign, offsets: make.offsets(five) };
      const inside: Documents = { rows: own, offsets: moved(wasm, documents.offsets) };
      const query = make.rows(type === 'i8' ? 'i8' : 'f32', 20, dim);
      const only = make.list(900, five.length);
      for (const options of [{}, { only }, { metric: 'cosine' as const, norms: wasm.norms(own) }]) {
        same(wasm.maxSim(query, documents, options), wasm.maxSim(query, inside, options), type);
        same(wasm.maxSimPositions(query, documents, options), wasm.maxSimPositions(query, inside, options), type);
        same(await wasm.maxSimAsync(query, documents, { ...options, threads: 2 }), wasm.maxSim(query, inside, options), type);
      }
    }
  });

  it('gives bit for bit what data inside gives: rows made into others', async () => {
    const own = movedRows(wasm, rows);
    same(wasm.norms(rows), wasm.norms(own));
    for (const type of ['f16', 'bf16', 'i8', 'bits'] as const) {
      const small = wasm.quantise(rows, type);
      same(small, wasm.quantise(own, type));
      same(await wasm.quantiseAsync(rows, type, { threads: 2 }), small);
      same(wasm.dequantise(small), wasm.dequantise(movedRows(wasm, small)));
    }
    const list = make.list(2900, count);
    same(wasm.dequantise(rows, { only: list }), wasm.dequantise(own, { only: list }));
    same(wasm.sumRows({ rows, offsets }), wasm.sumRows({ rows: own, offsets }));
    const centroids = make.rows('f32', 70, dim) as F32Rows;
    const assigned = wasm.assign(rows, centroids, { metric: 'l2' });
    same(assigned, wasm.assign(own, centroids, { metric: 'l2' }));
    const codec = {
      bits: 2,
      centroids: centroids.data,
      cutoffs: Float32Array.of(-0.3, 0, 0.3),
      weights: Float32Array.of(-0.5, -0.1, 0.1, 0.5),
      dim,
    } as const;
    same(wasm.encodeResiduals(rows, assigned.ids, codec), wasm.encodeResiduals(own, assigned.ids, codec));
    for (const codes of [16, 256] as const) {
      const codebooks = { data: make.floats(codes * dim), dim, parts: 12, codes };
      same(wasm.pqEncode(rows, codebooks), wasm.pqEncode(own, codebooks));
    }
    const scaled = rows.data.slice();
    const inside = moved(wasm, rows.data);
    same(wasm.normalise({ type: 'f32', data: scaled, dim }), wasm.normalise({ type: 'f32', data: inside, dim }));
    same(scaled, inside.slice());
  });

  it('with offsets or lists that lead out of it is the same error as inside', () => {
    const broken = offsets.slice();
    broken[100] = 4_000_000_000;
    const query = make.rows('f32', 3, dim);
    expect(() => wasm.maxSim(query, { rows, offsets: broken })).toThrow(/offsets.* 99/);
    expect(() => wasm.maxSim(query, { rows, offsets }, { only: Uint32Array.of(1, 2, 12_345_678) })).toThrow(/only.* 2/);
    expect(() => wasm.scores(query, rows, { only: Uint32Array.of(1, count) })).toThrow(/only.* 1/);
    expect(() => wasm.search(query, rows, 3, { only: Uint32Array.of(count) })).toThrow(/only/);
  });
});

describe('WebAssembly’s memory', () => {
  it('is handed out zeroed, grows under arrays that stay good, and is used again', () => {
    const kernels = kernelsOf(node);
    const first = kernels.allocate('u32', 1000);
    first.fill(7);
    const large = Array.from({ length: 40 }, () => kernels.allocate('f32', 500_000));
    expect(large.every((array) => array.every((x) => x === 0))).toBe(true);
    expect(first.every((x) => x === 7)).toBe(true);
    const places = new Set(large.map(({ byteOffset }) => byteOffset));
    expect(places.size).toBe(40);
    for (const array of large) {
      array.fill(1);
      kernels.release(array);
    }
    const again = kernels.allocate('f32', 19_000_000);
    expect(places.has(again.byteOffset)).toBe(true);
    expect(again.every((x) => x === 0)).toBe(true);
    expect(kernels.allocate('i8', 0)).toHaveLength(0);
  });

  it('takes back only what it gave, once', () => {
    const array = wasm.allocate('u8', 100);
    expect(() => wasm.release(array.subarray(64))).toThrow(/not one that allocate gave/);
    wasm.release(array);
    expect(() => wasm.release(array)).toThrow(/released already/);
    wasm.release(new Uint8Array(5));
  });

  it('that is full leaves arrays outside, which work as well', () => {
    const kernels = kernelsOf(node);
    const held = Array.from({ length: 5 }, () => kernels.allocate('u8', 2 ** 30));
    expect(held.filter(({ buffer }) => buffer instanceof SharedArrayBuffer)).toHaveLength(3);
    const query = { type: 'f32', data: Float32Array.of(1, 2), dim: 2 } as const;
    expect(Array.from(kernels.scores(query, query))).toEqual([5]);
  });

  it('keeps one copy of a file, and no copy of what was written to', () => {
    const make = cases('file');
    const rows = make.rows('f32', 3000, 128) as F32Rows;
    const path = join(tmpdir(), `rank-rank-kernels-${process.pid}.f32`);
    writeFileSync(path, rows.data);
    const buffer = wasm.mapFile(path);
    const mapped: F32Rows = { type: 'f32', data: new Float32Array(buffer), dim: 128 };
    const query = make.rows('f32', 2, 128);
    expect(wasm.scores(query, mapped)).toEqual(wasm.scores(query, rows));
    const lengths = wasm.normalise(mapped);
    expect(lengths).toEqual(wasm.normalise({ ...rows, data: rows.data.slice() }));
    mapped.data.fill(2);
    closeTo(wasm.norms(mapped), new Float32Array(3000).fill(2 * Math.sqrt(128)), 1e-4);
  });
});

describe('threads of WebAssembly', () => {
  const make = cases('threads');
  const rows = make.rows('f32', 60_000, 128) as F32Rows;
  const offsets = Uint32Array.from({ length: 601 }, (_, i) => i * 100);
  const query = make.rows('f32', 32, 128);

  it('find what one finds, whatever their number, many calls at a time', async () => {
    const own = movedRows(wasm, rows);
    const expected = wasm.maxSim(query, { rows: own, offsets });
    const nearest = wasm.search(query, own, 10);
    await Promise.all(
      [1, 2, 3, 4].flatMap((threads) => [
        wasm.maxSimAsync(query, { rows: own, offsets }, { threads }).then((scores) => same(scores, expected)),
        wasm.maxSimAsync(query, { rows, offsets }, { threads }).then((scores) => same(scores, expected)),
        wasm.searchAsync(query, own, 10, { threads }).then((found) => same(found, nearest)),
      ]),
    );
  });

  it('stop when they are told to, and report what they meet', async () => {
    const own = movedRows(wasm, rows);
    const controller = new AbortController();
    const long = { rows: own, offsets: Uint32Array.from({ length: 2 }, (_, i) => i * 60_000) };
    const only = new Uint32Array(3000);
    const call = wasm.maxSimAsync(query, long, { only, threads: 2, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    const started = performance.now();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - started).toBeLessThan(20_000);
    await expect(wasm.maxSimAsync(query, { rows: own, offsets: Uint32Array.of(0, 100, 50) }, { threads: 2 })).rejects.toThrow(/offsets/);
    await expect(wasm.maxSimAsync(query, long, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('leave the event loop free', async () => {
    const own = movedRows(wasm, rows);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await wasm.maxSimAsync(query, { rows: own, offsets }, { only: Uint32Array.from({ length: 6000 }, (_, i) => i % 600) });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('a runtime', () => {
  const make = cases('runtime');
  const rows = make.rows('f32', 30_000, 64) as F32Rows;
  const query = make.rows('f32', 7, 64);
  const offsets = Uint32Array.from({ length: 301 }, (_, i) => i * 100);

  it('without shared memory has the same kernels on one thread, in turns with the event loop', async () => {
    const kernels = kernelsOf(alone);
    const array = kernels.allocate('f32', 10);
    expect(array.buffer).toBeInstanceOf(ArrayBuffer);
    kernels.release(array);
    same(kernels.search(query, rows, 9), wasm.search(query, rows, 9));
    const expected = wasm.maxSim(query, { rows, offsets });
    same(kernels.maxSim(query, { rows, offsets }), expected);
    same(await kernels.maxSimAsync(query, { rows, offsets }, { threads: 4 }), expected);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 0);
    const long = kernels.maxSimAsync(query, { rows, offsets }, { only: new Uint32Array(30_000), signal: controller.signal });
    await expect(long).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('of a page fetches its module, and says so where that fails', async () => {
    const requested: string[] = [];
    vi.stubGlobal('fetch', async (url: URL) => {
      requested.push(url.pathname.split('/').at(-1)!);
      return new Response(readFileSync(url));
    });
    const { openKernels: openInPage } = await import('../load.browser.ts');
    const kernels = openInPage();
    expect(requested).toHaveLength(1);
    expect(kernels.describe()).toMatchObject({ backend: 'wasm', available: [`wasm:${requested[0]!.split('.')[0]}`, 'js:scalar'] });
    closeTo(kernels.maxSim(query, { rows, offsets }), wasm.maxSim(query, { rows, offsets }), 1e-3);
    expect(() => kernels.mapFile('x')).toThrow('a browser has no files');
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    vi.resetModules();
    const { openKernels: openWithout } = await import('../load.browser.ts');
    expect(openWithout().describe()).toMatchObject({ backend: 'js', why: expect.stringContaining('answered 404') });
    vi.unstubAllGlobals();
  });

  it('with relaxed SIMD has kernels that agree to rounding', () => {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    const kernels = kernelsOf(node, 'relaxed');
    closeTo(kernels.maxSim(query, { rows, offsets }), wasm.maxSim(query, { rows, offsets }), 1e-3);
    closeTo(kernels.scores(query, rows, { metric: 'l2' }), wasm.scores(query, rows, { metric: 'l2' }), 1e-3);
    const bytes = { query: wasm.quantise(query as F32Rows, 'i8'), rows: wasm.quantise(rows, 'i8') };
    same(kernels.maxSim(bytes.query, { rows: bytes.rows, offsets }), wasm.maxSim(bytes.query, { rows: bytes.rows, offsets }));
  });
});
