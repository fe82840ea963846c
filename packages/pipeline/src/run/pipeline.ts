import {
  checkFilter,
  checkId,
  checkInteger,
  checkNumber,
  checkOptions,
  checkString,
  type Explanation,
  type Filter,
  type Query,
  RankError,
  type Ranking,
  type Retriever,
  type ScoreSpace,
  type SearchOptions,
  shown,
} from '@rank-rank/core';
import type { DocumentSource, Results, Stage } from '../stage/stage.ts';
import { RequestSpans } from './spans.ts';
import { contextOf, isResultLists, isResults, type Request, StageRunner } from './stage-runner.ts';
import type { StageTrace, Trace } from './trace.ts';

export interface PipelineOptions {
  /** Where the stages get texts from. */
  readonly documents?: DocumentSource;
  /** Milliseconds that a request may take, if it does not say. */
  readonly budget?: number;
  readonly name?: string;
}

export interface RunOptions {
  /** How many hits; 10 by default. */
  readonly k?: number;
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
  /** Milliseconds for all stages together. What is left when a stage begins is all it gets. */
  readonly budget?: number;
}

/** What a request gave: what the last stage gave, and how it came about. */
export interface PipelineResult<O> {
  readonly output: O;
  /** The best k of the last list, whatever came after it. */
  readonly hits: Ranking;
  readonly space: ScoreSpace;
  readonly trace: Trace;
}

/**
 * Stages in a row, itself a retriever. Make one with {@link pipeline}.
 *
 * - `search` gives the best k; `run` also the trace and what the last stage gave; `explain` where a document's score came from.
 * - A stage that fails or is slow is dealt with as its controls say; without any, its error ends the request.
 */
export class Pipeline<O> implements Retriever {
  readonly name: string;
  readonly #runners: readonly StageRunner[];
  readonly #options: PipelineOptions;

  constructor(stages: readonly Stage<never, unknown>[], options: PipelineOptions = {}) {
    checkOptions('pipeline', options, ['documents', 'budget', 'name']);
    if (stages.length === 0) throw new RankError('EMPTY_INPUT', 'pipeline has no stage; begin with retrieve().');
    if (options.budget !== undefined) checkNumber('pipeline: budget', options.budget, { above: 0 });
    this.name = options.name ?? 'pipeline';
    this.#options = options;
    const taken = new Map<string, number>();
    this.#runners = stages.map((stage, i) => {
      if (typeof stage?.run !== 'function')
        throw new RankError(
          'INVALID_ARGUMENT',
          `pipeline: stage ${i + 1} is ${shown(stage)}; expected a stage, made by retrieve(), fuse(), rerank() ….`,
        );
      const wanted = stage.name ?? stage.kind;
      const count = (taken.get(wanted) ?? 0) + 1;
      taken.set(wanted, count);
      return new StageRunner(count === 1 ? wanted : `${wanted}-${count}`, stage as Stage<unknown, unknown>);
    });
  }

  /** The names of the stages in their order. */
  get stages(): readonly string[] {
    return this.#runners.map(({ name }) => name);
  }

  async search(query: string, k: number, options: SearchOptions = {}): Promise<Ranking> {
    checkOptions('search', options, ['signal', 'filter']);
    return (await this.run(query, { ...options, k })).hits;
  }

  async run(query: string | Query, options: RunOptions = {}): Promise<PipelineResult<O>> {
    const started = performance.now();
    const request = this.#request(query, options, started);
    const spans = await RequestSpans.start(this.name, request.k);
    try {
      const result = await this.#runStages(request, started, (trace) => spans?.stage(trace));
      spans?.end(result.hits.length);
      return result;
    } catch (error) {
      spans?.fail(error);
      throw error;
    }
  }

  async #runStages(request: Request, started: number, onStage: (trace: StageTrace) => void): Promise<PipelineResult<O>> {
    const stages: StageTrace[] = [];
    let value: unknown = request.query;
    let last: Results | undefined;
    for (const runner of this.#runners) {
      value = await runner.run(value, request, (trace) => {
        stages.push(trace);
        onStage(trace);
      });
      if (isResults(value)) last = value;
    }
    if (last === undefined && isResultLists(value)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `The pipeline ends with ${Object.keys(value.lists).length} lists; add fuse() to make them one.`,
      );
    }
    return {
      output: value as O,
      hits: (last?.hits ?? []).slice(0, request.k),
      space: last?.space ?? 'relative',
      trace: { query: request.query, milliseconds: performance.now() - started, stages },
    };
  }

  /**
   * Where the score of a document comes from, as a tree of named parts, each stage's joined to the one before. Undefined where the query does not
   * find the document.
   */
  async explain(query: string | Query, id: string, options: RunOptions = {}): Promise<Explanation | undefined> {
    checkId('explain: id', id);
    const request = this.#request(query, options, performance.now());
    let value: unknown = request.query;
    const passed: { readonly runner: StageRunner; readonly input: unknown; readonly output: unknown; readonly id: string }[] = [];
    for (const runner of this.#runners) {
      const input = value;
      value = await runner.run(input, request, () => {});
      passed.push({ runner, input, output: value, id });
    }
    // A stage may call documents otherwise than the one before it.
    let called = id;
    for (let i = passed.length - 1; i >= 0; i--) {
      const { runner, input } = passed[i]!;
      passed[i] = { ...passed[i]!, id: called };
      if (runner.stage.explainedAs !== undefined) called = runner.stage.explainedAs(called, input) ?? called;
    }
    let before: Explanation | undefined;
    let sources: Readonly<Record<string, Explanation | undefined>> | undefined;
    for (const { runner, input, output, id: name } of passed) {
      const context = contextOf(request, request.signal, [], []);
      if (isResultLists(output)) {
        sources = (await runner.stage.explainSources?.(name, context)) ?? sources;
      } else if (isResults(output)) {
        const hit = output.hits.find((candidate) => candidate.id === name);
        if (hit === undefined) {
          before = undefined;
          continue;
        }
        const explained = await runner.stage.explain?.(name, { input, output, before, ...(sources && { sources }) }, context);
        before = explained ?? { name: runner.name, value: hit.score, space: output.space };
      }
    }
    return before;
  }

  #request(query: string | Query, options: RunOptions, started: number): Request {
    checkOptions('run', options, ['k', 'filter', 'signal', 'budget']);
    const { filter, signal = new AbortController().signal, budget = this.#options.budget } = options;
    const k = checkInteger('run: k', options.k ?? 10, { min: 1 });
    if (filter !== undefined) checkFilter(filter);
    if (budget !== undefined) checkNumber('run: budget', budget, { above: 0 });
    const asked =
      typeof query === 'string' ? { id: '', text: query } : { id: query?.id ?? '', text: checkString('run: query.text', query?.text) };
    const { documents } = this.#options;
    return {
      query: asked,
      k,
      ...(filter && { filter }),
      ...(documents && { documents }),
      signal,
      endsAt: budget === undefined ? Number.POSITIVE_INFINITY : started + budget,
    };
  }
}

