/**
 * How long MaxSim takes by type, implementation and instruction set, one query of 32 tokens against documents of 180 tokens of 128 dimensions,
 * beside the probes of what a core can do and the peers; what a call costs by itself; what a second thread brings.
 *
 * Words after the question narrow it: a type (`f32`, `f16`, `bf16`, `int8`, `bits`, `residual4`, `scaled4`), `call`, `threads`, `probes`, `peers`, or an
 * implementation (`native`, `native:avx2`, `wasm`, `js`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@rank-rank/core';
import { type Documents, type Kernels, openKernels, type Rows } from '@rank-rank/kernels';
import { measure, measureAsync, type Timing } from './measure.ts';
import { shared } from './peers.ts';
import type { Context, Question } from './question.ts';

const [tokens, queryTokens, dim, most] = [180, 32, 128, 1000];

/** A query and documents of one type, and how one implementation scores so many of them. */
interface Workload {
  readonly query: Rows;
  readonly rows: Rows;
}

/** The peers' workload where it has been written, else one of the same shape. */
function floats(context: Context): { query: Float32Array; documents: Float32Array } {
  const read = (name: string, length: number): Float32Array => {
    const path = join(context.workloads, 'maxsim', name);
    if (existsSync(path)) return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
    const random = new Random(name);
    return Float32Array.from({ length }, () => random.normal() / Math.sqrt(dim));
  };
  return { query: read('query.f32', queryTokens * dim), documents: read('docs.f32', most * tokens * dim) };
}

function workloads(kernels: Kernels, given: { query: Float32Array; documents: Float32Array }): Record<string, () => Workload> {
  const query = { type: 'f32', data: given.query, dim } as const;
  const rows = { type: 'f32', data: given.documents, dim } as const;
  return {
    f32: () => ({ query, rows }),
    f16: () => ({ query, rows: kernels.quantise(rows, 'f16') }),
    bf16: () => ({ query: kernels.quantise(query, 'bf16'), rows: kernels.quantise(rows, 'bf16') }),
    int8: () => ({ query: kernels.quantise(query, 'i8'), rows: kernels.quantise(rows, 'i8') }),
    bits: () => ({ query, rows: kernels.quantise(rows, 'bits') }),
    residual4: () => ({ query, rows: residuals(kernels, given.documents) }),
  };
}

const centroidCount = 1024;
/** Every row's centroid is drawn, not found: how near it is does not change the time. */
function centroidsFor(rows: number) {
  const random = new Random('centroids');
  return {
    ids: Uint16Array.from({ length: rows }, () => random.integer(centroidCount)),
    centroids: Float32Array.from({ length: centroidCount * dim }, () => random.normal() / Math.sqrt(dim)),
  };
}

function residuals(kernels: Kernels, data: Float32Array): Rows {
  const { ids, centroids } = centroidsFor(data.length / dim);
  const cutoffs = Float32Array.from({ length: 15 }, (_, i) => (i - 7) * 0.03);
  const weights = Float32Array.from({ length: 16 }, (_, i) => (i - 7.5) * 0.03);
  return kernels.encodeResiduals({ type: 'f32', data, dim }, ids, { bits: 4, centroids, cutoffs, weights, dim, unit: false });
}

function offsetsOf(documents: number): Uint32Array {
  return Uint32Array.from({ length: documents + 1 }, (_, i) => i * tokens);
}

const perDocument = ({ seconds, low, high }: Timing, documents: number) => {
  const micro = 1e6 / documents;
  return { metric: 'us_per_doc', value: seconds * micro, spread: [low * micro, high * micro] as const };
};

/** `js`, `native-avx2`, … as the implementation is called in a case. */
const labelOf = (name: string): string => (name === 'js:scalar' ? 'js' : name === 'wasm:simd128' ? 'wasm' : name.replace(':', '-'));

