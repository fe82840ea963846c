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

describeWithData("trecEval reads the commented files of trec_eval's tests as their plain ones", 'trec_eval', (folder) => {
  const path = (name: string): string => join(folder, name);
  const expected = (name: string): string => readFileSync(path(name), 'utf8');
  it('qrels', async () => {
    expect(trecEval(await readQrels(path('qrels.test.with-comments')), await readRun(path('results.test')))).toBe(expected('out.test'));
  });

  it('preferences', async () => {
    const options = { measures: ['all_prefs'], perQuery: true, judgements: 'prefs' } as const;
    expect(trecEval(await readPrefs(path('prefs.comment.test')), await readRun(path('prefs.results.test')), options)).toBe(
      expected('out.test.prefs'),
    );
  });

  it('several assessors', async () => {
    const options = { measures: ['qrels_jg'], perQuery: true, judgements: 'qrels_jg' } as const;
    expect(trecEval(await readQrelsGroups(path('qrels.comments.123')), await readRun(path('results.test')), options)).toBe(
      expected('out.test.qrels_jg'),
    );
  });
});

/** Made by pytrec_eval 0.5.11: RelevanceEvaluator(qrels, supported_measures, judged_docs_only_flag=True) on qrels.test and results.test. */
const judgedOnly: Readonly<Record<string, string>> = {
  num_ret: '738',
  num_rel: '561',
  num_rel_ret: '131',
  map: '0.1848',
  gm_map: '0.1171',
  Rprec: '0.2188',
  bpref: '0.1981',
  recip_rank: '0.4064',
  'iprec_at_recall_0.20': '0.3186',
  P_10: '0.3000',
  P_100: '0.2733',
  recall_100: '0.5036',
  infAP: '0.1848',
  '11pt_avg': '0.2025',
  G: '0.1404',
  ndcg: '0.4065',
  ndcg_rel: '0.3745',
  Rndcg: '0.3274',
  ndcg_cut_10: '0.3016',
  map_cut_100: '0.1647',
  relative_P_10: '0.3000',
  success_1: '0.3333',
  set_P: '0.1700',
  set_F: '0.1920',
  num_nonrel_judged_ret: '607',
};

describeWithData('trecEval leaves out what it is told to', 'trec_eval', (folder) => {
  const read = async () => [await readQrels(join(folder, 'qrels.test')), await readRun(join(folder, 'results.test'))] as const;

  it('the averages (-n): the lines of queries stay as they are', async () => {
    const whole = readFileSync(join(folder, 'out.test.aq'), 'utf8').split('\n');
    const queries = whole.filter((line) => !/\tall\t/.test(line)).join('\n');
    expect(trecEval(...(await read()), { measures: ['all_trec'], perQuery: true, summary: false })).toBe(queries);
  });

  it('unjudged documents (-J): the averages that pytrec_eval gives', async () => {
    const printed = trecEval(...(await read()), { measures: ['all_trec'], judgedOnly: true, version: 9 });
    const ours = new Map(
      printed
        .split('\n')
        .map((line) => line.split(/\s+/))
        .map(([name, , value]) => [name, value]),
    );
    for (const [name, value] of Object.entries(judgedOnly)) expect(ours.get(name), name).toBe(value);
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
