import {
  checkInteger,
  checkNumber,
  checkOptions,
  type Explanation,
  isRankError,
  type Query,
  RankError,
  type Ranking,
  type Retriever,
  type ScoreSpace,
  type SearchOptions,
  shown,
} from '@rank-rank/core';
import { withinTime } from '../run/time-limit.ts';
import { controlsOf } from './controls-of.ts';
import { exactly } from './scaled.ts';
import type { ResultLists, Results, Stage, StageContext, StageOptions } from './stage.ts';

/** A retriever that may know more than the contract asks for. */
export interface Source extends Retriever {
  /** What its scores mean; `relative` where it does not say. */
  readonly space?: ScoreSpace;
  /** The search with what its caller should know of it: a query of which nothing is left, a filter on a field that no document has. */
  searchDetailed?(query: string, k: number, options: SearchOptions): Promise<DetailedRanking> | DetailedRanking;
  explain?(query: string, id: string): Promise<Explanation | undefined> | Explanation | undefined;
}

export interface DetailedRanking {
  readonly hits: Ranking;
  readonly warnings: readonly { readonly message: string }[];
}

/** A source with what holds for it alone. */
export interface SourceOptions {
  readonly retriever: Source;
  /** How many hits it is asked for, instead of the stage's depth. */
  readonly depth?: number;
  /** Milliseconds it may take. */
  readonly timeout?: number;
  /** Left out when it fails or takes too long, as long as another source answers. */
  readonly optional?: boolean;
}

export interface RetrieveOptions<O> extends StageOptions<Query, O> {
  /** How many hits each source is asked for: 1,000 by default, and never fewer than the request wants. */
  readonly depth?: number;
}

export type Sources = Readonly<Record<string, Source | SourceOptions>>;

/**
 * The first stage: asks one retriever, or several side by side.
 *
 * @example
 * retrieve(lexical, { depth: 100 });                    // gives results
 * retrieve({ bm25: lexical, dense }, { depth: 1000 });  // gives a list a source, for `fuse`
 */
export function retrieve(source: Source, options?: RetrieveOptions<Results>): Stage<Query, Results>;
export function retrieve(sources: Sources, options?: RetrieveOptions<ResultLists>): Stage<Query, ResultLists>;
export function retrieve(
  from: Source | Sources,
  options: RetrieveOptions<Results> | RetrieveOptions<ResultLists> = {},
): Stage<Query, Results> | Stage<Query, ResultLists> {
  const depth = checkInteger('retrieve: depth', options.depth ?? 1000, { min: 1 });
  if (isSource(from)) {
    const one: Stage<Query, Results> = {
      kind: 'retrieve',
      ...controlsOf('retrieve', options as RetrieveOptions<Results>, ['depth']),
      run: async (query, context) => search(from, query, depth, context),
      async explain(id, { output }, { query }) {
        const own = await explainSource(from, query, id);
        const hit = output.hits.find((candidate) => candidate.id === id);
        // An index of fewer digits scores a little otherwise than its explanation.
        return own && hit ? exactly(own, hit.score) : own;
      },
    };
    return one;
  }
  if (typeof from !== 'object' || from === null || Object.keys(from).length === 0) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `retrieve: the source is ${shown(from)}; expected a retriever, or an object from name to retriever.`,
    );
  }
  const sources = Object.entries(from).map(([name, source]) => [name, checkSource(name, source)] as const);
  const several: Stage<Query, ResultLists> = {
    kind: 'retrieve',
    ...controlsOf('retrieve', options as RetrieveOptions<ResultLists>, ['depth']),
    run: (query, context) => searchAll(sources, query, depth, context),
    async explainSources(id, { query }) {
      const explained = await Promise.all(
        sources.map(async ([name, { retriever }]) => [name, await explainSource(retriever, query, id)] as const),
      );
      return Object.fromEntries(explained);
    },
  };
  return several;
}

async function searchAll(
  sources: readonly (readonly [string, SourceOptions])[],
  query: Query,
  depth: number,
  context: StageContext,
): Promise<ResultLists> {
  const answers = await Promise.allSettled(
    sources.map(([name, { retriever, depth: own = depth, timeout }]) =>
      context.part(
        name,
        (part) => withinTime(`The source ${name}`, timeout, part.signal, (signal) => search(retriever, query, own, { ...part, signal })),
        ({ hits }) => hits.length,
      ),
    ),
  );
  const lists: Record<string, Results> = {};
  let failure: unknown;
  answers.forEach((answer, i) => {
    const [name, { optional = false }] = sources[i]!;
    if (answer.status === 'fulfilled') {
      lists[name] = answer.value;
      return;
    }
    if (!optional || !isRankError(answer.reason) || context.signal.aborted) throw answer.reason;
    failure = answer.reason;
    context.note(`${name} was left out: ${answer.reason.message}`);
  });
  if (Object.keys(lists).length === 0) throw failure;
  return { lists };
}

async function search(source: Source, query: Query, depth: number, { k, filter, signal, note }: StageContext): Promise<Results> {
  const options = { signal, ...(filter && { filter }) };
  const most = Math.max(depth, k);
  if (source.searchDetailed !== undefined) {
    const { hits, warnings } = await source.searchDetailed(query.text, most, options);
    for (const { message } of warnings) note(message);
    return { hits, space: source.space ?? 'relative' };
  }
  const hits = await source.search(query.text, most, options);
  return { hits, space: source.space ?? 'relative' };
}

async function explainSource(source: Source, query: Query, id: string): Promise<Explanation | undefined> {
  return source.explain?.(query.text, id);
}

function isSource(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.search === 'function';
}

function checkSource(name: string, source: Source | SourceOptions): SourceOptions {
  if (isSource(source)) return { retriever: source };
  checkOptions(`retrieve: source ${name}`, source, ['retriever', 'depth', 'timeout', 'optional']);
  if (!isSource(source.retriever)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `retrieve: the source ${shown(name)} is ${shown(source.retriever)}; expected a retriever, which has search().`,
    );
  }
  if (source.depth !== undefined) checkInteger(`retrieve: depth of ${name}`, source.depth, { min: 1 });
  if (source.timeout !== undefined) checkNumber(`retrieve: timeout of ${name}`, source.timeout, { above: 0 });
  return source;
}