type First<O> = Stage<Query, O>;

/**
 * Puts stages in a row. Their types must fit: what one gives the next takes. A last argument that is no stage is {@link PipelineOptions}.
 *
 * @example
 * const search = pipeline(
 *   retrieve({ bm25: lexical, dense }),
 *   fuse({ method: 'weighted-sum', weights: { bm25: 1, dense: 0.2 } }),
 *   rerank(lateInteraction, { depth: 100 }),
 *   { documents, budget: 500 },
 * );
 * const { hits, trace } = await search.run('how do rivers erode their banks', { k: 10 });
 */
export function pipeline<A>(a: First<A>, options?: PipelineOptions): Pipeline<A>;
export function pipeline<A, B>(a: First<A>, b: Stage<A, B>, options?: PipelineOptions): Pipeline<B>;
export function pipeline<A, B, C>(a: First<A>, b: Stage<A, B>, c: Stage<B, C>, options?: PipelineOptions): Pipeline<C>;
export function pipeline<A, B, C, D>(a: First<A>, b: Stage<A, B>, c: Stage<B, C>, d: Stage<C, D>, options?: PipelineOptions): Pipeline<D>;
export function pipeline<A, B, C, D, E>(
  a: First<A>,
  b: Stage<A, B>,
  c: Stage<B, C>,
  d: Stage<C, D>,
  e: Stage<D, E>,
  options?: PipelineOptions,
): Pipeline<E>;
export function pipeline<A, B, C, D, E, F>(
  a: First<A>,
  b: Stage<A, B>,
  c: Stage<B, C>,
  d: Stage<C, D>,
  e: Stage<D, E>,
  f: Stage<E, F>,
  options?: PipelineOptions,
): Pipeline<F>;
export function pipeline<A, B, C, D, E, F, G>(
  a: First<A>,
  b: Stage<A, B>,
  c: Stage<B, C>,
  d: Stage<C, D>,
  e: Stage<D, E>,
  f: Stage<E, F>,
  g: Stage<F, G>,
  options?: PipelineOptions,
): Pipeline<G>;
export function pipeline(...parts: readonly unknown[]): Pipeline<unknown> {
  const last = parts.at(-1);
  const hasOptions = typeof last === 'object' && last !== null && !('run' in last);
  return new Pipeline(parts.slice(0, hasOptions ? -1 : undefined) as Stage<never, unknown>[], (hasOptions ? last : {}) as PipelineOptions);
}
