import { formatTrecRun, parseTrecRun } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { Evaluator, evaluate, valuesOf } from './evaluate.ts';

const qrels = { q1: { a: 1, b: 2, c: 0 }, q2: { a: 1 }, q3: { z: 1 } };
const run = { q1: { c: 3, a: 2, b: 1 }, q2: { a: 1, x: 1 }, other: { a: 1 } };

describe('evaluate', () => {
  it('gives values by measure, by query and averaged over all judged queries', () => {
    const { measures, queries, values, perQuery } = evaluate(qrels, run, ['AP', 'P@2', 'num_ret']);
    expect(measures).toEqual(['AP', 'P@2', 'num_ret']);
    expect(queries).toEqual(['q1', 'q2', 'q3']);
    expect(perQuery['q1']).toEqual({ AP: (1 / 2 + 2 / 3) / 2, 'P@2': 0.5, num_ret: 3 });
    // Equal scores stand by descending id, so that x is before a.
    expect(perQuery['q2']!['AP']).toBe(0.5);
    expect(perQuery['q3']).toEqual({ AP: 0, 'P@2': 0, num_ret: 0 });
    expect(values['AP']).toBeCloseTo((perQuery['q1']!['AP']! + 0.5) / 3, 15);
    expect(values['num_ret']).toBe(5);
  });

  it('averages over answered queries as trec_eval does, where it is asked to', () => {
    expect(evaluate(qrels, run, 'AP', { queries: 'answered' }).queries).toEqual(['q1', 'q2']);
    expect(evaluate(qrels, {}, 'AP', { queries: 'answered' }).values['AP']).toBe(0);
  });

  it('orders equal scores as rankings stand, where it is asked to', () => {
    expect(evaluate(qrels, run, 'RR', { ties: 'ranking' }).perQuery['q2']!['RR']).toBe(1);
  });

  it('looks no deeper than it is told', () => {
    expect(evaluate(qrels, run, ['AP', 'NumRet'], { depth: 1 }).perQuery['q1']).toEqual({ AP: 0, NumRet: 1 });
  });

  it('serves any number of runs', () => {
    const evaluator = new Evaluator(qrels, 'AP');
    expect(evaluator.evaluate(run).values['AP']).toBe(evaluate(qrels, run, 'AP').values['AP']);
    expect([...valuesOf(evaluator.evaluate({}), 'AP')]).toEqual([0, 0, 0]);
  });

  it('takes runs as they were read', () => {
    const read = parseTrecRun(formatTrecRun(run));
    expect(evaluate(qrels, read, 'all_trec')).toEqual(evaluate(qrels, run, 'all_trec'));
  });

  it('has queries of any name', () => {
    const odd = JSON.parse('{"__proto__": {"a": 1}, "constructor": {"a": 1}}') as Record<string, Record<string, number>>;
    const { perQuery, values } = evaluate(odd, odd, 'AP');
    expect(Object.keys(perQuery)).toEqual(['__proto__', 'constructor']);
    expect(values['AP']).toBe(1);
  });

  it('gives the geometric mean of values of at least 0.00001', () => {
    expect(evaluate(qrels, run, 'gm_map').values['gm_map']).toBeCloseTo(Math.cbrt((7 / 12) * 0.5 * 0.00001), 12);
  });
});

describe('bad input to evaluate', () => {
  it.each([
    ['no judgements', {}, run, 'AP', 'EMPTY_INPUT'],
    ['judgements that are none', 7, run, 'AP', 'INVALID_ARGUMENT'],
    ['a run that is none', qrels, [], 'AP', 'INVALID_ARGUMENT'],
    ['a NaN score', qrels, { q1: { a: Number.NaN } }, 'AP', 'NOT_FINITE'],
    ['a NaN grade', { q1: { a: Number.NaN } }, run, 'AP', 'NOT_FINITE'],
    [
      'a document twice',
      qrels,
      {
        q1: [
          { id: 'a', score: 1 },
          { id: 'a', score: 2 },
        ],
      },
      'AP',
      'DUPLICATE_ID',
    ],
    ['a misspelt measure', qrels, run, 'nDGC@10', 'UNKNOWN_OPTION'],
    ['subtopics without subtopics', qrels, run, 'alpha_nDCG@10', 'INVALID_ARGUMENT'],
  ])('%s is a RankError', (_, judgements, given, measure, code) => {
    expect(() => evaluate(judgements as never, given as never, measure)).toThrow(expect.objectContaining({ name: 'RankError', code }));
  });

  it('options nobody knows, or out of range, are RankErrors', () => {
    expect(() => evaluate(qrels, run, 'AP', { dept: 3 } as never)).toThrow('Did you mean "depth"?');
    expect(() => evaluate(qrels, run, 'AP', { depth: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => evaluate(qrels, run, 'AP', { ties: 'random' as never })).toThrow(expect.objectContaining({ name: 'RankError' }));
  });

  it('empty runs, one query, and queries without relevant documents have values', () => {
    const all = [
      'nDCG@10',
      'AP',
      'RR',
      'P@5',
      'R@5',
      'Rprec',
      'Bpref',
      'infAP',
      'IPrec@0.5',
      'RBP',
      'ERR@5',
      'Judged@5',
      'Compat',
      'SetP',
      'SetR',
      'SetF',
      'SetAP',
      'SDCG(max_rel=2)@5',
      'INST(max_rel=2)',
      'all_trec',
      'yaap',
    ];
    for (const given of [{}, { q1: {} }, { q1: { a: 1 } }]) {
      for (const judgements of [{ q1: { a: 0 } }, { q1: {} }, { q1: { a: -1 } }, { q1: { a: 1 } }, { q1: { a: 0.5 } }]) {
        const { values } = evaluate(judgements, given, all);
        for (const [name, value] of Object.entries(values)) expect(Number.isFinite(value), name).toBe(true);
      }
    }
  });

  it('grades that are negative are judged by nobody, and fractions are gains', () => {
    const { values } = evaluate({ q: { a: -1, b: 0.5, c: 1 } }, { q: { a: 3, b: 2, c: 1 } }, ['nDCG', 'P@3', 'P(rel=0.5)@3', 'unj_5']);
    expect(values['nDCG']).toBeCloseTo((0.5 / Math.log2(3) + 1 / 2) / (1 + 0.5 / Math.log2(3)), 12);
    expect(values['P@3']).toBeCloseTo(1 / 3, 12);
    expect(values['P(rel=0.5)@3']).toBeCloseTo(2 / 3, 12);
    expect(values['unj_5']).toBe(0.2);
  });
});
