export {
  type ComparedRun,
  type CompareOptions,
  type Comparison,
  type Cost,
  compare,
  compareEvaluations,
  type PairComparison,
  type RunsInput,
  type TestName,
} from './compare.ts';
export type { Curves } from './curves.ts';
export { type EvaluateOptions, type Evaluation, Evaluator, evaluate, valuesOf } from './evaluate.ts';
export { parseMeasure, parseMeasures } from './grammar/parse-measure.ts';
export type { TieOrder } from './judged-ranking.ts';
export type { JudgementsInput } from './judgements.ts';
export type { Aggregate, Measure } from './measure.ts';
export { type CsvOptions, reportCsv } from './report/csv.ts';
export { type HtmlOptions, reportHtml } from './report/html.ts';
export { reportJson } from './report/json.ts';
export { reportLatex } from './report/latex.ts';
export { reportMarkdown } from './report/markdown.ts';
export { reportText } from './report/text.ts';
export {
  type BayesianSignedRankOptions,
  type BayesianTOptions,
  bayesianSignedRank,
  bayesianT,
  type Posterior,
} from './statistics/bayes.ts';
export {
  type BootstrapIntervalOptions,
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapTest,
  type Interval,
} from './statistics/bootstrap.ts';
export { type Correction, correctPValues } from './statistics/corrections.ts';
export { type EffectSize, effectSize } from './statistics/effect-size.ts';
export { fisherRandomization, fisherRandomizations, type RandomizationOptions } from './statistics/fisher-randomization.ts';
export { pairedTTest } from './statistics/paired-t-test.ts';
export { signTest } from './statistics/sign-test.ts';
export { tInterval } from './statistics/t-interval.ts';
export type { TestResult } from './statistics/test-result.ts';
export { type TukeyOptions, tukeyHsd } from './statistics/tukey-hsd.ts';
export { wilcoxonSignedRank } from './statistics/wilcoxon.ts';
export { type Summary, type SummaryOptions, summarize } from './summary.ts';
export type { TrecEvalOptions } from './trec-eval/options.ts';
export { trecEval } from './trec-eval/trec-eval.ts';
export { parseZScores, type Reference, type References } from './trec-eval/z-scores.ts';
