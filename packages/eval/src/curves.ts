import type { RunInput } from '@rank-rank/core';
import { type EvaluateOptions, Evaluator } from './evaluate.ts';
import type { JudgementsInput } from './judgements.ts';
import { standardRecalls } from './measures/interpolated-precision.ts';

/** What reports plot for a run. */
export interface Curves {
  /** Interpolated precision at the eleven standard points of recall, averaged over queries. */
  readonly precisionRecall: readonly { readonly recall: number; readonly precision: number }[];
  /** Measure → its value at growing depths. */
  readonly byDepth: Readonly<Record<string, readonly { readonly depth: number; readonly value: number }[]>>;
}

const depths = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 300, 500, 1000];
const measuresByDepth = ['nDCG', 'P', 'R'];

/** The curves of a run; depths go as far as the run does. */
export function curvesOf(qrels: JudgementsInput, run: RunInput, options: EvaluateOptions = {}): Curves {
  const rankings = run instanceof Map ? [...run.values()] : Object.values(run);
  const deepest = rankings.reduce(
    (most: number, ranking) => Math.max(most, Array.isArray(ranking) ? ranking.length : Object.keys(ranking).length),
    0,
  );
  const last = depths.findIndex((depth) => depth >= deepest);
  const reached = last < 0 ? depths : depths.slice(0, last + 1);
  const names = [
    ...standardRecalls.map((recall) => `IPrec@${recall}`),
    ...measuresByDepth.flatMap((measure) => reached.map((depth) => `${measure}@${depth}`)),
  ];
  const { values } = new Evaluator(qrels, names, options).evaluate(run);
  return {
    precisionRecall: standardRecalls.map((recall) => ({ recall, precision: values[`IPrec@${recall}`]! })),
    byDepth: Object.fromEntries(
      measuresByDepth.map((measure) => [measure, reached.map((depth) => ({ depth, value: values[`${measure}@${depth}`]! }))]),
    ),
  };
}
