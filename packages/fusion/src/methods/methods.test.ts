import { describe, expect, it } from 'vitest';
import {
  additiveMultiTask,
  borda,
  combmnz,
  combsum,
  condorcet,
  copeland,
  dbsf,
  findMethod,
  fuse,
  inverseSquareRoot,
  logIsr,
  medianRank,
  rbc,
  rrf,
  standardized,
  weightedCondorcet,
  weightedRrf,
  weightedSum,
} from '../index.ts';

/** Scores by id, for methods whose order follows from them. */
const scoresOf = (hits: readonly { id: string; score: number }[]): Record<string, number> =>
  Object.fromEntries(hits.map(({ id, score }) => [id, score]));
const idsOf = (hits: readonly { id: string }[]): string[] => hits.map(({ id }) => id);

describe('rrf', () => {
  it('adds 1 / (60 + rank), ranks from 1', () => {
    expect(
      rrf([
        ['a', 'b'],
        ['b', 'c'],
      ]),
    ).toEqual([
      { id: 'b', score: 1 / 62 + 1 / 61 },
      { id: 'a', score: 1 / 61 },
      { id: 'c', score: 1 / 62 },
    ]);
  });

  it('counts from 0 with k 2 as Qdrant does, and from 0 with k 60 as rank-fusion does', () => {
    expect(scoresOf(rrf([['a', 'b']], { preset: 'qdrant' }))).toEqual({ a: 1 / 2, b: 1 / 3 });
    expect(scoresOf(rrf([['a', 'b']], { preset: 'rank-fusion' }))).toEqual({ a: 1 / 60, b: 1 / 61 });
    expect(rrf([['a', 'b']], { preset: 'elasticsearch' })).toEqual(rrf([['a', 'b']], { preset: 'cormack' }));
  });

  it('lets an option override its preset', () => {
    expect(scoresOf(rrf([['a']], { preset: 'qdrant', k: 5 }))).toEqual({ a: 1 / 5 });
  });

  it('takes rankings by name', () => {
    expect(rrf({ bm25: ['a'], dense: ['a'] })).toEqual([{ id: 'a', score: 2 / 61 }]);
  });

  it('ignores a run without an answer, and keeps empty results empty', () => {
    expect(rrf([['a'], undefined])).toEqual(rrf([['a']]));
    expect(rrf([[], []])).toEqual([]);
  });
});

describe('weighted rrf', () => {
  it('multiplies what a run adds by its weight', () => {
    expect(scoresOf(weightedRrf([['a'], ['b', 'a']], { weights: [1, 3] }))).toEqual({ a: 1 / 61 + 3 * (1 / 62), b: 3 * (1 / 61) });
  });

  it('divides the rank by the weight as Qdrant does: 1 / ((position + 1) / w + k − 1)', () => {
    const fused = scoresOf(weightedRrf([['a', 'b', 'c'], ['c']], { preset: 'qdrant', weights: [3, 0.5] }));
    expect(fused['a']).toBeCloseTo(1 / (1 / 3 + 1), 15);
    expect(fused['b']).toBeCloseTo(1 / (2 / 3 + 1), 15);
    expect(fused['c']).toBeCloseTo(1 / (3 / 3 + 1) + 1 / (1 / 0.5 + 1), 15);
  });

  it('is plain where all weights are 1, whatever they act on', () => {
    const rankings = [
      ['a', 'b', 'c'],
      ['c', 'd'],
    ];
    expect(weightedRrf(rankings)).toEqual(rrf(rankings));
    for (const { id, score } of weightedRrf(rankings, { weigh: 'rank' })) expect(score).toBeCloseTo(scoresOf(rrf(rankings))[id]!, 15);
    for (const { id, score } of weightedRrf(rankings, { preset: 'qdrant' }))
      expect(score).toBeCloseTo(scoresOf(rrf(rankings, { preset: 'qdrant' }))[id]!, 15);
  });

  it('lets a weight of 0 silence a run', () => {
    expect(scoresOf(weightedRrf([['a'], ['b']], { weights: [1, 0], weigh: 'rank' }))).toEqual({ a: 1 / 61, b: 0 });
  });

  it('takes weights by name', () => {
    const rankings = { bm25: ['a'], dense: ['b'] };
    expect(weightedRrf(rankings, { weights: { dense: 2, bm25: 1 } })).toEqual(weightedRrf(rankings, { weights: [1, 2] }));
  });
});

