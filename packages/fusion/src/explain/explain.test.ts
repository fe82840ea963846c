import { describe, expect, it } from 'vitest';
import { attribution, consensus, explain, explanationOf } from '../index.ts';

const runs = {
  bm25: { q1: { a: 10, b: 8, c: 2 }, q2: { z: 1 } },
  dense: { q1: { b: 0.9, d: 0.5 } },
};

describe('explain', () => {
  it('says rank, score, normalized score and contribution of each source', () => {
    expect(explain(runs, 'q1', { method: 'weighted-sum', weights: { bm25: 1, dense: 2 } })).toEqual([
      {
        id: 'b',
        score: 0.75 + 2,
        rank: 1,
        consensus: 1,
        sources: [
          { run: 'bm25', rank: 2, score: 8, normalized: 0.75, contribution: 0.75 },
          { run: 'dense', rank: 1, score: 0.9, normalized: 1, contribution: 2 },
        ],
      },
      {
        id: 'a',
        score: 1,
        rank: 2,
        consensus: 0.5,
        sources: [
          { run: 'bm25', rank: 1, score: 10, normalized: 1, contribution: 1 },
          { run: 'dense', contribution: 0 },
        ],
      },
      {
        id: 'c',
        score: 0,
        rank: 3,
        consensus: 0.5,
        sources: [
          { run: 'bm25', rank: 3, score: 2, normalized: 0, contribution: 0 },
          { run: 'dense', contribution: 0 },
        ],
      },
      {
        id: 'd',
        score: 0,
        rank: 4,
        consensus: 0.5,
        sources: [
          { run: 'bm25', contribution: 0 },
          { run: 'dense', rank: 2, score: 0.5, normalized: 0, contribution: 0 },
        ],
      },
    ]);
  });

  it('leaves out a run that has no answer to the query', () => {
    expect(explain(runs, 'q2')[0]!.sources.map(({ run }) => run)).toEqual(['bm25']);
  });

  it('gives the value of a missing document where the normalization has one', () => {
    const found = explain(runs, 'q1', { method: 'combsum', normalization: 'borda' }).find(({ id }) => id === 'a')!;
    expect(found.sources[1]).toEqual({ run: 'dense', normalized: 0.5 - 1 / 8, contribution: 0.5 - 1 / 8 });
  });

  it('shares the greatest score between those who gave it', () => {
    const [a] = explain([{ q: { a: 3 } }, { q: { a: 3 } }, { q: { a: 1 } }], 'q', { method: 'combmax', normalization: 'none' });
    expect(a!.sources.map(({ contribution }) => contribution)).toEqual([1.5, 1.5, 0]);
  });

  it('becomes a tree of named parts', () => {
    const [best] = explain(runs, 'q1', { topK: 1 });
    const tree = explanationOf(best!, 'rrf');
    expect(tree).toMatchObject({ name: 'rrf', space: 'fused', combine: 'sum', description: 'rank 1, found by 2 of 2 runs' });
    expect(tree.parts).toEqual([
      { name: 'bm25', value: 1 / 62, description: 'rank 2, score 8' },
      { name: 'dense', value: 1 / 61, description: 'rank 1, score 0.9' },
    ]);
    expect(tree.parts!.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(tree.value, 15);
  });
});

describe('consensus', () => {
  it('tells what all runs have, what one has, and where ranks are far apart', () => {
    const far = {
      x: { q: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, 20 - i])) },
      y: { q: { d19: 2, d0: 1, only: 0 } },
    };
    const report = consensus(explain(far, 'q'));
    expect(report.everywhere.toSorted()).toEqual(['d0', 'd19']);
    expect(report.singleSource).toContainEqual({ id: 'only', run: 'y' });
    expect(report.disagreements).toEqual([{ id: 'd19', difference: 19, ranks: { x: 20, y: 1 } }]);
    expect(report.meanConsensus).toBeCloseTo((2 * 1 + 19 * 0.5) / 21, 12);
    expect(consensus(explain(far, 'q'), { disagreement: 19 }).disagreements).toEqual([]);
    expect(consensus([]).meanConsensus).toBeNaN();
  });
});

describe('attribution', () => {
  it('tells which run the top is owed to', () => {
    expect(attribution(explain(runs, 'q1', { method: 'weighted-sum', weights: [1, 2] }), { topK: 2 })).toEqual([
      { run: 'bm25', found: 2, unique: 1, meanContribution: 1.75 / 2, share: 1.75 / 3.75 },
      { run: 'dense', found: 1, unique: 0, meanContribution: 2, share: 2 / 3.75 },
    ]);
    expect(attribution([])).toEqual([]);
  });
});
