import type { Document, Explanation, Filter, Query, Ranking, ScoreSpace } from '@rank-rank/core';

/** One result list on its way through a pipeline. */
export interface Results {
  readonly hits: Ranking;
  /** What the scores mean. */
  readonly space: ScoreSpace;
}

/** The result lists of several sources, by the sources' names: what `fuse` takes. A source that was left out has none. */
export interface ResultLists {
  readonly lists: Readonly<Record<string, Results>>;
}

/** Where a pipeline gets the texts of documents, for stages that read them. */
export interface DocumentSource {
  /** The documents in the order of the ids; undefined for one that is not there. */
  get(ids: readonly string[]): Promise<readonly (Document | undefined)[]>;
}

/** What a stage knows of the request it works for. */
export interface StageContext {
  readonly query: Query;
  /** How many hits are wanted in the end. */
  readonly k: number;
  readonly filter?: Filter;
  /** Fires when the caller gives up, or the stage's time is over. */
  readonly signal: AbortSignal;
  readonly documents?: DocumentSource;
  /** Puts a remark into the trace. */
  note(text: string): void;
  /** Runs a part of the stage, with a line of its own in the trace. */
  part<T>(name: string, work: (context: StageContext) => Promise<T>, counts?: (result: T) => number): Promise<T>;
}

export type StageKind = 'retrieve' | 'fuse' | 'filter' | 'feedback' | 'rerank' | 'diversify' | 'generate' | (string & {});

/**
 * One step of a pipeline: takes what the step before gave, gives what the next one takes.
 *
 * - `run` obeys `context.signal`, and throws a `RankError` where it cannot do its work; what happens then is decided by its {@link Controls}.
 * - A stage from results to results gives hits in ranking order.
 */
export interface Stage<I, O> {
  readonly kind: StageKind;
  /** How the stage is called in traces; the kind by default, numbered where it stands more than once. */
  readonly name?: string;
  readonly controls?: Controls<I, O>;
  run(input: I, context: StageContext): Promise<O>;
  /** How `id` came by its score in `output`, given how it came by the one in `input`. The value is the score in `output`. */
  explain?(id: string, given: Explained<I, O>, context: StageContext): Promise<Explanation | undefined>;
  /** The same for each source, of a stage that gives result lists. */
  explainSources?(id: string, context: StageContext): Promise<Readonly<Record<string, Explanation | undefined>>>;
  /** Where a stage changes what documents are called: what `id` of its output is called in its input, best first. */
  explainedAs?(id: string, input: I): string | undefined;
  /** The stage as plain data, as a described pipeline has it. Absent where it holds what no data can say. */
  readonly description?: Readonly<Record<string, unknown>>;
}

/** What a stage is given to explain a document. */
export interface Explained<I, O> {
  readonly input: I;
  readonly output: O;
  /** How the document came by its score in the input; undefined for the first stage. */
  readonly before: Explanation | undefined;
  /** The same for each source, where the input is result lists. */
  readonly sources?: Readonly<Record<string, Explanation | undefined>>;
}

/** What is done when a stage is slow, fails, or has been asked the same before. */
export interface Controls<I, O> {
  /** Milliseconds the stage may take. */
  readonly timeout?: number;
  /**
   * What stands in when the stage fails or takes too long: `fail` (the default) ends the request with its error; `skip` and `previous` pass on what
   * came in, in the order it had; or another stage.
   */
  readonly fallback?: 'fail' | 'skip' | 'previous' | Stage<I, O>;
  /** After so many failures one after the other, the stage is not tried for `cooldown` milliseconds; then once, to see. */
  readonly breaker?: { readonly failures: number; readonly cooldown: number };
  /** Results kept for requests with the same query, filter, k and input. */
  readonly cache?: { readonly entries: number; readonly seconds?: number };
}

/** What every stage-making function takes beside its own options. */
export interface StageOptions<I, O> extends Controls<I, O> {
  readonly name?: string;
}

export const stageOptionNames = ['name', 'timeout', 'fallback', 'breaker', 'cache'] as const;
