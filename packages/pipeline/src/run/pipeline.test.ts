import { type Explanation, RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { diversify } from '../stage/diversify.ts';
import { feedback, type VectorSource } from '../stage/feedback.ts';
import { filter } from '../stage/filter.ts';
import { fuse } from '../stage/fuse.ts';
import { rerank } from '../stage/rerank.ts';
import { retrieve } from '../stage/retrieve.ts';
import { byLength, documentsOf, fixed } from '../testing/fakes.ts';
import { pipeline } from './pipeline.ts';
import { rankChanges } from './trace.ts';

const bm25 = () => fixed({ a: 9, b: 7, c: 4, d: 1 });
const dense = () => fixed({ c: 0.9, e: 0.8, a: 0.7 });
const documents = documentsOf({ a: 'a', b: 'bbbbbb', c: 'cccc', d: 'ddddddddd', e: 'ee' });
const ids = (hits: readonly { id: string }[]) => hits.map(({ id }) => id).join('');
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

/** Every node that adds up does so. */
function addsUp({ value, parts, combine = 'sum' }: Explanation): boolean {
  if (parts === undefined) return true;
  const total =
    combine === 'product' ? parts.reduce((product, part) => product * part.value, 1) : parts.reduce((sum, part) => sum + part.value, 0);
  return Math.abs(total - value) <= 1e-9 * Math.max(1, Math.abs(value)) && parts.every(addsUp);
}

describe('a pipeline', () => {
  it('is a retriever of its last list', async () => {
    const hybrid = pipeline(retrieve({ bm25: bm25(), dense: dense() }), fuse({ method: 'rrf' }));
    const hits = await hybrid.search('x', 3);
    expect(ids(hits)).toBe('acb');
    expect(ids(await hybrid.search('x', 2))).toBe('ac');
    expect(hybrid.stages).toEqual(['retrieve', 'fuse']);
  });

  it('can be a source of another one', async () => {
    const inner = pipeline(retrieve(bm25()));
    expect(ids(await pipeline(retrieve({ inner, dense: dense() }), fuse()).search('x', 2))).toBe('ac');
  });

  it('tells what each stage took, gave and needed, and how documents moved', async () => {
    const search = pipeline(retrieve({ bm25: bm25(), dense: dense() }), fuse(), rerank(byLength, { depth: 3 }), { documents });
    const { hits, trace, space } = await search.run('x', { k: 5 });
    expect(ids(hits)).toBe('bcaed');
    expect(space).toBe('relative');
    expect(trace.stages.map(({ name, in: before, out }) => [name, before, out])).toEqual([
      ['retrieve', 0, 5],
      ['fuse', 5, 5],
      ['rerank', 5, 5],
    ]);
    expect(trace.stages[0]!.parts!.map(({ name, out }) => [name, out])).toEqual([
      ['bm25', 4],
      ['dense', 3],
    ]);
    expect(trace.stages[2]!.notes).toEqual(['2 below were kept in their order']);
    expect(rankChanges(trace, 3).find(({ id }) => id === 'b')!.places).toEqual({ fuse: 3, rerank: 1 });
  });

  it('keeps the hits below the depth in their order, under the reranked ones, or drops them', async () => {
    const kept = await pipeline(retrieve(bm25()), rerank(byLength, { depth: 2 }), { documents }).search('x', 10);
    expect(ids(kept)).toBe('bacd');
    expect(kept.every(({ score }, i) => i === 0 || score < kept[i - 1]!.score)).toBe(true);
    expect(ids(await pipeline(retrieve(bm25()), rerank(byLength, { depth: 2, rest: 'drop' }), { documents }).search('x', 2))).toBe('ba');
  });

  it('filters by score, metadata and functions', async () => {
    const run = (options: Parameters<typeof filter>[0]) => pipeline(retrieve(bm25()), filter(options), { documents }).search('x', 10);
    expect(ids(await run({ atLeast: 4 }))).toBe('abc');
    expect(ids(await run({ where: { field: 'size', gt: 4 } }))).toBe('bd');
    expect(ids(await run({ keep: ({ text }) => text.length < 5 }))).toBe('ac');
  });

  it('puts repetitions further down', async () => {
    const vectors: Record<string, number[]> = { a: [1, 0], b: [1, 0.01], c: [0, 1], d: [0.5, 0.5] };
    const likeness = { vectorsOf: async (wanted: readonly string[]) => wanted.map((id) => Float32Array.from(vectors[id]!)) };
    expect(ids(await pipeline(retrieve(fixed({ a: 4, b: 3.9, c: 3, d: 1 })), diversify(likeness, { lambda: 0.5 })).search('x', 3))).toBe(
      'acb',
    );
  });

  it('asks the dense index again with what the best documents are about', async () => {
    const vectors: Record<string, Float32Array> = { a: Float32Array.of(0, 1), e: Float32Array.of(1, 0) };
    let asked: Float32Array | undefined;
    const source: VectorSource = {
      ...dense(),
      queryVector: async () => Float32Array.of(1, 0),
      vectorsOf: async (wanted) => wanted.map((id) => vectors[id]),
      searchVector: async (vector) => {
        asked = vector;
        return [{ id: 'z', score: 1 }];
      },
    };
    const hits = await pipeline(retrieve({ bm25: bm25(), dense: source }), feedback(source, { documents: 1 }), fuse()).search('x', 10);
    expect([...asked!].map((value) => value.toFixed(3))).toEqual(['0.707', '0.707']);
    expect(ids(hits)).toContain('z');
  });
});

describe('explanations', () => {
  it('join those of all stages, and add up to the score', async () => {
    const options = [
      { method: 'weighted-sum', weights: { bm25: 1, dense: 0.2 } },
      { method: 'rrf' },
      { method: 'combsum', normalization: 'z-score' },
    ] as const;
    for (const fusion of options) {
      const search = pipeline(
        retrieve({ bm25: bm25(), dense: dense() }),
        fuse(fusion),
        rerank(byLength, { depth: 4, blend: { alpha: 0.3, normalise: 'z-score' } }),
        { documents },
      );
      for (const hit of await search.search('x', 5)) {
        const explained = await search.explain('x', hit.id);
        expect(explained!.value).toBeCloseTo(hit.score, 12);
        expect(addsUp(explained!)).toBe(true);
      }
    }
  });

  it('reach down to the parts of the sources where scores are taken apart by a straight line', async () => {
    const search = pipeline(retrieve({ bm25: bm25(), dense: dense() }), fuse({ method: 'weighted-sum', weights: { bm25: 1, dense: 0.2 } }));
    expect(JSON.stringify(await search.explain('x', 'b'))).toContain('other half');
    expect(await search.explain('x', 'nobody')).toBeUndefined();
  });
});

describe('when a stage is slow or fails', () => {
  const broken = { rerank: async () => Promise.reject(new RankError('MODEL', 'The model died.')) };
  const slow = { rerank: () => new Promise<never>(() => {}) };

  it('its error ends the request, unless something stands in', async () => {
    await expect(pipeline(retrieve(bm25()), rerank(broken), { documents }).search('x', 2)).rejects.toThrow(code('MODEL'));
    const search = pipeline(retrieve(bm25()), rerank(broken, { fallback: 'previous' }), { documents });
    const { hits, trace } = await search.run('x', { k: 2 });
    expect(ids(hits)).toBe('ab');
    expect(trace.stages[1]!.fallback).toEqual({ to: 'previous', why: 'The model died.' });
    expect(ids(await pipeline(retrieve(bm25()), rerank(broken, { fallback: rerank(byLength) }), { documents }).search('x', 2))).toBe('db');
  });

  it('its time, and that of the whole request, is limited', async () => {
    await expect(pipeline(retrieve(bm25()), rerank(slow, { timeout: 20 }), { documents }).search('x', 2)).rejects.toThrow(code('TIMEOUT'));
    await expect(pipeline(retrieve(bm25()), rerank(slow), { documents, budget: 20 }).search('x', 2)).rejects.toThrow(code('TIMEOUT'));
    const { hits } = await pipeline(retrieve(bm25()), rerank(slow, { fallback: 'skip' }), { documents }).run('x', { k: 2, budget: 20 });
    expect(ids(hits)).toBe('ab');
  });

  it('a source may be left out, if another one answers', async () => {
    const down = fixed({}, { fail: () => new RankError('REMOTE', 'Nobody answers.') });
    const search = pipeline(
      retrieve({
        bm25: bm25(),
        far: { retriever: down, optional: true },
        late: { retriever: fixed({ z: 1 }, { wait: 500 }), timeout: 10, optional: true },
      }),
      fuse(),
    );
    const { hits, trace } = await search.run('x', { k: 2 });
    expect(ids(hits)).toBe('ab');
    expect(trace.stages[0]!.notes.join()).toContain('far was left out: Nobody answers.');
    await expect(pipeline(retrieve({ far: { retriever: down, optional: true } }), fuse()).search('x', 2)).rejects.toThrow(
      'Nobody answers.',
    );
  });

  it('the breaker leaves it alone for a while, then tries again', async () => {
    let sick = true;
    const source = fixed({ a: 1 }, { fail: () => (sick ? new RankError('REMOTE', 'down') : undefined) });
    const search = pipeline(retrieve(source, { breaker: { failures: 2, cooldown: 30 }, fallback: retrieve(fixed({ b: 1 })) }));
    for (let i = 0; i < 4; i++) expect(ids(await search.search('x', 1))).toBe('b');
    expect(source.asked).toBe(2);
    sick = false;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(ids(await search.search('x', 1))).toBe('a');
  });

  it('the caller can give up at any moment', async () => {
    const controller = new AbortController();
    const running = pipeline(retrieve(bm25()), rerank(slow, { fallback: 'previous' }), { documents }).search('x', 2, {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 10);
    await expect(running).rejects.toThrow(code('CANCELLED'));
  });

  it('results are kept when asked to be', async () => {
    const source = bm25();
    const search = pipeline(retrieve(source, { cache: { entries: 2 } }));
    await search.search('x', 2);
    const { trace } = await search.run('x', { k: 2 });
    expect([source.asked, trace.stages[0]!.cached]).toEqual([1, true]);
    await search.search('y', 2);
    await search.search('z', 2);
    await search.search('x', 2);
    expect(source.asked).toBe(4);
  });
});

it.each([
  ['no stage', () => pipeline(undefined as never), 'INVALID_ARGUMENT'],
  ['no retriever', () => retrieve({} as never), 'INVALID_ARGUMENT'],
  ['a misspelt option', () => retrieve(bm25(), { dept: 3 } as never), 'UNKNOWN_OPTION'],
  ['a misspelt option of a source', () => retrieve({ a: { retriever: bm25(), optinal: true } as never }), 'UNKNOWN_OPTION'],
  ['a depth of 0', () => rerank(byLength, { depth: 0 }), 'OUT_OF_RANGE'],
  ['a fallback nobody knows', () => rerank(byLength, { fallback: 'hope' as never }), 'INVALID_ARGUMENT'],
  ['a filter without a condition', () => filter({}), 'INVALID_ARGUMENT'],
])('refuses %s', (_, make, expected) => {
  expect(make).toThrow(code(expected));
});

it('refuses requests that make no sense', async () => {
  const search = pipeline(retrieve({ bm25: bm25(), dense: dense() }));
  await expect(search.search('x', 3)).rejects.toThrow(/add fuse/);
  await expect(search.search('x', 0)).rejects.toThrow(code('OUT_OF_RANGE'));
  await expect(search.run(3 as never)).rejects.toThrow(code('INVALID_ARGUMENT'));
  await expect(search.run('x', { budget: -1 })).rejects.toThrow(code('OUT_OF_RANGE'));
});
