export { type EvaluateOptions, type Evaluation, Evaluator, evaluate, valuesOf } from './evaluate.ts';
export { parseMeasure, parseMeasures } from './grammar/parse-measure.ts';
export type { TieOrder } from './judged-ranking.ts';
export type { JudgementsInput } from './judgements.ts';
export type { Aggregate, Measure } from './measure.ts';
export type { TrecEvalOptions } from './trec-eval/options.ts';
export { trecEval } from './trec-eval/trec-eval.ts';
export { parseZScores, type Reference, type References } from './trec-eval/z-scores.ts';
