/** What callers get wrong: a `RankError` with a code and a message that helps, or the value that is documented. */
import { isRankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import {
  combsum,
  diagnose,
  explain,
  type FuseOptions,
  findMethod,
  fit,
  fuse,
  gmnz,
  kendallTau,
  lognIsr,
  normalize,
  optimize,
  overlap,
  parseParameters,
  posfuse,
  rankBiasedOverlap,
  rbc,
  rrf,
  standardized,
  weightedSum,
} from './index.ts';

async function failure(work: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await work();
  } catch (error) {
    if (isRankError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: 'it did not fail' };
}

const good = { q1: { a: 2, b: 1 } };
const any = (value: unknown): never => value as never;

describe('runs', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['no runs', () => fuse([]), 'EMPTY_INPUT', /no runs/],
    ['no rankings', () => rrf([]), 'EMPTY_INPUT', /no rankings/],
    ['one run in place of several', () => fuse(any(new Map())), 'INVALID_ARGUMENT', /one run; expected an array of runs/],
    ['a text', () => fuse(any('runs')), 'INVALID_ARGUMENT', /"runs"; expected an array of runs/],
    ['a run that is a list', () => fuse(any([good, []])), 'INVALID_ARGUMENT', /runs\[1\] is an array of 0; expected a run/],
    ['a run that is null', () => fuse(any({ bm25: null })), 'INVALID_ARGUMENT', /runs\["bm25"\] is null/],
    [
      'a single run given as the named runs',
      () => fuse(any({ q1: [{ id: 'a', score: 1 }] })),
      'INVALID_ARGUMENT',
      /runs\["q1"\] is an array/,
    ],
    ['NaN', () => fuse([good, { q1: { a: Number.NaN } }]), 'NOT_FINITE', /runs\[1\]\["q1"\].*"a" is NaN/],
    ['infinity', () => fuse({ x: { q1: [{ id: 'a', score: Number.POSITIVE_INFINITY }] } }), 'NOT_FINITE', /runs\["x"\]\["q1"\]/],
    [
      'a document twice',
      () =>
        fuse([
          {
            q1: [
              { id: 'a', score: 2 },
              { id: 'a', score: 1 },
            ],
          },
        ]),
      'DUPLICATE_ID',
      /document "a" twice/,
    ],
    ['an empty query id', () => fuse([{ '': { a: 1 } }]), 'INVALID_ARGUMENT', /query id is ""/],
    ['a number as id', () => rrf([any([{ id: 7, score: 1 }])]), 'INVALID_ARGUMENT', /non-empty string/],
    ['a number as ranking', () => rrf([any(3)]), 'INVALID_ARGUMENT', /rankings\[0\] is 3/],
    ['a map as ranking', () => rrf([any(new Map())]), 'INVALID_ARGUMENT', /a map/],
    [
      'scores that overflow when added',
      () => combsum([{ a: 1e308 }, { a: 1e308 }], { normalization: 'none' }),
      'NOT_FINITE',
      /too large to be added/,
    ],
  ])('%s', async (_, work, code, message) => {
    const found = await failure(work);
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });

  it('runs without queries give a run without queries', () => {
    expect(fuse([{}, new Map()])).toEqual(new Map());
  });

  it('queries without hits give empty rankings', () => {
    expect(fuse([{ q1: [] }, { q1: {} }], { method: 'combsum' })).toEqual(new Map([['q1', []]]));
    expect(fuse([{ q1: [] }, { q2: ['x'] as never }])).toEqual(
      new Map([
        ['q1', []],
        ['q2', [{ id: 'x', score: 1 / 61 }]],
      ]),
    );
  });

  it('one run of one query is fused with itself alone', () => {
    expect(
      fuse([good])
        .get('q1')!
        .map(({ id }) => id),
    ).toEqual(['a', 'b']);
  });

  it('ids that are names of properties of objects are ids like others', () => {
    expect(rrf([['__proto__', 'constructor', 'toString']]).map(({ id }) => id)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(fuse([{ good: { a: 1 } }]).get('toString')).toBeUndefined();
  });
});