describe('the other isr', () => {
  it('adds 1 / √(1 + rank), ranks from 0, as rank-fusion does', () => {
    expect(scoresOf(inverseSquareRoot([['a', 'b'], ['b']]))).toEqual({ a: 1, b: 1 / Math.sqrt(2) + 1 });
  });
});

describe('log isr', () => {
  it('gives 0 to what one ranking only has', () => {
    expect(scoresOf(logIsr([['a', 'b'], ['b']]))).toEqual({ a: 0, b: Math.log(2) * (1 / 4 + 1) });
  });
});

describe('rbc', () => {
  it('shares out a weight of 1 over an endless ranking', () => {
    const long = Array.from({ length: 300 }, (_, i) => `d${i}`);
    expect(rbc([long], { phi: 0.9 }).reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 12);
  });
});

describe('borda', () => {
  it('shares the points that a run has left among what it does not have, or gives none', () => {
    expect(scoresOf(borda([['a', 'b', 'c'], ['c']]))).toEqual({ a: 3 + 1.5, b: 2 + 1.5, c: 1 + 3 });
    expect(scoresOf(borda([['a', 'b', 'c'], ['c']], { points: 'list' }))).toEqual({ a: 3, b: 2, c: 1 + 1 });
  });
});

describe('condorcet', () => {
  it('puts first what a majority prefers to each other document', () => {
    expect(
      scoresOf(
        condorcet([
          ['a', 'b', 'c'],
          ['b', 'a', 'c'],
          ['b', 'c', 'a'],
        ]),
      ),
    ).toEqual({ b: 3, a: 2, c: 1 });
  });

  it('does not count a run for either of two documents that it does not have', () => {
    // Of four runs one ranks b above a; the others have neither. Counting those for whichever comes second, as ranx does, would undecide it.
    expect(idsOf(condorcet([['b', 'a'], ['x'], ['x'], ['x']]))).toEqual(['x', 'b', 'a']);
  });

  it('leaves what no majority decides to the points, then to the ids', () => {
    expect(
      idsOf(
        condorcet([
          ['a', 'b', 'c'],
          ['c', 'b', 'a'],
        ]),
      ),
    ).toEqual(['a', 'b', 'c']);
    expect(idsOf(condorcet([['z', 'b'], ['b', 'z'], ['b'], ['z']]))).toEqual(['b', 'z']);
  });

  it('gives one order for a cycle, whatever the order of the runs', () => {
    const cycle = [
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
    ];
    expect(condorcet(cycle)).toEqual(condorcet([...cycle].reverse()));
  });

  it('follows the heavier voter, and takes weights that cancel for a tie', () => {
    expect(
      idsOf(
        weightedCondorcet(
          [
            ['a', 'b'],
            ['b', 'a'],
          ],
          { weights: [1, 2] },
        ),
      ),
    ).toEqual(['b', 'a']);
    // 0.1 + 0.2 is not 0.3 in binary; it is a tie all the same, and a has more points.
    const rankings = [
      ['b', 'a'],
      ['b', 'a'],
      ['a', 'x', 'b'],
    ];
    expect(idsOf(weightedCondorcet(rankings, { weights: [0.1, 0.2, 0.3] })).slice(0, 2)).toEqual(['a', 'b']);
  });
});

describe('copeland', () => {
  it('counts pairs won less pairs lost', () => {
    expect(
      scoresOf(
        copeland([
          ['a', 'b', 'c'],
          ['a', 'c', 'b'],
          ['b', 'a', 'c'],
        ]),
      ),
    ).toEqual({ a: 2, b: 0, c: -2 });
    expect(
      scoresOf(
        copeland([
          ['a', 'b', 'c'],
          ['b', 'c', 'a'],
          ['c', 'a', 'b'],
        ]),
      ),
    ).toEqual({ a: 0, b: 0, c: 0 });
  });
});

describe('median rank', () => {
  it('ranks what a run does not have one after its last', () => {
    expect(
      scoresOf(
        medianRank([
          ['a', 'b'],
          ['b', 'a'],
          ['b', 'c', 'd'],
        ]),
      ),
    ).toEqual({ b: -1, a: -2, c: -3, d: -3 });
  });

  it('or looks only at the runs that have it', () => {
    expect(
      scoresOf(
        medianRank(
          [
            ['a', 'b'],
            ['b', 'a'],
            ['b', 'c', 'd'],
          ],
          { missing: 'ignore' },
        ),
      ),
    ).toEqual({ b: -1, a: -1.5, c: -2, d: -3 });
  });
});

