import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../testing/tokens.ts';
import { type MaxSimOptions, maxsimScores } from './maxsim.ts';

/** Sentence Transformers' `maxsim` and `mean_maxsim`, with and without masks, of a few random unit rows. */
const recorded = JSON.parse(readFileSync(new URL('./maxsim.sentence-transformers.json', import.meta.url), 'utf8')) as {
  queries: number[][][];
  documents: number[][][];
  queryMasks: number[][];
  documentMasks: number[][];
  maxsim: number[][];
  meanMaxSim: number[][];
  masked: number[][];
  maskedMean: number[][];
};

describe('agreement with Sentence Transformers 6', () => {
  const cases: [string, 'maxsim' | 'meanMaxSim' | 'masked' | 'maskedMean', MaxSimOptions, boolean][] = [
    ['maxsim', 'maxsim', {}, false],
    ['mean_maxsim', 'meanMaxSim', { aggregate: 'mean' }, false],
    ['maxsim with masks', 'masked', {}, true],
    ['mean_maxsim with masks', 'maskedMean', { aggregate: 'mean' }, true],
  ];
  it.each(cases)('%s', (_, key, options, masks) => {
    const documents = recorded.documents.map((rows) => tokensOf(rows));
    recorded.queries.forEach((rows, q) => {
      const mask = { query: recorded.queryMasks[q]!, documents: recorded.documentMasks };
      const scores = maxsimScores(tokensOf(rows), documents, masks ? { ...options, mask } : options);
      scores.forEach((score, d) => {
        expect(score).toBeCloseTo(recorded[key][q]![d]!, 5);
      });
    });
  });
});

describe("agreement with PyLate's documentation of colbert_scores", () => {
  it('gives its values, with rows that are masked counting 0', () => {
    const documents = [
      [[10], [0], [1]],
      [[0], [100], [10]],
      [[1], [0], [1000]],
    ].map((rows) => tokensOf(rows));
    const mask = { documents: [undefined, [1, 0, 1], undefined] };
    const score = (rows: number[][]) => [...maxsimScores(tokensOf(rows), documents, { mask, absent: 'zero' })];
    expect(score([[1], [0], [0], [0]])).toEqual([10, 10, 1000]);
    expect(score([[0], [2], [0], [0]])).toEqual([20, 20, 2000]);
  });
});

describeWithData('agreement with next-plaid and PyLate on real embeddings', 'late-interaction/next-plaid-parity', (folder) => {
  const published = [
    [9.247, 8.7532, 8.7394],
    [12.6121, 13.2497, 12.7364],
    [30.8115, 30.8709, 31.2646],
  ];
  const read = (name: string) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as number[][][]).map((rows) => tokensOf(rows));
  it.each(['py', 'rs'])('MaxSim of the three texts as %s encoded them', (encoder) => {
    const documents = read(`${encoder}_doc.json`);
    const scores = read(`${encoder}_query.json`).map((query) => [...maxsimScores(query, documents)]);
    scores.flat().forEach((score, i) => {
      expect(score).toBeCloseTo(published.flat()[i]!, 3);
    });
  });
});
