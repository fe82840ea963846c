import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureFamilies } from '../measures/index.ts';
import { parseMeasure, parseMeasures } from './parse-measure.ts';

describe('names of measures', () => {
  it.each([
    ['nDCG@10', 'nDCG@10'],
    [' nDCG@10 ', 'nDCG@10'],
    ['NDCG@10', 'nDCG@10'],
    ['nDCG', 'nDCG'],
    ["nDCG(dcg='exp-log2')@10", "nDCG(dcg='exp-log2')@10"],
    ['nDCG(dcg="exp-log2", judged_only = True) @ 5', "nDCG(dcg='exp-log2',judged_only=True)@5"],
    ['nDCG(dcg=exp-log2)@10', "nDCG(dcg='exp-log2')@10"],
    ['nDCG(gains={1: 0, 2: 5})@10', 'nDCG(gains={1:0,2:5})@10'],
    ['AP(rel=2)@100', 'AP(rel=2)@100'],
    ['AP(rel=1)@100', 'AP@100'],
    ['MAP', 'AP'],
    ['MRR@10', 'RR@10'],
    ['P(cutoff=5)', 'P@5'],
    ['Precision@5', 'P@5'],
    ['IPrec@0.1', 'IPrec@0.1'],
    ['RBP(p=0.8)', 'RBP'],
    ['RBP(p=.95, rel=2)', 'RBP(p=0.95,rel=2)'],
    ['Compat(normalize=false)', 'Compat(normalize=False)'],
    ['α_nDCG@10', 'alpha_nDCG@10'],
    ['SDCG(max_rel=3)@10', 'SDCG(max_rel=3)@10'],
    // ranx
    ['ndcg@10', 'nDCG@10'],
    ['ndcg_burges@10', "nDCG(dcg='exp-log2')@10"],
    ['map@100', 'AP@100'],
    ['mrr', 'RR'],
    ['hit_rate@5', 'Success@5'],
    ['recall@100-l2', 'R(rel=2)@100'],
    ['recall-l2@100', 'R(rel=2)@100'],
    ['r-precision', 'Rprec'],
    ['f1@10', 'F@10'],
    ['rbp.95', 'RBP(p=0.95)'],
    ['precision', 'SetP'],
    // trec_eval
    ['map', 'map'],
    ['ndcg_cut_10', 'ndcg_cut_10'],
    ['ndcg_cut.10', 'ndcg_cut_10'],
    ['P_5', 'P_5'],
    ['iprec_at_recall.0.25', 'iprec_at_recall_0.25'],
    ['ndcg.1=3.5,2=9', 'ndcg_1=3.5,2=9'],
    ['rbp.p=.95', 'rbp_p=.95'],
    ['utility.2,-1,0,0', 'utility_2,-1,0,0'],
  ])('%s is %s', (text, name) => {
    expect(parseMeasure(text).name).toBe(name);
  });

  it('may stand for several, and keep the name they were asked for by', () => {
    expect(parseMeasures(['P.5,10', 'ndcg@10', 'P_5']).map(({ label }) => label)).toEqual(['P_5', 'P_10', 'ndcg@10']);
    expect(parseMeasures('recall').map(({ label }) => label)).toContain('recall_1000');
    expect(parseMeasures('official').map(({ label }) => label)).toContain('gm_map');
    expect(() => parseMeasure('official')).toThrow(/stands for \d+ measures/);
  });

  it.each([
    ['nDGC@10', 'Did you mean "nDCG"?'],
    ['ndgc@10', 'Did you mean'],
    ['recip_rnk', 'Did you mean "recip_rank"?'],
    ['Sucess@1', 'Did you mean "Success"?'],
    ['hitrate@10', 'Did you mean "hit_rate"?'],
    ['nDCG(judgedonly=true)', 'Did you mean "judged_only"?'],
    ['zzzzzz', 'does not exist'],
    ['', 'does not exist'],
  ])('that do not exist show the nearest that does: %s', (text, message) => {
    expect(() => parseMeasure(text)).toThrow(message);
    expect(() => parseMeasure(text)).toThrow(expect.objectContaining({ code: 'UNKNOWN_OPTION' }));
  });

  it.each([
    ['P', 'P needs cutoff', 'INVALID_ARGUMENT'],
    ['IPrec', 'IPrec needs recall', 'INVALID_ARGUMENT'],
    ['SDCG@10', 'SDCG needs max_rel', 'INVALID_ARGUMENT'],
    ['P@0', 'at least 1', 'OUT_OF_RANGE'],
    ['P@2.5', 'a whole number', 'INVALID_ARGUMENT'],
    ['P@ten', 'a number', 'INVALID_ARGUMENT'],
    ['RBP(p=1)', 'above 0 and below 1', 'OUT_OF_RANGE'],
    ['IPrec@1.5', 'at least 0 and at most 1', 'OUT_OF_RANGE'],
    ['AP(rel=-1)', 'at least 0', 'OUT_OF_RANGE'],
    ["nDCG(dcg='ln')", 'one of log2, exp-log2', 'INVALID_ARGUMENT'],
    ['nDCG(gains=3)', 'gains by grade', 'INVALID_ARGUMENT'],
    ['nDCG(judged_only=1)', 'true or false', 'INVALID_ARGUMENT'],
    ['NumQ@3', 'takes no @', 'INVALID_ARGUMENT'],
    ['nDCG@10@5', 'nothing more', 'INVALID_ARGUMENT'],
    ['nDCG(cutoff=5)@10', 'cutoff once', 'INVALID_ARGUMENT'],
    ['nDCG(dcg', '"="', 'INVALID_ARGUMENT'],
    ['AP(rel=1 rel=2)', '"," or ")"', 'INVALID_ARGUMENT'],
    ['P.0', 'cut-offs above 0', 'INVALID_ARGUMENT'],
    ['P.5,5', 'different cut-offs', 'INVALID_ARGUMENT'],
    ['P.five', 'numbers, separated by commas', 'INVALID_ARGUMENT'],
    ['utility.1,2', '4 numbers', 'INVALID_ARGUMENT'],
    ['ndcg.1', 'pairs like', 'INVALID_ARGUMENT'],
    ['map.5', 'no parameters', 'INVALID_ARGUMENT'],
  ])('that are malformed say what was expected: %s', (text, message, code) => {
    expect(() => parseMeasures(text)).toThrow(message);
    expect(() => parseMeasures(text)).toThrow(expect.objectContaining({ code }));
  });

  it('are needed, as text or as what parseMeasure gives', () => {
    expect(() => parseMeasures([])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => parseMeasures(7 as unknown as string)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(parseMeasures([parseMeasure('AP')])[0]!.label).toBe('AP');
  });

  it('come back from their canonical form', () => {
    for (const { name, parameters, at = 'cutoff' } of measureFamilies) {
      const inner = Object.entries(parameters)
        .filter(([key]) => key !== at)
        .map(
          ([key, { kind }]) =>
            `${key}=${kind === 'flag' ? 'True' : kind === 'choice' ? "'log2'" : kind === 'gains' ? '{1:2}' : key === 'max_rel' ? '3' : '0.5'}`,
        );
      const text = `${name}${inner.length > 0 ? `(${inner.join(',')})` : ''}${at in parameters ? `@${at === 'recall' ? '0.5' : '5'}` : ''}`;
      expect(parseMeasure(parseMeasure(text).name).name).toBe(parseMeasure(text).name);
    }
  });

  it('never fail in another way than with a RankError', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'nDCG',
        'AP',
        'P',
        'map',
        'ndcg_cut',
        '(',
        ')',
        '@',
        '.',
        '_',
        ',',
        '=',
        '10',
        'rel',
        "'",
        '{',
        ':',
        '}',
        '-l2',
        'é',
        '__proto__',
        'constructor',
      ),
      {
        maxLength: 7,
      },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parseMeasures(parts.join(''));
        } catch (error) {
          expect(error).toMatchObject({ name: 'RankError' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});
