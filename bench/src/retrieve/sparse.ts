/**
 * Learned sparse vectors beside accumulation by term in NumPy, and Seismic: 100,000 SPLADE-like vectors, best 10. Words narrow it: `f32`, `u8`,
 * `no-python`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SparseVector } from '@rank-rank/core';
import { type SparseDocument, SparseIndex } from '@rank-rank/retrieve';
import type { Context } from '../question.ts';
import { ask, readNumbers, recall, sayMemory, sayRate } from './vectors.ts';

const name = '100k x 30522';

export async function sparse(context: Context): Promise<void> {
  const folder = join(context.workloads, 'sparse-100k');
  if (!existsSync(join(folder, 'truth.u32'))) {
    context.note(`${folder} is not here: run sparse.py of the peers first`);
    return;
  }
  const queries = read(folder, 'queries');
  const nearest = readNumbers(join(folder, 'truth.u32'), Uint32Array);
  const truth = (query: number): Set<number> => new Set(nearest.subarray(query * 10, query * 10 + 10));
  const path = mkdtempSync(join(tmpdir(), 'rank-bench-'));
  const types = (['f32', 'u8'] as const).filter(
    (type) => context.only.includes(type) || !['f32', 'u8'].some((other) => context.only.includes(other)),
  );
  try {
    for (const weights of types) {
      const documents: SparseDocument[] = read(folder, 'base').map((vector, i) => ({ id: String(i), vector }));
      const at = performance.now();
      const index = await SparseIndex.build(documents, { path: join(path, weights), weights, approximate: true });
      context.say({
        task: 'sparse',
        case: `${name}/build`,
        peer: `rank-rank ${weights}`,
        metric: 'seconds',
        value: (performance.now() - at) / 1000,
      });
      for (const options of [{ exact: true }, { candidates: 2 }, { candidates: 5 }, { candidates: 10 }]) {
        const answers = await ask(queries, (query) => index.search(query, 10, options));
        const label = 'exact' in options ? 'exact' : `candidates ${options.candidates}`;
        sayRate(context, 'sparse', `${name}/${weights} ${label}`, answers, recall(answers.rankings, truth));
      }
      await index.close();
      const plain = queries.slice(0, 300).map(({ indices, values }) => ({ indices: [...indices], values: [...values] }));
      sayMemory(context, 'sparse', `${name}/${weights}`, join(path, weights), plain);
    }
  } finally {
    rmSync(path, { recursive: true });
  }
  if (!context.only.includes('no-python')) await context.peer('retrieve/sparse.py');
}

function read(folder: string, which: 'base' | 'queries'): SparseVector[] {
  const starts = readNumbers(join(folder, `${which}.indptr.u64`), BigUint64Array);
  const indices = readNumbers(join(folder, `${which}.indices.u32`), Uint32Array);
  const values = readNumbers(join(folder, `${which}.values.f32`), Float32Array);
  return Array.from({ length: starts.length - 1 }, (_, i) => {
    const [from, to] = [Number(starts[i]), Number(starts[i + 1])];
    return { indices: indices.subarray(from, to), values: values.subarray(from, to) };
  });
}
