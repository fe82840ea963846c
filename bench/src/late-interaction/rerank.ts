import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, type Tokens } from '@rank-rank/core';
import { maxsimScores, packTokens } from '@rank-rank/rerank';
import { measure } from '../measure.ts';
import type { Context } from '../question.ts';

const [documents, rows, queryRows, dim] = [100, 180, 32, 128];

/** A hundred documents of 180 × 128 reranked in one call, by how their rows are kept. */
export function rerank(context: Context): void {
  const read = (name: string, length: number): Float32Array => {
    const path = join(context.workloads, 'maxsim', name);
    if (existsSync(path)) return new Float32Array(new Uint8Array(readFileSync(path)).buffer).slice(0, length);
    const random = new Random(name);
    return Float32Array.from({ length }, () => random.normal() / Math.sqrt(dim));
  };
  const query: Tokens = { data: read('query.f32', queryRows * dim), rows: queryRows, dim };
  const data = read('docs.f32', documents * rows * dim);
  const list: Tokens[] = Array.from({ length: documents }, (_, d) => ({
    data: data.subarray(d * rows * dim, (d + 1) * rows * dim),
    rows,
    dim,
  }));
  for (const type of ['f32', 'f16', 'int8', 'binary'] as const) {
    const packed = packTokens(list, { type });
    for (const compare of type === 'int8' || type === 'binary' ? (['quantised', 'exact'] as const) : (['exact'] as const)) {
      const { seconds, low, high } = measure(() => maxsimScores(query, packed, { query: compare }), { repeats: 301, calls: 1 });
      context.say({
        task: 'rerank',
        case: `${documents} documents of ${rows} × ${dim}/${type}${compare === 'quantised' ? ', query in the same type' : ''}`,
        metric: 'ms',
        value: seconds * 1000,
        spread: [low * 1000, high * 1000],
      });
    }
  }
}
