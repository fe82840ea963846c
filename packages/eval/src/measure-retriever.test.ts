import type { Retriever } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { measure } from './measure-retriever.ts';

const queries = [
  { id: 'q1', text: 'one' },
  { id: 'q2', text: 'two' },
  { id: 'q3', text: 'three' },
];
const qrels = { q1: { a: 1 }, q2: { b: 1 } };
const asked: string[] = [];
const retriever: Retriever = {
  async search(query, k) {
    asked.push(`${query}/${k}`);
    return query === 'one'
      ? [{ id: 'a', score: 1 }]
      : [
          { id: 'x', score: 2 },
          { id: 'b', score: 1 },
        ].slice(0, k);
  },
};

describe('measure', () => {
  it('gives quality, latency, throughput and memory over the judged queries', async () => {
    const measured = await measure(retriever, queries, qrels, { measures: ['RR', 'P@1'], k: 10, warmUp: 1, repeats: 3, name: 'bm25' });
    expect(measured.values).toEqual({ RR: 0.75, 'P@1': 0.5 });
    expect(measured.run.name).toBe('bm25');
    expect(measured.run.get('q2')).toHaveLength(2);
    const { lowest, p50, p95, p99, highest } = measured.latency;
    expect([lowest, p50, p95, p99, highest]).toEqual([lowest, p50, p95, p99, highest].sort((a, b) => a - b));
    expect(measured.throughput).toBeGreaterThan(0);
    expect(measured.memory!.peak).toBeGreaterThanOrEqual(measured.memory!.before);
    expect(asked).toEqual(['one/10', 'one/10', 'two/10', 'one/10', 'two/10', 'one/10', 'two/10']);
  });

  it('asks several queries at once', async () => {
    let under = 0;
    let most = 0;
    const slow: Retriever = {
      async search() {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 5));
        under--;
        return [];
      },
    };
    await measure(slow, queries, qrels, { concurrency: 2, warmUp: 0, repeats: 4 });
    expect(most).toBe(2);
  });

  it('can be cancelled and watched, and passes on what goes wrong', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      seen.push(done);
      abort.abort();
    };
    await expect(measure(retriever, queries, qrels, { signal: abort.signal, onProgress, warmUp: 0 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(seen).toEqual([1]);
    const broken: Retriever = { search: () => Promise.reject(new Error('the index is gone')) };
    await expect(measure(broken, queries, qrels)).rejects.toThrow('the index is gone');
  });

  it('refuses queries without judgements, and options nobody knows', async () => {
    await expect(measure(retriever, [queries[2]!], qrels)).rejects.toMatchObject({ code: 'EMPTY_INPUT' });
    await expect(measure(retriever, queries, qrels, { warmup: 3 } as never)).rejects.toThrow('Did you mean "warmUp"?');
  });
});