async function measureTypes(context: Context, names: readonly string[], wanted: (word: string) => boolean): Promise<void> {
  const given = floats(context);
  const fastest = openKernels();
  for (const [type, make] of Object.entries(workloads(fastest, given))) {
    if (!wanted(type)) continue;
    const { query, rows } = make();
    for (const name of names) {
      const kernels = openKernels(name);
      const data = kernels.describe().backend === 'wasm' ? within(kernels, rows) : rows;
      for (const documents of name.startsWith('js') ? [100] : [100, most]) {
        const scored: Documents = { rows: data, offsets: offsetsOf(documents) };
        const out = new Float32Array(documents);
        const timing = measure(() => kernels.maxSim(query, scored, { out }), { warm: warmUp(name, documents), repeats: 9 });
        context.say({ task: 'maxsim', case: `${type}/${labelOf(name)}/${documents}x${tokens}`, ...perDocument(timing, documents) });
      }
      if (data !== rows) releaseAll(kernels, data);
    }
  }
  if (!wanted('scaled4')) return;
  const { ids, centroids } = centroidsFor(most * tokens);
  const codec = {
    bits: 4,
    centroids: fastest.quantise({ type: 'f32', data: centroids, dim }, 'i8'),
    levels: Int8Array.from({ length: 16 }, (_, i) => Math.round((i - 7.5) * 16)),
    cutoffs: Float32Array.from({ length: 15 }, (_, i) => (i - 7) * 0.3),
    scales: Float32Array.from({ length: 256 }, (_, i) => Math.exp(-12 + i / 28)),
  } as const;
  const coded = fastest.encodeScaledResiduals({ type: 'f32', data: given.documents, dim }, ids, codec);
  const query = fastest.quantise({ type: 'f32', data: given.query, dim }, 'i8');
  for (const name of names) {
    const kernels = openKernels(name);
    const table = kernels.residualTable(query, codec.centroids);
    const rows = kernels.describe().backend === 'wasm' ? within(kernels, coded) : coded;
    for (const documents of name.startsWith('js') ? [100] : [100, most]) {
      const out = new Float32Array(documents);
      const scored = { rows, offsets: offsetsOf(documents) };
      const timing = measure(() => kernels.residualMaxSim(table, scored, { out }), { warm: warmUp(name, documents), repeats: 9 });
      context.say({ task: 'maxsim', case: `scaled4/${labelOf(name)}/${documents}x${tokens}`, ...perDocument(timing, documents) });
    }
    if (rows !== coded) releaseAll(kernels, rows);
  }
}

/** Engines compile WebAssembly twice: at once, and well after a while, which a thread needs that shares its core with the measurement. */
const warmUp = (name: string, documents: number): number => (name.startsWith('wasm') ? Math.ceil(20_000 / documents) : 1);

/** The same rows where the kernels have their memory, so that no call copies them. */
function within<R extends object>(kernels: Kernels, rows: R): R {
  const moved: Record<string, unknown> = { ...(rows as Record<string, unknown>) };
  for (const [key, value] of Object.entries(rows)) {
    const type = value instanceof Float32Array ? 'f32' : value instanceof Uint16Array ? 'u16' : value instanceof Int8Array ? 'i8' : 'u8';
    if (!ArrayBuffer.isView(value)) continue;
    const array = kernels.allocate(type, (value as Uint8Array).length);
    (array as Uint8Array).set(value as Uint8Array);
    moved[key] = array;
  }
  return moved as R;
}

function releaseAll(kernels: Kernels, rows: object): void {
  for (const value of Object.values(rows)) if (ArrayBuffer.isView(value)) kernels.release(value);
}

/** A call on no document at all costs what a call costs: checking, crossing, making the query ready. */
function measureCalls(context: Context, names: readonly string[]): void {
  const { query, documents } = floats(context);
  for (const name of names) {
    const kernels = openKernels(name);
    const scored = { rows: { type: 'f32', data: documents.subarray(0, 10 * tokens * dim), dim } as const, offsets: offsetsOf(10) };
    const rows = { type: 'f32', data: query, dim } as const;
    for (const [label, only] of [
      ['0x180', new Uint32Array(0)],
      ['10x180', Uint32Array.from({ length: 10 }, (_, i) => i)],
    ] as const) {
      const { seconds, low, high } = measure(() => kernels.maxSim(rows, scored, { only }), { warm: 20, repeats: 15 });
      const spread = [low * 1e6, high * 1e6] as const;
      context.say({ task: 'maxsim-call', case: `f32/${labelOf(name)}/${label}`, metric: 'us', value: seconds * 1e6, spread });
    }
  }
}

