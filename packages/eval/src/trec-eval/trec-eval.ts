import {
  checkOptions,
  compareCodePoints,
  type GroupedQrels,
  NamedRun,
  type Preferences,
  type QrelsInput,
  RankError,
  type Run,
  type RunInput,
  toRun,
} from '@rank-rank/core';
import { evaluationOf, type QueryValues, type TrecEvaluation } from './evaluation-of.ts';
import type { TrecEvalOptions } from './options.ts';
import { line, printed } from './print.ts';
import { zScore } from './z-scores.ts';

const known = [
  'measures',
  'perQuery',
  'complete',
  'level',
  'depth',
  'summary',
  'judgedOnly',
  'collection',
  'judgements',
  'zScores',
  'runId',
  'version',
] as const;

/**
 * What trec_eval prints, to the last digit: its tie order, its treatment of missing and unjudged, its order of lines.
 *
 * @example process.stdout.write(trecEval(qrels, run, { measures: ['all_trec'], perQuery: true }))
 */
export function trecEval(judgements: QrelsInput | GroupedQrels | Preferences, run: RunInput, options: TrecEvalOptions = {}): string {
  checkOptions('trecEval', options, known);
  const answered = toRun(run);
  const evaluation = evaluationOf(judgements, options);
  const { perQuery = false, complete = false, summary = true, zScores } = options;
  const z = zScores === undefined ? '' : 'Z';

  let output = '';
  const results: QueryValues[] = [];
  for (const query of [...evaluation.queries].sort(compareCodePoints)) {
    const ranking = answered.get(query);
    if (ranking === undefined && !complete) continue;
    const result = ranking === undefined ? withoutResults(evaluation.missing(query)) : evaluation.query(query, ranking);
    if (zScores !== undefined) {
      for (const { name } of evaluation.columns) result.values.set(name, zScore(result.values.get(name)!, zScores.get(query)?.get(name)));
    }
    results.push(result);
    if (perQuery) output += printQuery(result, evaluation, z);
  }
  if (results.length === 0) {
    throw new RankError('EMPTY_INPUT', 'The judgements and the run have no query in common, so there is nothing to average.');
  }
  return summary ? output + printSummary(results, evaluation, runIdOf(run, answered, options), z) : output;
}

/** What trec_eval resets after evaluating its made-up document. */
function withoutResults(result: QueryValues): QueryValues {
  for (const name of result.values.keys()) {
    if (name === 'num_ret' || name === 'utility' || name === 'rbp_resid' || name.startsWith('unj')) result.values.set(name, 0);
  }
  return { ...result, relstring: '' };
}

function printQuery({ query, values, relstring }: QueryValues, evaluation: TrecEvaluation, z: string): string {
  let output = '';
  const shown = evaluation.relstring;
  const showRelstring = (): void => {
    if (shown !== undefined) output += line(shown.name, query, `'${relstring}'`);
  };
  if (shown?.behind === '') showRelstring();
  for (const { name, whole, how } of evaluation.columns) {
    // Counts of queries and geometric means say nothing about one query.
    if (how !== 'count' && how !== 'geometric')
      output += z + line(name, query, whole && z === '' ? String(values.get(name)) : printed(values.get(name)!));
    if (shown?.behind === name) showRelstring();
  }
  return output;
}

function printSummary(results: readonly QueryValues[], evaluation: TrecEvaluation, runId: string, z: string): string {
  let output = evaluation.runid ? line('runid', 'all', runId) : '';
  for (const { name, whole, how } of evaluation.columns) {
    let sum = 0;
    // With z-scores the geometric mean takes what it finds for logarithms, which is what trec_eval does.
    for (const { values } of results)
      sum += how === 'geometric' && z === '' ? Math.log(Math.max(values.get(name)!, 0.00001)) : values.get(name)!;
    const value =
      how === 'count' ? results.length : how === 'sum' ? sum : how === 'mean' ? sum / results.length : Math.exp(sum / results.length);
    output += z + line(name, 'all', whole && z === '' ? String(value) : printed(value));
  }
  return output;
}

function runIdOf(run: RunInput, answered: Run, { runId }: TrecEvalOptions): string {
  if (runId !== undefined) return runId;
  const named = run instanceof NamedRun ? run : answered;
  return named instanceof NamedRun && named.name !== '' ? named.name : 'run';
}
