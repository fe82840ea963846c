import { type DenseEncoder, RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import type { ChatModel } from '../generate/chat-model.ts';
import type { VectorSource } from '../stage/feedback.ts';
import { fixed } from '../testing/fakes.ts';
import { hyde } from './hyde.ts';
import { multiQuery } from './multi-query.ts';
import { queryFeatures } from './query-features.ts';
import { learnRouter, router } from './router.ts';
import { calibrateCache, semanticCache } from './semantic-cache.ts';

const saying = (text: string): ChatModel => ({ complete: async () => text });
const broken: ChatModel = { complete: async () => Promise.reject(new RankError('REMOTE', 'down')) };

/** Counts of letters: alike texts have alike vectors. */
const letters: DenseEncoder = {
  dim: 26,
  async encode(texts) {
    const data = new Float32Array(texts.length * 26);
    texts.forEach((text, row) => {
      for (const letter of text.toLowerCase()) if (letter >= 'a' && letter <= 'z') data[row * 26 + letter.charCodeAt(0) - 97]!++;
    });
    return { data, rows: texts.length, dim: 26 };
  },
};

describe('multi-query', () => {
  it('searches with other wordings too, however the model decorates them', async () => {
    const asked: string[] = [];
    const retriever = {
      async search(query: string) {
        asked.push(query);
        return query.includes('bend') ? [{ id: 'river', score: 1 }] : [{ id: 'other', score: 1 }];
      },
    };
    const found = await multiQuery(
      retriever,
      saying('1. "why rivers bend"\n- meanders of streams\n\nwhy do streams wander\n4) a fourth'),
    ).search('why do streams wander', 5);
    expect(asked).toEqual(['why do streams wander', 'why rivers bend', 'meanders of streams', 'a fourth']);
    expect(found.map(({ id }) => id)).toEqual(['other', 'river']);
  });

  it('searches with the query alone when the model fails', async () => {
    const source = fixed({ a: 1 });
    expect(await multiQuery(source, broken).search('x', 5)).toHaveLength(1);
    expect(source.asked).toBe(1);
  });
});

it('hypothetical documents move the query towards what the answer would look like', async () => {
  let asked: Float32Array | undefined;
  const source: VectorSource = {
    ...fixed({}),
    queryVector: async (query) => (await letters.encode([query], 'query')).data,
    vectorsOf: async () => [],
    searchVector: async (vector) => {
      asked = vector;
      return [];
    },
  };
  await hyde(source, letters, saying('bb')).search('a', 3);
  expect([...asked!.subarray(0, 3)]).toEqual([1, 2, 0]);
  await hyde(source, letters, broken).search('a', 3);
  expect([...asked!.subarray(0, 3)]).toEqual([1, 0, 0]);
});

describe('routing', () => {
  it('sees what a query is like', () => {
    expect(queryFeatures('Why do rivers bend?')).toMatchObject({ question: true, code: false, length: 4 });
    expect(queryFeatures('fs.readFileSync "exact words"')).toMatchObject({ code: true, quoted: true });
    expect(queryFeatures('river erosion')).toMatchObject({ question: false, names: false, content: 1 });
  });

  it('follows rules, then what was learned, then the rest', async () => {
    const routes = { quick: fixed({ q: 1 }), thorough: fixed({ t: 1 }) };
    const chosen = router(routes, { rules: [(_, { length }) => (length <= 2 ? 'quick' : undefined)], otherwise: 'thorough' });
    expect([chosen.choose('river erosion'), chosen.choose('why do rivers bend so much')]).toEqual(['quick', 'thorough']);
    expect((await chosen.search('river erosion', 1))[0]!.id).toBe('q');
    expect(() => router(routes, { otherwise: 'thoroug' })).toThrow(/Did you mean "thorough"/);
  });

  it('learns which route serves which queries, and says how well', () => {
    const queries = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? { text: `what is the reason for thing number ${i}?`, quality: { quick: 0.2, thorough: 0.8 } }
        : { text: `part ${i}`, quality: { quick: 0.9, thorough: 0.6 } },
    );
    const learned = learnRouter(queries);
    expect(learned.accuracy).toBe(1);
    expect(learned.quality).toBeGreaterThan(learned.bestSingle.quality);
    const chosen = router({ quick: fixed({}), thorough: fixed({}) }, { learned, otherwise: 'quick' });
    expect([chosen.choose('how do willows help?'), chosen.choose('part 12')]).toEqual(['thorough', 'quick']);
    expect(() => learnRouter(queries.slice(0, 3))).toThrow(/at least 10/);
  });
});

describe('a semantic cache', () => {
  it('answers again what means the same, for the same filter and no more hits than it has', async () => {
    const source = fixed({ a: 3, b: 2 });
    const cached = semanticCache(source, { encoder: letters, threshold: 0.95 });
    await cached.search('willow roots', 2);
    expect(await cached.search('roots willow', 1)).toEqual([{ id: 'a', score: 3 }]);
    await cached.search('willow roots', 2, { filter: { field: 'x', eq: 1 } });
    await cached.search('willow roots', 3);
    await cached.search('zebra', 2);
    expect([cached.hits, cached.misses, source.asked]).toEqual([1, 4, 4]);
  });

  it('gets its threshold from pairs, with the rate of false hits it will have', async () => {
    const pairs = [
      { a: 'willow roots', b: 'roots of willows', same: true },
      { a: 'river bend', b: 'bends of a river', same: true },
      { a: 'willow roots', b: 'zebra', same: false },
      { a: 'river bend', b: 'cold fish', same: false },
    ];
    const { threshold, falseHitRate, hitRate, pairs: count } = await calibrateCache(letters, pairs, { falseHitRate: 0 });
    expect([falseHitRate, hitRate, count]).toEqual([0, 1, 2]);
    expect(threshold).toBeGreaterThan(0);
    await expect(calibrateCache(letters, pairs.slice(0, 2))).rejects.toThrow(/expected some of both/);
  });
});