describe('options', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['an option misspelt', () => fuse([good], any({ method: 'rrf', kk: 3 })), 'UNKNOWN_OPTION', /"kk" does not exist/],
    ['an option of another method', () => fuse([good], any({ method: 'combsum', phi: 0.5 })), 'UNKNOWN_OPTION', /"phi" does not exist/],
    ['options that are no object', () => rrf([['a']], any(60)), 'INVALID_ARGUMENT', /options are 60/],
    ['a method misspelt', () => fuse([good], any({ method: 'combmzn' })), 'UNKNOWN_OPTION', /Did you mean "combmnz"/],
    ['a method that is no name', () => fuse([good], any({ method: 3 })), 'INVALID_ARGUMENT', /expected the name of a method/],
    ['a normalization misspelt', () => combsum([good.q1], any({ normalization: 'min-mx' })), 'UNKNOWN_OPTION', /Did you mean "min-max"/],
    ['a normalization that is no name', () => combsum([good.q1], any({ normalization: 1 })), 'INVALID_ARGUMENT', /expected one of none/],
    [
      'a clipped normalization other than z-score',
      () => combsum([good.q1], any({ normalization: { name: 'sum', clip: 2 } })),
      'INVALID_ARGUMENT',
      /only "z-score"/,
    ],
    ['clipping at 0', () => combsum([good.q1], { normalization: { name: 'z-score', clip: 0 } }), 'OUT_OF_RANGE', /clip is 0/],
    ['a preset misspelt', () => rrf([['a']], any({ preset: 'qdrnt' })), 'UNKNOWN_OPTION', /"qdrant"/],
    ['k below 0', () => rrf([['a']], { k: -1 }), 'OUT_OF_RANGE', /k is -1; expected a number at least 0/],
    ['k NaN', () => rrf([['a']], { k: Number.NaN }), 'NOT_FINITE', /k is NaN/],
    ['k a text', () => rrf([['a']], any({ k: '60' })), 'INVALID_ARGUMENT', /k is "60"; expected a number/],
    ['k 0 with ranks from 0', () => rrf([['a']], { k: 0, firstRank: 0 }), 'OUT_OF_RANGE', /worth 1 \/ 0/],
    ['a first rank of 2', () => rrf([['a']], { firstRank: 2 }), 'OUT_OF_RANGE', /firstRank is 2/],
    ['topK 0', () => rrf([['a']], { topK: 0 }), 'OUT_OF_RANGE', /topK is 0/],
    ['topK 1.5', () => fuse([good], { topK: 1.5 }), 'INVALID_ARGUMENT', /topK is 1.5; expected a whole number/],
    ['phi above 1', () => rbc([['a']], { phi: 1.2 }), 'OUT_OF_RANGE', /phi is 1.2/],
    ['sigma above 1', () => lognIsr([['a']], { sigma: 2 }), 'OUT_OF_RANGE', /sigma is 2/],
    ['gamma below 0', () => gmnz([good.q1], { gamma: -1 }), 'OUT_OF_RANGE', /gamma is -1/],
    ['bounds the wrong way round', () => standardized([good.q1], { low: 0, high: 0 }), 'OUT_OF_RANGE', /low below high/],
    ['too few weights', () => weightedSum([good.q1, good.q1], { weights: [1] }), 'DIMENSION_MISMATCH', /1 numbers for 2 runs/],
    [
      'a weight for no run',
      () => weightedSum({ x: good.q1, y: good.q1 }, { weights: { x: 1, z: 2 } }),
      'UNKNOWN_OPTION',
      /"z" does not exist/,
    ],
    [
      'no weight for a run',
      () => weightedSum({ x: good.q1, y: good.q1 }, { weights: { x: 1 } }),
      'DIMENSION_MISMATCH',
      /nothing of run "y"/,
    ],
    ['a weight below 0', () => weightedSum([good.q1], { weights: [-1] }), 'OUT_OF_RANGE', /weights\[0\] is -1/],
    ['weights of 0 only', () => weightedSum([good.q1, good.q1], { weights: [0, 0] }), 'OUT_OF_RANGE', /all 0/],
    ['weights that are a number', () => weightedSum([good.q1], any({ weights: 1 })), 'INVALID_ARGUMENT', /weights is 1/],
    [
      'max normalization of negative scores',
      () => combsum([{ a: 1, b: -1 }], { normalization: 'max' }),
      'OUT_OF_RANGE',
      /met the score -1/,
    ],
    [
      'a parameter of the command line misspelt',
      () => parseParameters(findMethod('rrf'), { q: '1' }),
      'UNKNOWN_OPTION',
      /Parameter of rrf "q"/,
    ],
    [
      'a parameter of the command line that is no number',
      () => parseParameters(findMethod('rrf'), { k: 'x' }),
      'INVALID_ARGUMENT',
      /k is "x"/,
    ],
    ['normalizing by no name', () => normalize([good.q1], any('zz')), 'UNKNOWN_OPTION', /normalization/],
  ])('%s', async (_, work, code, message) => {
    const found = await failure(work);
    expect(found.message).toMatch(message);
    expect(found.code).toBe(code);
  });
});