describe('dbsf', () => {
  it('stretches the mean ± three sample deviations to [0, 1], as Qdrant does', () => {
    // Scores 1, 2, 3: mean 2, sample deviation 1, so (s + 1) / 6.
    const fused = scoresOf(dbsf([{ a: 3, b: 2, c: 1 }, { a: 7 }]));
    expect(fused['a']).toBeCloseTo(4 / 6 + 0.5, 12);
    expect(fused['b']).toBeCloseTo(3 / 6, 12);
    expect(fused['c']).toBeCloseTo(2 / 6, 12);
  });

  it('gives ½ where all scores are equal', () => {
    expect(scoresOf(dbsf([{ a: 4, b: 4 }]))).toEqual({ a: 0.5, b: 0.5 });
  });
});

describe('standardized', () => {
  it('adds z-scores with the population deviation, clipped', () => {
    const fused = scoresOf(standardized([{ a: 3, b: 2, c: 1 }], { low: -1, high: 1 }));
    expect(fused).toEqual({ a: 1, b: 0, c: -1 });
    expect(scoresOf(standardized([{ a: 3, b: 2, c: 1 }]))['a']).toBeCloseTo(1 / Math.sqrt(2 / 3), 12);
  });
});

describe('additive multi-task', () => {
  it('weighs tasks on the scale of z-scores', () => {
    const fused = scoresOf(
      additiveMultiTask({ clicks: { a: 0.1, b: 0.3 }, conversions: { a: 2, b: 1 } }, { weights: { clicks: 1, conversions: 20 } }),
    );
    expect(fused['a']).toBeCloseTo(-1 + 20, 9);
    expect(fused['b']).toBeCloseTo(1 - 20, 9);
  });
});

describe('methods on scores', () => {
  it('normalize by min-max unless told otherwise', () => {
    const rankings = [
      { a: 10, b: 5, c: 0 },
      { b: 1, d: 0 },
    ];
    expect(scoresOf(combsum(rankings))).toEqual({ b: 0.5 + 1, a: 1, c: 0, d: 0 });
    expect(scoresOf(combsum(rankings, { normalization: 'none' }))).toEqual({ a: 10, b: 6, c: 0, d: 0 });
    expect(scoresOf(weightedSum(rankings, { weights: [2, 1], normalization: 'none' }))).toEqual({ a: 20, b: 11, c: 0, d: 0 });
  });

  it('do not punish a run for having found one document only', () => {
    expect(scoresOf(combsum([{ a: 0.3 }, { a: 5, b: 4 }]))).toEqual({ a: 2, b: 0 });
  });

  it('refuse negative scores where being found often would count against a document', () => {
    expect(() => combmnz([{ a: -1, b: -2 }], { normalization: 'none' })).toThrow(/combmnz met the score -1.*negative: "allow"/);
    expect(() => combmnz([{ a: 1, b: 2 }], { normalization: 'z-score' })).toThrow(/after normalization "z-score"/);
    expect(scoresOf(combmnz([{ a: 1, b: 3 }], { normalization: 'z-score', negative: 'allow' }))).toEqual({ a: -1, b: 1 });
  });

  it('refuse ids without scores, naming the run; normalized by rank they need none', () => {
    expect(() => combsum({ bm25: ['a', 'b'] })).toThrow(/ids without scores/);
    expect(() => dbsf({ bm25: ['a', 'b'] })).toThrow(/dbsf needs scores, and bm25 has ids only/);
    expect(scoresOf(combsum([['a', 'b']], { normalization: 'rank' }))).toEqual({ a: 1, b: 0.5 });
  });
});

describe('names', () => {
  it.each([
    ['mnz', 'combmnz'],
    ['w_bordafuse', 'weighted-borda'],
    ['wsum', 'weighted-sum'],
    ['log_isr', 'log-isr'],
    ['LogN ISR', 'logn-isr'],
    ['rrf_weighted', 'weighted-rrf'],
    ['CombSUM', 'combsum'],
    ['median_rank', 'median-rank'],
    ['w_condorcet', 'weighted-condorcet'],
  ])('%s is %s', (alias, name) => expect(findMethod(alias).name).toBe(name));

  it('finds the nearest where a name is misspelt', () => {
    expect(() => findMethod('comdorcet')).toThrow(/Did you mean "condorcet"/);
    expect(() => fuse([{ q: { a: 1 } }], { method: 'rff' as 'rrf' })).toThrow(/Did you mean "rrf"/);
  });
});