async function measureThreads(context: Context, names: readonly string[]): Promise<void> {
  const { query, documents } = floats(context);
  const times = 10;
  for (const type of ['f32', 'int8'] as const) {
    const fastest = openKernels();
    const all = new Float32Array(documents.length * times);
    for (let i = 0; i < times; i++) all.set(documents, i * documents.length);
    const f32 = { type: 'f32', data: all, dim } as const;
    const rows = type === 'f32' ? f32 : fastest.quantise(f32, 'i8');
    const own = { type: 'f32', data: query, dim } as const;
    const asked = type === 'f32' ? own : fastest.quantise(own, 'i8');
    for (const name of names) {
      const kernels = openKernels(name);
      const data = kernels.describe().backend === 'wasm' ? within(kernels, rows) : rows;
      const scored: Documents = { rows: data, offsets: offsetsOf(most * times) };
      const out = new Float32Array(most * times);
      for (const threads of [1, 2]) {
        if (threads > availableParallelism()) context.note(`${threads} threads were given ${availableParallelism()} processor`);
        const timing = await measureAsync(() => kernels.maxSimAsync(asked, scored, { threads, out }), { warm: 1, repeats: 7 });
        const label = `${type}/${labelOf(name)}/${most * times}x${tokens}`;
        context.say({ task: 'maxsim-threads', case: label, threads, ...perDocument(timing, most * times) });
      }
      if (data !== rows) releaseAll(kernels, data);
    }
  }
}

/** Compiles and runs the programs of `../shared/bench/limits`: what one core can do. */
function probe(context: Context): void {
  const folder = join(shared, 'bench/limits');
  const place = mkdtempSync(join(tmpdir(), 'rank-rank-probe-'));
  const run = (command: string, args: readonly string[]): string | undefined => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: place, encoding: 'utf8' });
    if (status === 0) return stdout;
    context.note(`${command} ${args[0]} did not run: ${(stderr ?? 'it is not here').trim().split('\n').at(-1)}`);
    return undefined;
  };
  const say = (line: RegExp, output: string, label: string): void => {
    const found = output.match(line);
    if (found !== null) context.say({ task: 'maxsim', peer: 'probe', case: label, metric: 'us_per_doc', value: Number(found[1]) });
  };
  try {
    const source = join(folder, 'maxsim_limit.cpp');
    if (run('g++', ['-O3', '-march=native', '-std=c++17', '-w', source, '-o', 'limit']) !== undefined) {
      const output = run('./limit', []) ?? '';
      say(/^avx512 f32 .*us\/doc ([\d.]+)/m, output, 'f32/probe-avx512/500x180');
      say(/^avx2 f32 .*us\/doc ([\d.]+)/m, output, 'f32/probe-avx2/500x180');
      say(/^avx512 vnni i8 .*us\/doc ([\d.]+)/m, output, 'int8/probe-avx512vnni/500x180');
      say(/^amx i8 .*us\/doc ([\d.]+)/m, output, 'int8/probe-amx/500x180');
    }
    const clang = ['clang', 'clang-19', 'clang-18', 'clang-17'].find((name) => spawnSync(name, ['--version']).status === 0);
    const flags = ['--target=wasm32', '-O3', '-msimd128', '-nostdlib', '-Wl,--no-entry', '-Wl,--export-all', '-Wl,--import-memory'];
    if (clang !== undefined && run(clang, [...flags, join(folder, 'maxsim_wasm.c'), '-o', 'wk.wasm']) !== undefined) {
      const output = run(process.execPath, [join(folder, 'maxsim_wasm_bench.mjs')]) ?? '';
      say(/^wasm simd f32 .*us\/doc ([\d.]+)/m, output, 'f32/probe-wasm/500x180');
      say(/^wasm simd i8 .*us\/doc ([\d.]+)/m, output, 'int8/probe-wasm/500x180');
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const kinds = ['f32', 'f16', 'bf16', 'int8', 'bits', 'residual4', 'scaled4', 'call', 'threads', 'probes', 'peers'];

const question: Question = {
  title: 'Kernels: MaxSim, one query of 32 × 128 against documents of 180 × 128',
  group: ({ task, case: label, metric }) => `${task} ${label.split('/')[0]} (${metric})`,
  async run(context) {
    const asked = context.only.filter((word) => kinds.includes(word));
    const wanted = (word: string): boolean => asked.length === 0 || asked.includes(word);
    const backends = context.only.filter((word) => !kinds.includes(word));
    const names = openKernels()
      .describe()
      .available.filter((name) => backends.length === 0 || backends.some((word) => name === word || name.startsWith(`${word}:`)));
    if (wanted('probes')) probe(context);
    if (wanted('peers')) await context.peer('late-interaction/maxsim.py');
    await measureTypes(context, names, wanted);
    if (wanted('call')) measureCalls(context, names);
    const first = (backend: string): string[] => names.filter((name) => name.startsWith(backend)).slice(0, 1);
    if (wanted('threads')) await measureThreads(context, [...first('native'), ...first('wasm')]);
  },
};

export default question;
