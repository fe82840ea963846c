import {
  checkInteger,
  checkOptions,
  type Qrels,
  type QrelsInput,
  RankError,
  type Run,
  type RunInput,
  toQrels,
  toRun,
} from '@rank-rank/core';
import { Evaluator } from '../evaluate.ts';
import { condense } from './condense.ts';

export interface PoolBiasOptions {
  /** How deep runs went into the pool; 100 by default. */
  readonly poolDepth?: number;
  /** At which depths the judged share is reported; 5, 10, 20 and 100 by default. */
  readonly depths?: readonly number[];
  /** Run → who submitted it: runs of one group leave the pool together. */
  readonly groups?: Readonly<Record<string, string>>;
}

/** What judgements are worth for each run, and how a run would have fared had it not helped to make them: plain data. */
export interface PoolBias {
  readonly runs: readonly RunPoolBias[];
  /** Measure → the mean and the largest of the absolute changes when a run is left out. */
  readonly change: Readonly<Record<string, { readonly mean: number; readonly largest: number }>>;
}

export interface RunPoolBias {
  readonly name: string;
  /** `Judged@10` → the share of the first 10 documents that has a judgement. */
  readonly judged: Readonly<Record<string, number>>;
  /** Relevant documents that only this run (and its group) brought into the pool. */
  readonly uniqueRelevant: number;
  /** Measure → its value by all judgements, by those without this run's own finds, and over judged documents only. */
  readonly values: Readonly<Record<string, { readonly all: number; readonly leftOut: number; readonly condensed: number }>>;
}

/**
 * Whether judgements made from a pool are fair to runs that are not in it: leaves each run (or group) out in turn, forgets the
 * judgements of documents that only it had among its first `poolDepth`, and measures it again.
 *
 * Zobel, "How reliable are the results of large-scale information retrieval experiments?", SIGIR 1998; Büttcher et al., "Reliable
 * information retrieval evaluation with incomplete and biased judgements", SIGIR 2007.
 *
 * @example poolBias(qrels, { bm25, dense, hybrid }, ['nDCG@10', 'AP']).runs[0].values['AP'].leftOut
 */
export function poolBias(
  qrels: QrelsInput,
  runs: Readonly<Record<string, RunInput>>,
  measures: string | readonly string[],
  options: PoolBiasOptions = {},
): PoolBias {
  checkOptions('poolBias', options, ['poolDepth', 'depths', 'groups']);
  const poolDepth = checkInteger('poolBias: poolDepth', options.poolDepth ?? 100, { min: 1 });
  const depths = (options.depths ?? [5, 10, 20, 100]).map((depth) => checkInteger('poolBias: a depth', depth, { min: 1 }));
  const judgements = toQrels(qrels);
  const named = Object.entries(runs).map(([name, run]) => ({ name, group: options.groups?.[name] ?? name, run: toRun(run, name) }));
  if (named.length === 0) throw new RankError('EMPTY_INPUT', 'poolBias: there are no runs; expected at least one.');
  const evaluator = new Evaluator(judgements, [...depths.map((depth) => `Judged@${depth}`), ...[measures].flat()]);
  const shares = new Set(depths.map((depth) => `Judged@${depth}`));
  const labels = evaluator.measures.map(({ label }) => label).filter((label) => !shares.has(label));

  const results = named.map(({ name, group, run }): RunPoolBias => {
    const others = named.filter((other) => other.group !== group);
    const { kept, uniqueRelevant } = withoutFindsOf(
      named.filter((other) => other.group === group),
      others,
      judgements,
      poolDepth,
    );
    const all = evaluator.evaluate(run).values;
    const leftOut = new Evaluator(kept, labels).evaluate(run).values;
    const condensed = evaluator.evaluate(condense(run, judgements)).values;
    return {
      name,
      judged: Object.fromEntries(depths.map((depth) => [`Judged@${depth}`, all[`Judged@${depth}`]!])),
      uniqueRelevant,
      values: Object.fromEntries(
        labels.map((label) => [label, { all: all[label]!, leftOut: leftOut[label]!, condensed: condensed[label]! }]),
      ),
    };
  });
  const change = Object.fromEntries(
    labels.map((label) => {
      const changes = results.map(({ values }) => Math.abs(values[label]!.leftOut - values[label]!.all));
      return [label, { mean: changes.reduce((sum, value) => sum + value, 0) / changes.length, largest: Math.max(...changes) }];
    }),
  );
  return { runs: results, change };
}

interface PooledRun {
  readonly run: Run;
}

/** The judgements without those of documents that only these runs had in the pool. */
function withoutFindsOf(
  own: readonly PooledRun[],
  others: readonly PooledRun[],
  judgements: Qrels,
  depth: number,
): { kept: Qrels; uniqueRelevant: number } {
  const kept = new Map<string, ReadonlyMap<string, number>>();
  let uniqueRelevant = 0;
  for (const [query, judged] of judgements) {
    const pooled = (runs: readonly PooledRun[]): Set<string> =>
      new Set(runs.flatMap(({ run }) => (run.get(query) ?? []).slice(0, depth).map(({ id }) => id)));
    const shared = pooled(others);
    const unique = pooled(own);
    const rest = new Map(judged);
    for (const id of unique) {
      if (shared.has(id)) continue;
      if ((rest.get(id) ?? 0) > 0) uniqueRelevant++;
      rest.delete(id);
    }
    kept.set(query, rest);
  }
  return { kept, uniqueRelevant };
}