describe('training', () => {
  const runs = [good, { q1: { b: 1 } }];
  it.each<[string, () => unknown, string, RegExp]>([
    ['qrels without queries', () => fit(runs, {}, { method: 'posfuse' }), 'EMPTY_INPUT', /nothing to learn from/],
    ['qrels without relevant documents', () => fit(runs, { q1: { a: 0, b: -1 } }, { method: 'posfuse' }), 'EMPTY_INPUT', /grade 1 or more/],
    ['grades of a half only', () => fit(runs, { q1: { a: 0.5 } }, { method: 'posfuse' }), 'EMPTY_INPUT', /grade 1 or more/],
    ['a grade that is NaN', () => fit(runs, { q1: { a: Number.NaN } }, { method: 'posfuse' }), 'NOT_FINITE', /grade/],
    [
      'a run that answers no judged query',
      () => fit([good, { q2: { a: 1 } }], { q1: { a: 1 } }, { method: 'mapfuse' }),
      'EMPTY_INPUT',
      /"run 2" answers no judged query/,
    ],
    ['a method without training', () => fit(runs, { q1: { a: 1 } }, any({ method: 'rrf' })), 'UNSUPPORTED', /rrf has nothing to train/],
    ['no method', () => fit(runs, { q1: { a: 1 } }, any(undefined)), 'INVALID_ARGUMENT', /expected the name of a method/],
    ['an unknown option', () => fit(runs, { q1: { a: 1 } }, any({ method: 'posfuse', window: 2 })), 'UNKNOWN_OPTION', /"window"/],
    ['no segments', () => fit(runs, { q1: { a: 1 } }, { method: 'probfuse', segments: 0 }), 'OUT_OF_RANGE', /segments is 0/],
    ['fusing without a model', () => fuse(runs, any({ method: 'posfuse' })), 'INVALID_ARGUMENT', /model is missing.*Train one/],
    [
      'a model of another method',
      () => fuse(runs, { method: 'posfuse', model: fit(runs, { q1: { a: 1 } }, { method: 'mapfuse' }) }),
      'INVALID_ARGUMENT',
      /trained for "mapfuse"/,
    ],
    [
      'a model of other runs',
      () => posfuse([['a']], { model: fit(runs, { q1: { a: 1 } }, { method: 'posfuse' }) }),
      'DIMENSION_MISMATCH',
      /trained on 2 runs, and is used with 1/,
    ],
    [
      'something else as model',
      () => fuse(runs, any({ method: 'posfuse', model: 3 })),
      'INVALID_ARGUMENT',
      /expected what fit\(\) returned/,
    ],
    [
      'a model with NaN',
      () => fuse(runs, any({ method: 'posfuse', model: { method: 'posfuse', parameters: {}, tables: [[1], [Number.NaN]] } })),
      'INVALID_ARGUMENT',
      /finite numbers/,
    ],
  ])('%s', async (_, work, code, message) => {
    const found = await failure(work);
    expect(found.message).toMatch(message);
    expect(found.code).toBe(code);
  });

  it('takes fractional and negative grades where the least relevant one says so', () => {
    const model = fit(runs, { q1: { a: 0.5, b: -1 } }, { method: 'posfuse', minimumGrade: 0.5 });
    expect(model.tables).toEqual([[1, 0], [0]]);
  });
});

