/**
 * Dense vectors beside faiss, hnswlib and usearch: 100,000 × 384, inner product, best 10. Words narrow it: `flat`, `hnsw`, `filtered`, `memory`,
 * `no-python`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Filter } from '@rank-rank/core';
import { DenseIndex, type DenseSearchOptions } from '@rank-rank/retrieve';
import type { Context } from '../question.ts';
import { ask, readNumbers, recall, sayMemory, sayRate } from './vectors.ts';

const dim = 384;
const rows = 100_000;
const name = '100k x 384';
const parts = ['flat', 'hnsw', 'filtered', 'memory'];

export async function dense(context: Context): Promise<void> {
  const folder = join(context.workloads, 'dense-100k');
  if (!existsSync(join(folder, 'truth.u32'))) {
    context.note(`${folder} is not here: run dense.py of the peers first`);
    return;
  }
  const chosen = context.only.filter((word) => parts.includes(word));
  const wanted = (part: string): boolean => chosen.length === 0 || chosen.includes(part);
  const data = readNumbers(join(folder, 'base.f32'), Float32Array);
  const asked = readNumbers(join(folder, 'queries.f32'), Float32Array);
  const nearest = readNumbers(join(folder, 'truth.u32'), Uint32Array);
  const queries = Array.from({ length: asked.length / dim }, (_, i) => asked.subarray(i * dim, (i + 1) * dim));
  const truth = (query: number): Set<number> => new Set(nearest.subarray(query * 100, query * 100 + 10));
  const ids = Array.from({ length: rows }, (_, i) => String(i));
  const batch = { ids, vectors: { data, rows, dim }, metadata: ids.map((_, n) => ({ n })) };
  const path = mkdtempSync(join(tmpdir(), 'rank-bench-'));
  const build = async (index: string, threads = 1): Promise<DenseIndex> => {
    const at = performance.now();
    const built = await DenseIndex.build(batch, { dim, metric: 'dot', index, threads, path: join(path, `${index}-${threads}`) });
    context.say({ task: 'dense', case: `${name}/build ${index}`, metric: 'seconds', value: (performance.now() - at) / 1000, threads });
    return built;
  };
  const search = async (index: DenseIndex, label: string, count: number, options: DenseSearchOptions): Promise<void> => {
    const answers = await ask(queries.slice(0, count), (query) => index.search(query, 10, options));
    sayRate(context, 'dense', `${name}/${label}`, answers, recall(answers.rankings, truth));
  };
  try {
    if (wanted('flat')) {
      for (const [description, count, settings] of flat) {
        const index = await build(description);
        for (const options of settings) await search(index, label(description, options), count, options);
        await index.close();
      }
    }
    if (wanted('hnsw') || wanted('filtered') || wanted('memory')) {
      const index = await build('HNSW16');
      if (wanted('hnsw')) {
        for (const ef of [10, 16, 24, 32, 48, 64]) await search(index, `HNSW16 ef ${ef}`, 1000, { ef });
        await (await build('HNSW16', 2)).close();
      }
      if (wanted('filtered')) await filtered(context, index, queries.slice(0, 300));
      await index.close();
      if (wanted('memory'))
        sayMemory(
          context,
          'dense',
          `${name}/HNSW16`,
          join(path, 'HNSW16-1'),
          queries.slice(0, 300).map((query) => [...query]),
        );
    }
  } finally {
    rmSync(path, { recursive: true });
  }
  if (!context.only.includes('no-python')) await context.peer('retrieve/dense.py');
}

const flat: readonly (readonly [index: string, queries: number, settings: readonly DenseSearchOptions[]])[] = [
  ['Flat', 100, [{}]],
  ['SQfp16', 100, [{}]],
  ['SQ8', 200, [{}]],
  ['SQ8,RFlat', 200, [{}]],
  ['Bits,RFlat', 500, [{ rescore: 5 }, { rescore: 10 }, { rescore: 20 }]],
];

function label(description: string, { rescore }: DenseSearchOptions): string {
  return rescore === undefined ? description : `${description} rescore ${rescore}`;
}

/** Filters that leave fewer and fewer documents, each held to the exact answer under the same filter. */
async function filtered(context: Context, index: DenseIndex, queries: readonly Float32Array[]): Promise<void> {
  for (const share of [1, 0.5, 0.1, 0.03, 0.01, 0.001, 0.0001]) {
    const filter: Filter = { field: 'n', lt: rows * share };
    const best: Set<number>[] = [];
    for (const query of queries) best.push(new Set((await index.search(query, 10, { filter, exact: true })).map(({ id }) => Number(id))));
    for (const ef of [24, 64]) {
      const answers = await ask(queries, (query) => index.search(query, 10, { ef, ...(share < 1 && { filter }) }));
      sayRate(
        context,
        'dense',
        `${name}/HNSW16 ef ${ef}, ${100 * share} % allowed`,
        answers,
        recall(answers.rankings, (query) => best[query]!),
      );
    }
  }
}
