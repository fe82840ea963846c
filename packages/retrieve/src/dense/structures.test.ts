import { Random, type Ranking, toRanking } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { chooseStructure } from './choose-structure.ts';
import { DenseIndex } from './dense-index.ts';
import type { DenseDocument } from './dense-input.ts';
import type { DenseMetric } from './metric.ts';
import { parseIndexDescription } from './plan.ts';

const dim = 24;
const random = new Random(11);
const centres = Array.from({ length: 40 }, () => Array.from({ length: dim }, () => random.normal()));
const near = (): Float32Array => {
  const centre = centres[random.integer(centres.length)]!;
  return Float32Array.from(centre, (x) => x + 0.6 * random.normal());
};
const all: DenseDocument[] = Array.from({ length: 2500 }, (_, i) => ({
  id: `d${i}`,
  vector: near(),
  metadata: { n: i, tenth: i % 10, hundredth: i % 100 },
}));
const queries = Array.from({ length: 40 }, near);

/** The right answer, computed in f64. */
function reference(documents: readonly DenseDocument[], query: Float32Array, k: number, metric: DenseMetric): Ranking {
  return toRanking(
    documents.map(({ id, vector }) => {
      let dot = 0;
      let own = 0;
      let square = 0;
      for (let i = 0; i < dim; i++) {
        dot += query[i]! * vector[i]!;
        own += query[i]! ** 2;
        square += vector[i]! ** 2;
      }
      return { id, score: metric === 'dot' ? dot : metric === 'cosine' ? dot / Math.sqrt(own * square) : 2 * dot - own - square };
    }),
  ).slice(0, k);
}

async function recall(index: DenseIndex, documents: readonly DenseDocument[], metric: DenseMetric, options = {}): Promise<number> {
  let common = 0;
  let wanted = 0;
  for (const query of queries) {
    const expected = reference(documents, query, 10, metric);
    const found = await index.search(query, 10, options);
    expect(found.length).toBe(expected.length);
    for (const { id, score } of found) {
      const right = expected.find((hit) => hit.id === id);
      if (right === undefined) continue;
      common++;
      // Whatever looked for it: a score is that of the whole vectors, where those are kept.
      if (!/^(SQ8|PQ\d+(x4)?|IVF\d+,(SQ8|PQ\d+)|HNSW\d+,SQ8)$/.test(index.index))
        expect(score).toBeCloseTo(right.score, index.index.includes('fp16') ? 1 : 3);
    }
    wanted += expected.length;
  }
  return common / wanted;
}

describe.each<[string, number]>([
  ['Flat', 1],
  ['SQfp16', 0.99],
  ['SQ8', 0.95],
  ['SQ8,RFlat', 0.99],
  ['Bits,RFlat', 0.6],
  ['PQ12,RFlat', 0.95],
  ['PQ12x4,RFlat', 0.8],
  ['PQ12', 0.6],
  ['HNSW8', 0.98],
  ['HNSW8,Flat', 0.98],
  ['HNSW8,SQ8', 0.93],
  ['HNSW16_60,SQfp16,RFlat', 0.98],
  ['IVF32', 0.95],
  ['IVF32,Flat', 0.95],
  ['IVF32,SQ8', 0.9],
  ['IVF32,PQ12', 0.6],
  ['IVF32,PQ12,RFlat', 0.93],
  ['IVF32,PQ12x4,RFlat', 0.8],
  ['IVF32,Bits,Refine(SQfp16)', 0.8],
])('%s', (description, least) => {
  it.each<DenseMetric>(['cosine', 'dot', 'l2'])(
    `finds at least ${least} of the ten nearest, with and without filters: %s`,
    async (metric) => {
      const index = await DenseIndex.build(all, { dim, metric, index: description });
      expect(await recall(index, all, metric)).toBeGreaterThanOrEqual(least);
      const filters = [
        { keep: (i: number) => i % 10 !== 3, filter: { not: { field: 'tenth', eq: 3 } } },
        { keep: (i: number) => i % 10 < 5, filter: { field: 'tenth', lt: 5 } },
        { keep: (i: number) => i % 10 === 7, filter: { field: 'tenth', eq: 7 } },
        { keep: (i: number) => i % 100 === 42, filter: { field: 'hundredth', eq: 42 } },
        { keep: (i: number) => i < 4, filter: { field: 'n', lt: 4 } },
      ];
      for (const { keep, filter } of filters) {
        const some = all.filter((_, i) => keep(i));
        expect(await recall(index, some, metric, { filter }), JSON.stringify(filter)).toBeGreaterThanOrEqual(Math.min(least, 0.9));
      }
      await index.close();
    },
  );
});

