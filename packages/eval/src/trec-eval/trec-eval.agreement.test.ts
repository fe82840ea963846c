import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPrefs, readQrels, readQrelsGroups, readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import type { TrecEvalOptions } from './options.ts';
import { trecEval } from './trec-eval.ts';
import { parseZScores } from './z-scores.ts';

describeWithData("trecEval prints what trec_eval's own tests expect", 'trec_eval', (folder) => {
  const path = (name: string): string => join(folder, name);
  const expected = (name: string): string => readFileSync(path(name), 'utf8');
  const parameters = [
    'iprec_at_recall..10,.20,.25,.75,.50',
    'P.5,7,3',
    'recall.20,2000',
    'Rprec_mult.5.0,0.2,0.35',
    'utility.2,-1,0,0',
    '11pt_avg..25,.5,.75',
    'ndcg.1=3,2=9,4=4.5',
    'ndcg_cut.10,20,23.4',
    'success.2,5,20',
  ];
  const cases: [output: string, judgements: string, run: string, options: TrecEvalOptions][] = [
    ['out.test', 'qrels.test', 'results.test', {}],
    ['out.comment.test', 'qrels.comment.test', 'results.comment.test', {}],
    ['out.test.a', 'qrels.test', 'results.test', { measures: ['all_trec'] }],
    ['out.test.aq', 'qrels.test', 'results.test', { measures: ['all_trec'], perQuery: true }],
    ['out.test.aqc', 'qrels.test', 'results.trunc', { measures: ['all_trec'], perQuery: true, complete: true }],
    ['out.test.aqcM', 'qrels.test', 'results.trunc', { measures: ['all_trec'], perQuery: true, complete: true, depth: 100 }],
    ['out.test.aql', 'qrels.rel_level', 'results.test', { measures: ['all_trec', 'relstring.20'], perQuery: true, level: 2 }],
    ['out.test.meas_params', 'qrels.test', 'results.test', { measures: parameters, perQuery: true }],
  ];
  it.each(cases)('%s', async (output, judgements, run, options) => {
    expect(trecEval(await readQrels(path(judgements)), await readRun(path(run)), options)).toBe(expected(output));
  });

  it('out.test.aqZ, z-scores', async () => {
    const zScores = parseZScores(expected('zscores_file'));
    const options = { measures: ['all_trec'], perQuery: true, zScores };
    expect(trecEval(await readQrels(path('qrels.test')), await readRun(path('results.test')), options)).toBe(expected('out.test.aqZ'));
  });

  it('out.test.prefs, preferences', async () => {
    const options = { measures: ['all_prefs'], perQuery: true, judgements: 'prefs' } as const;
    expect(trecEval(await readPrefs(path('prefs.test')), await readRun(path('prefs.results.test')), options)).toBe(
      expected('out.test.prefs'),
    );
  });

  it('out.test.qrels_prefs, grades as preferences', async () => {
    const options = { measures: ['all_prefs'], perQuery: true, judgements: 'qrels_prefs' } as const;
    expect(trecEval(await readQrelsGroups(path('qrels.test')), await readRun(path('results.test')), options)).toBe(
      expected('out.test.qrels_prefs'),
    );
  });

  it('out.test.qrels_jg, several assessors', async () => {
    const options = { measures: ['qrels_jg'], perQuery: true, judgements: 'qrels_jg' } as const;
    expect(trecEval(await readQrelsGroups(path('qrels.123')), await readRun(path('results.test')), options)).toBe(
      expected('out.test.qrels_jg'),
    );
  });
});

describeWithData('trecEval prints what trec_eval 10 printed for TREC DL 2019', 'runs/dl19', (folder) => {
  it.each(['BM25', 'BM25_RM3', 'SPLADE_P_P_ENSEMBLE_DISTIL'])('%s, per query, also at level 2', async (name) => {
    const qrels = await readQrels(join(folder, 'qrels.txt'));
    const run = await readRun(join(folder, `${name}.run.gz`));
    const expected = (kind: string): string => readFileSync(join(folder, `dl19.${name}.${kind}txt`), 'utf8');
    expect(trecEval(qrels, run, { measures: ['all_trec'], perQuery: true })).toBe(expected('perquery.'));
    const atLevel2 = { measures: ['map', 'Rprec', 'bpref', 'recip_rank', 'P', 'recall', 'success'], perQuery: true, level: 2 };
    expect(trecEval(qrels, run, atLevel2)).toBe(expected('l2.perquery.'));
  });
});

describeWithData('trecEval prints what trec_eval 10 printed for TREC 2003 Robust', 'runs/robust03', (folder) => {
  it.each(['InexpC2', 'MU03rob01', 'NLPR03vb10', 'SABIR03BASE', 'Sel50'])('%s', async (name) => {
    const qrels = await readQrels(join(folder, 'qrels.txt'));
    const run = await readRun(join(folder, `input.${name}.gz`));
    expect(trecEval(qrels, run, { measures: ['all_trec'] })).toBe(readFileSync(join(folder, `robust03.${name}.summary.txt`), 'utf8'));
  });
});