describe('explaining, comparing, searching', () => {
  const measure = (): Record<string, number> => ({ q1: 1 });
  it.each<[string, () => unknown, string, RegExp]>([
    ['explaining a query that no run has', () => explain([good], 'q9'), 'NOT_FOUND', /No run has the query "q9"/],
    ['comparing one run', () => diagnose([good]), 'EMPTY_INPUT', /one run/],
    ['a measure without judgements', () => diagnose([good, good], { measure }), 'INVALID_ARGUMENT', /no qrels/],
    ['judgements of other queries', () => diagnose([good, good], { qrels: { q2: { a: 1 } } }), 'EMPTY_INPUT', /no query/],
    ['a persistence of 1', () => rankBiasedOverlap(['a'], ['a'], { p: 1 }), 'OUT_OF_RANGE', /p is 1/],
    ['a depth of 0', () => overlap(['a'], ['a'], { depth: 0 }), 'OUT_OF_RANGE', /depth is 0/],
    ['a ranking with NaN', () => kendallTau([{ id: 'a', score: Number.NaN }], ['a']), 'NOT_FINITE', /the first ranking/],
    [
      'searching without a measure',
      () => optimize([good], { q1: { a: 1 } }, any({ method: 'rrf' })),
      'INVALID_ARGUMENT',
      /measure is missing/,
    ],
    [
      'searching over one query',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure }),
      'OUT_OF_RANGE',
      /one judged query.*folds: false/,
    ],
    [
      'searching where nothing is relevant',
      () => optimize([good], { q1: { a: 0 } }, { method: 'rrf', measure }),
      'EMPTY_INPUT',
      /nothing to measure/,
    ],
    [
      'searching a method without parameters',
      () => optimize([good], { q1: { a: 1 } }, { method: 'combsum', measure, folds: false }),
      'UNSUPPORTED',
      /no parameter to search/,
    ],
    [
      'a measure that gives infinity',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure: () => ({ q1: Number.POSITIVE_INFINITY }), folds: false }),
      'NOT_FINITE',
      /The measure gave Infinity for query "q1"/,
    ],
    [
      'a measure without a value for any query',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure: () => ({ q1: Number.NaN }), folds: false }),
      'NOT_FINITE',
      /NaN for every query/,
    ],
    [
      'a measure that gives a number',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure: any(() => 1), folds: false }),
      'INVALID_ARGUMENT',
      /The measure gave 1/,
    ],
    [
      'a grid too large',
      () =>
        optimize(Array(8).fill(good), { q1: { a: 1 } }, { method: 'weighted-sum', measure, folds: false, search: 'grid', maxTrials: 1000 }),
      'OUT_OF_RANGE',
      /has 19448 points, more than 1000/,
    ],
    [
      'a grid with an unknown name',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure, folds: false, grid: { phi: [1] } }),
      'UNKNOWN_OPTION',
      /"phi"/,
    ],
    [
      'a grid without values',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure, folds: false, grid: { k: [] } }),
      'INVALID_ARGUMENT',
      /has no values/,
    ],
    ['one fold', () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure, folds: 1 }), 'OUT_OF_RANGE', /folds is 1/],
    [
      'a simplex without weights',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure, folds: false, search: 'simplex' }),
      'UNSUPPORTED',
      /for weights/,
    ],
    [
      'a fixed parameter that does not exist',
      () => optimize([good], { q1: { a: 1 } }, { method: 'rrf', measure, folds: false, parameters: { x: 1 } }),
      'UNKNOWN_OPTION',
      /"x"/,
    ],
  ])('%s', async (_, work, code, message) => {
    const found = await failure(work);
    expect(found.message).toMatch(message);
    expect(found.code).toBe(code);
  });

  it('values that are not defined are NaN', () => {
    expect(kendallTau(['a'], ['b'])).toBeNaN();
    expect(kendallTau([], [])).toBeNaN();
  });
});

describe('types', () => {
  it('know the options of each method', () => {
    const options: FuseOptions[] = [{ method: 'rrf', k: 3 }, { method: 'weighted-sum', weights: [1, 2], normalization: 'sum' }, {}];
    // @ts-expect-error: combsum has no k.
    const wrong: FuseOptions = { method: 'combsum', k: 3 };
    expect([...options, wrong]).toHaveLength(4);
  });
});