describe('a graph', () => {
  it('finds what was added, and not what was removed, over several segments and after merges', async () => {
    const index = await DenseIndex.create({ dim, metric: 'l2', index: 'HNSW8' });
    for (let from = 0; from < 2500; from += 1250) {
      await index.add(all.slice(from, from + 1250));
      await index.commit();
    }
    const removed = new Set(all.filter((_, i) => i % 3 === 0).map(({ id }) => id));
    await index.remove(removed);
    await index.commit();
    const left = all.filter(({ id }) => !removed.has(id));
    expect(index.size).toBe(left.length);
    expect(await recall(index, left, 'l2')).toBeGreaterThan(0.97);
    await index.merge({ all: true });
    expect(index.reader.segments).toHaveLength(1);
    expect(await recall(index, left, 'l2')).toBeGreaterThan(0.97);
    for (const { id, vector } of left.slice(0, 50)) expect(index.reader.vector(id)).toEqual(Float32Array.from(vector));
    await index.close();
  });
});

describe('a merge into a large graph', () => {
  it.each<[string, (i: number) => boolean]>([
    ['a quarter, here and there', (i) => i % 4 === 0],
    ['the whole neighbourhood of a centre', (i) => all[i]!.vector[0]! > 1],
    ['nothing', () => false],
  ])('mends the links over what was removed: %s', async (_, gone) => {
    const index = await DenseIndex.build(all.slice(0, 2300), { dim, metric: 'l2', index: 'HNSW8' });
    await index.remove(
      all
        .slice(0, 2300)
        .filter((__, i) => gone(i))
        .map(({ id }) => id),
    );
    // Some vectors change, some are new.
    const changed = all.slice(100, 110).map(({ id, metadata }, i) => ({ id, metadata, vector: all[2400 + i]!.vector }));
    await index.add([...changed, ...all.slice(2300)]);
    await index.commit();
    await index.merge({ all: true });
    const ids = new Set(changed.map(({ id }) => id));
    const now = [...all.filter(({ id }, i) => !ids.has(id) && !(i < 2300 && gone(i))), ...changed];
    expect(index.size).toBe(now.length);
    expect(index.describe().segments).toHaveLength(1);
    expect(await recall(index, now, 'l2')).toBeGreaterThan(0.97);
    const filter = { field: 'tenth', lt: 5 };
    expect(
      await recall(
        index,
        now.filter(({ metadata }) => (metadata!['tenth'] as number) < 5),
        'l2',
        { filter },
      ),
    ).toBeGreaterThan(0.97);
    for (const { id } of now) expect(index.reader.has(id)).toBe(true);
    await index.close();
  });
});

describe('tuning', () => {
  it.each([
    ['HNSW8', 'ef'],
    ['IVF64', 'probes'],
    ['Bits,RFlat', 'rescore'],
    ['Flat', undefined],
  ])('finds settings that reach the recall, and keeps them: %s', async (description, setting) => {
    const index = await DenseIndex.build(all, { dim, index: description });
    const matrix = { data: Float32Array.from(queries.flatMap((query) => [...query])), rows: queries.length, dim };
    const result = await index.tune({ recall: 0.9, queries: matrix, seconds: 20 });
    expect(result.reached).toBe(true);
    expect(result.recall).toBeGreaterThanOrEqual(0.9);
    expect(Object.keys(result.settings)).toEqual(setting === undefined ? [] : [setting]);
    expect(index.describe().search).toMatchObject(result.settings);
    expect(await recall(index, all, 'cosine')).toBeGreaterThanOrEqual(0.9);
    await index.commit();
    await index.close();
  });

  it('says when it could not, and works without queries', async () => {
    const index = await DenseIndex.build(all, { dim, index: 'PQ1x4,RFlat' });
    const result = await index.tune({ recall: 1, seconds: 3 });
    expect(result.reached).toBe(false);
    expect(result.trials.length).toBeGreaterThan(0);
    expect(result.recall).toBe(Math.max(...result.trials.map((trial) => trial.recall)));
    await expect((await DenseIndex.create({ dim })).tune()).rejects.toMatchObject({ code: 'EMPTY_INPUT' });
    await expect(index.tune({ recal: 1 } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await index.close();
  });
});

describe('the automatic choice', () => {
  it('is by size and memory, and says why', async () => {
    const small = await DenseIndex.build(all.slice(0, 100), { dim });
    expect(small.describe().segments[0]).toMatchObject({
      structure: 'Flat',
      why: expect.stringContaining('all 100 vectors are compared') as string,
    });
    expect(chooseStructure(parseIndexDescription('auto'), 100_000, 384, 2 ** 30)).toMatchObject({
      structure: { kind: 'hnsw' },
      keep: 'f32',
    });
    expect(chooseStructure(parseIndexDescription('auto'), 5_000_000, 384, 2 ** 30)).toMatchObject({
      structure: { kind: 'ivf' },
      codes: { type: 'bits' },
      why: expect.stringContaining('of the 1.0 GiB allowed') as string,
    });
    expect(chooseStructure(parseIndexDescription('HNSW32'), 10, 384, 2 ** 30)).toMatchObject({ structure: { kind: 'flat' } });
  });
});

describe('truncation', () => {
  it('looks by the first dimensions and scores by all', async () => {
    for (const description of ['SQ8,RFlat', 'HNSW8', 'IVF32', 'Flat']) {
      const index = await DenseIndex.build(all, { dim, index: description, truncate: 16 });
      expect(await recall(index, all, 'cosine', { rescore: 10, ef: 120, probes: 32 })).toBeGreaterThan(0.9);
      await index.close();
    }
  });
});
