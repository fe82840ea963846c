import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import type { LexicalQuery } from '../query/lexical-query.ts';
import { bo1 } from './bo1.ts';
import { expandQuery, type FeedbackOptions } from './expand-query.ts';
import { moreLikeThis } from './more-like-this.ts';
import { rm3 } from './rm3.ts';
import { rocchio } from './rocchio.ts';

const vector = (entries: Record<string, number>): Map<string, number> => new Map(Object.entries(entries));

describe('feedback, computed by hand', () => {
  it('RM3 mixes the query with the relevance model', () => {
    // RM1: x 2·1/2 + 1·1/4, y 2·1/2, z 1·3/4; the best two, x and y, scaled: 1.25/2.25, 1/2.25.
    const documents = [
      { vector: vector({ x: 1, y: 1 }), score: 2 },
      { vector: vector({ x: 1, z: 3 }), score: 1 },
    ];
    const weights = rm3(vector({ q: 1, x: 1 }), documents, { terms: 2, originalWeight: 0.4 });
    expect(weights.get('q')).toBeCloseTo(0.4 / 2, 12);
    expect(weights.get('x')).toBeCloseTo(0.4 / 2 + 0.6 * (1.25 / 2.25), 12);
    expect(weights.get('y')).toBeCloseTo(0.6 * (1 / 2.25), 12);
    expect([...weights.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it('Rocchio goes towards relevant documents and away from others', () => {
    // idf 1 for all; q (1, 0, 0), relevant (x, y)/√2, other (x, z)/√2.
    const weights = rocchio(vector({ x: 1 }), [vector({ x: 1, y: 1 })], [vector({ x: 1, z: 1 })], () => 1, {
      alpha: 1,
      beta: 0.75,
      gamma: 0.25,
    });
    expect(weights.get('x')).toBeCloseTo(1 + 0.5 / Math.SQRT2, 12);
    expect(weights.get('y')).toBeCloseTo(0.75 / Math.SQRT2, 12);
    expect(weights.has('z')).toBe(false);
  });

  it('Bo1 weighs terms by how unlikely their frequency is', () => {
    // P 1 for x: 2·log2 2 + log2 2 = 3; P 3 for y: 1·log2(4/3) + log2 4.
    const weights = bo1(vector({ q: 2, x: 1 }), [vector({ x: 1, y: 1 }), vector({ x: 1 })], (term) => (term === 'x' ? 1 : 3), { terms: 5 });
    expect(weights.get('x')).toBeCloseTo(0.5 + 1, 12);
    expect(weights.get('y')).toBeCloseTo((Math.log2(4 / 3) + 2) / 3, 12);
    expect(weights.get('q')).toBe(1);
  });
});

describe('more like this', () => {
  it('finds what shares rare words, and not the document itself', async () => {
    const texts = ['red fox den', 'red fox hole', 'red car road', 'blue car road'];
    const index = await LexicalIndex.build(
      texts.map((text, i) => ({ id: String(i), text })),
      { texts: true },
    );
    const found = await index.search(moreLikeThis(index.reader, { id: '0' }), 10);
    expect(found.map((hit) => hit.id)).toEqual(['1', '2']);
    expect((await index.search(moreLikeThis(index.reader, { text: 'fox' }), 1))[0]!.id).toBe('0');
    expect(() => moreLikeThis(index.reader, { id: 'nobody' })).toThrow('no document');
  });

  it('says what to do where the index keeps no texts', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'a' }], { analysis: 'whitespace' });
    expect(() => moreLikeThis(index.reader, { id: 'a' })).toThrow('{ texts: true }');
    expect(() => expandQuery(index.reader, 'a', { method: 'rm3' })).toThrow('{ texts: true }');
    expect(() => expandQuery(index.reader, 'a', { method: 'rm4' } as unknown as FeedbackOptions)).toThrow('Did you mean "rm3"');
  });
});

describeWithData('feedback on judged collections', 'collections', (folder) => {
  const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

  it.each(['vaswani', 'cranfield'])('finds more of what is relevant in %s', async (name) => {
    const index = await LexicalIndex.build(
      lines(join(folder, name, 'corpus.jsonl')).map((line) => {
        const { _id, title, text } = JSON.parse(line);
        return { id: _id, title, text };
      }),
      { texts: true },
    );
    const judged = new Map<string, Set<string>>();
    for (const line of lines(join(folder, name, 'qrels/test.tsv')).slice(1)) {
      const [query, id, grade] = line.split('\t') as [string, string, string];
      if (Number(grade) > 0) judged.set(query, (judged.get(query) ?? new Set()).add(id));
    }
    const queries = lines(join(folder, name, 'queries.jsonl'))
      .map((line) => JSON.parse(line) as { _id: string; text: string })
      .filter(({ _id }) => judged.has(_id));
    const meanAveragePrecision = async (toQuery: (text: string) => LexicalQuery): Promise<number> => {
      let total = 0;
      for (const { _id, text } of queries) {
        const relevant = judged.get(_id)!;
        let found = 0;
        let sum = 0;
        (await index.search(toQuery(text), 1000)).forEach(({ id }, i) => {
          if (relevant.has(id)) sum += ++found / (i + 1);
        });
        total += sum / relevant.size;
      }
      return total / queries.length;
    };
    const plain = await meanAveragePrecision((text) => text);
    // The documents are short, so that it takes many terms.
    for (const options of [
      { method: 'rm3', documents: 5, terms: 40 },
      { method: 'rocchio', documents: 5, terms: 80 },
      { method: 'bo1', terms: 40 },
    ] as const) {
      expect(await meanAveragePrecision((text) => expandQuery(index.reader, text, options)), options.method).toBeGreaterThan(plain);
    }
  });
});
