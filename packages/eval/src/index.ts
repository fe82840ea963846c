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
export type { Problem } from './dataset-problems.ts';
export {
  type DatasetKind,
  type DatasetReport,
  type DatasetReportInput,
  datasetReport,
  type RunReport,
  type Spread,
} from './dataset-report.ts';
export { datasetText } from './dataset-text.ts';
export { type EvaluateOptions, type Evaluation, Evaluator, evaluate, valuesOf } from './evaluate.ts';
export { type GateCheck, type GateResult, type GateRule, gate, parseGateRule } from './gate.ts';
export { parseMeasure, parseMeasures } from './grammar/parse-measure.ts';
export type { TieOrder } from './judged-ranking.ts';
export type { JudgementsInput } from './judgements.ts';
export type { Aggregate, Measure } from './measure.ts';
export { type Latency, type Measured, type MeasureRetrieverOptions, measure } from './measure-retriever.ts';
export {
  type ClickOptions,
  type Counterfactual,
  type CounterfactualEstimate,
  type CounterfactualOptions,
  counterfactual,
  counterfactualClicks,
  type LoggedAction,
  type LoggedPage,
} from './online/counterfactual.ts';
export {
  credit,
  type InterleavedHit,
  type InterleaveOptions,
  type Interleaving,
  type InterleavingOutcome,
  interleavingOutcome,
  type ProbabilisticOptions,
  probabilisticInterleave,
  teamDraft,
} from './online/interleave.ts';
export {
  detectableEffect,
  type PowerOptions,
  power,
  powerForRates,
  type SampleSizeOptions,
  sampleSize,
  sampleSizeForInterleaving,
  sampleSizeForRates,
} from './online/power.ts';
export { SequentialTest, type SequentialTestOptions } from './online/sequential-test.ts';
export { condense } from './pools/condense.ts';
export { type Difficulty, type DifficultyClass, difficulty, type QueryDifficulty } from './pools/difficulty.ts';
export { type PoolBias, type PoolBiasOptions, poolBias, type RunPoolBias } from './pools/pool-bias.ts';
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
