import {
  type Qrels,
  type QrelsInput,
  Random,
  RankError,
  type Ranking,
  type Run,
  throwIfCancelled,
  toQrels,
  toRun,
  yieldToEventLoop,
} from '@rank-rank/core';
import { checkScored } from '../fuse-rankings.ts';
import { orderedHits } from '../lists/order.ts';
import { type RankedLists, toRankedLists } from '../lists/ranked-lists.ts';
import type { FusionMethod, FusionModel } from '../method.ts';
import { resolveParameters } from '../parameters.ts';
import { allQueries, namedRuns, placeOfRun, type RunsInput, rankingOf } from '../runs.ts';
import { fitMethod } from '../training.ts';
import { folds } from './folds.ts';
import { type Measure, measuredValues } from './measure.ts';

/** Parameters as callers write them: plain data. */
export type PlainParameters = Readonly<Record<string, unknown>>;

export interface EvaluatorOptions {
  readonly measure: Measure;
  /** How many fused hits are measured. */
  readonly depth: number;
  readonly minimumGrade: number;
  /** Into how many parts queries are divided so that trained methods are measured on queries they were not trained on. */
  readonly foldCount: number;
  readonly seed: number | string;
  readonly signal: AbortSignal | undefined;
}

/** How long the event loop may wait, in milliseconds. */
const longestBlock = 20;

/**
 * Measures a method with many parameters over the same queries. The runs are checked and their documents numbered once, so that a trial
 * costs the fusion and the measure only.
 */
export class TrialEvaluator {
  readonly names: readonly string[];
  /** The queries that are judged and that at least one run answers. */
  readonly queries: readonly string[];
  readonly #lists: readonly RankedLists[];
  readonly #runs: readonly Run[];
  readonly #qrels: Qrels;
  readonly #options: EvaluatorOptions;
  #lastYield: number = performance.now();

  constructor(runs: RunsInput, qrels: QrelsInput, options: EvaluatorOptions, where: string) {
    const { inputs, names } = namedRuns(runs, where);
    this.names = names;
    this.#options = options;
    const judged = toQrels(qrels);
    this.queries = allQueries(inputs).filter((query) =>
      [...(judged.get(query)?.values() ?? [])].some((grade) => grade >= options.minimumGrade),
    );
    if (this.queries.length === 0) {
      throw new RankError(
        'EMPTY_INPUT',
        `${where}: no query of the runs has a judged document of grade ${options.minimumGrade} or more; there is nothing to measure.`,
        { judged: judged.size },
      );
    }
    this.#qrels = new Map(this.queries.map((query) => [query, judged.get(query)!]));
    this.#runs = inputs.map((input, run) => toRun(input, placeOfRun(runs, run)));
    this.#lists = this.queries.map((query) =>
      toRankedLists(
        this.#runs.map((run) => rankingOf(run, query)),
        (run) => `${placeOfRun(runs, run)}[${JSON.stringify(query)}]`,
      ),
    );
  }

  /** The value of each query in `places` when fused with the parameters. A trained method is trained on the other queries of `places`, part by part. */
  async evaluate(method: FusionMethod, parameters: PlainParameters, places: Int32Array): Promise<Float64Array> {
    if (method.fit === undefined) return this.#measured(method, parameters, places);
    const values = new Float64Array(places.length);
    const parts = folds(places.length, Math.min(this.#options.foldCount, places.length), new Random(`${this.#options.seed}/training`));
    for (const part of parts) {
      const held = new Set(part);
      const others = places.filter((_, i) => !held.has(i));
      const tested = Int32Array.from(part, (i) => places[i]!);
      const partValues = await this.evaluateTrained(method, parameters, others, tested);
      part.forEach((i, at) => {
        values[i] = partValues[at]!;
      });
    }
    return values;
  }

  /** The values of queries with a method that was trained, where it needs that, on other queries. */
  async evaluateTrained(
    method: FusionMethod,
    parameters: PlainParameters,
    training: Int32Array,
    testing: Int32Array,
  ): Promise<Float64Array> {
    const model = this.train(method, parameters, training);
    return this.#measured(method, model === undefined ? parameters : { ...parameters, model }, testing);
  }

  /** The model of a method that needs one. */
  train(method: FusionMethod, parameters: PlainParameters, places: Int32Array): FusionModel | undefined {
    if (method.fit === undefined) return undefined;
    const qrels = new Map(Array.from(places, (place) => [this.queries[place]!, this.#qrels.get(this.queries[place]!)!]));
    return fitMethod(method, this.#runs, this.names, qrels, parameters, this.#options.minimumGrade);
  }

  /** The values of one run by itself. */
  evaluateRun(run: number): Float64Array {
    const alone = new Map(this.queries.map((query) => [query, (this.#runs[run]!.get(query) ?? []).slice(0, this.#options.depth)]));
    return measuredValues(this.#options.measure, this.#qrels, alone, this.queries);
  }

  async #measured(method: FusionMethod, parameters: PlainParameters, places: Int32Array): Promise<Float64Array> {
    const resolved = resolveParameters(method, parameters, { names: this.names, where: method.name }, []);
    const fused = new Map<string, Ranking>();
    const qrels = new Map<string, ReadonlyMap<string, number>>();
    for (const place of places) {
      await this.#pause();
      const lists = this.#lists[place]!;
      const query = this.queries[place]!;
      checkScored(method, lists, this.names);
      fused.set(query, orderedHits(lists.ids, method.combine(lists, resolved).scores, this.#options.depth));
      qrels.set(query, this.#qrels.get(query)!);
    }
    return measuredValues(this.#options.measure, qrels, fused, [...fused.keys()]);
  }

  async #pause(): Promise<void> {
    throwIfCancelled(this.#options.signal, 'The search');
    if (performance.now() - this.#lastYield < longestBlock) return;
    await yieldToEventLoop();
    this.#lastYield = performance.now();
    throwIfCancelled(this.#options.signal, 'The search');
  }
}
