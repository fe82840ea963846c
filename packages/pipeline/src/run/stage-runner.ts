import { isRankError, RankError } from '@rank-rank/core';
import type { ResultLists, Results, Stage, StageContext } from '../stage/stage.ts';
import { Breaker } from './breaker.ts';
import { ResultCache } from './result-cache.ts';
import { withinTime } from './time-limit.ts';
import type { StageTrace } from './trace.ts';

/** What a request brings to each of its stages. */
export interface Request extends Pick<StageContext, 'query' | 'k' | 'filter' | 'documents'> {
  readonly signal: AbortSignal;
  /** The time, in `performance.now()`, at which the request's budget is spent. */
  readonly endsAt: number;
}

/** A stage with what it remembers between requests: failures and results. */
export class StageRunner {
  readonly name: string;
  readonly stage: Stage<unknown, unknown>;
  readonly #breaker: Breaker | undefined;
  readonly #cache: ResultCache<unknown> | undefined;

  constructor(name: string, stage: Stage<unknown, unknown>) {
    this.name = name;
    this.stage = stage;
    const { breaker, cache } = stage.controls ?? {};
    this.#breaker = breaker && new Breaker(breaker);
    this.#cache = cache && new ResultCache(cache);
  }

  /** Runs the stage under its controls. The trace entry is handed over also when it fails. */
  async run(input: unknown, request: Request, onTrace: (trace: StageTrace) => void): Promise<unknown> {
    const started = performance.now();
    const notes: string[] = [];
    const parts: StageTrace[] = [];
    let fallback: StageTrace['fallback'];
    let cached = false;
    let output: unknown;
    try {
      const key = this.#cache === undefined ? undefined : cacheKey(input, request);
      const kept = key === undefined ? undefined : this.#cache!.get(key);
      if (kept !== undefined) {
        cached = true;
        output = kept;
      } else {
        const outcome = await this.#attempt(input, request, notes, parts);
        if ('failure' in outcome) {
          fallback = { to: nameOfFallback(this.stage), why: outcome.failure.message };
          output = await this.#standIn(input, request, outcome.failure, notes, parts);
        } else {
          output = outcome.output;
          if (key !== undefined) this.#cache!.set(key, output);
        }
      }
      return output;
    } finally {
      const hits = isResults(output) ? output.hits : undefined;
      onTrace({
        name: this.name,
        kind: this.stage.kind,
        milliseconds: performance.now() - started,
        in: countOf(input),
        out: countOf(output),
        ...(cached && { cached }),
        ...(fallback && { fallback }),
        notes,
        ...(parts.length > 0 && { parts }),
        ...(hits && { hits }),
      });
    }
  }

  async #attempt(
    input: unknown,
    request: Request,
    notes: string[],
    parts: StageTrace[],
  ): Promise<{ output: unknown } | { failure: RankError }> {
    const controls = this.stage.controls;
    if (this.#breaker?.allows === false)
      return {
        failure: new RankError(
          'TIMEOUT',
          `${this.name} failed ${controls!.breaker!.failures} times in a row and is left alone for a while.`,
        ),
      };
    const left = request.endsAt - performance.now();
    const time = Math.min(controls?.timeout ?? Number.POSITIVE_INFINITY, left);
    try {
      if (time <= 0) throw new RankError('TIMEOUT', `The request's budget was spent before the stage ${this.name}.`);
      const output = await withinTime(`The stage ${this.name}`, Number.isFinite(time) ? time : undefined, request.signal, (signal) =>
        this.stage.run(input, contextOf(request, signal, notes, parts)),
      );
      this.#breaker?.succeeded();
      return { output };
    } catch (error) {
      this.#breaker?.failed();
      // The caller's own cancellation is no failure of the stage.
      if (request.signal.aborted || (controls?.fallback ?? 'fail') === 'fail') throw error;
      return {
        failure: isRankError(error)
          ? error
          : new RankError('REMOTE', `The stage ${this.name} failed: ${(error as Error)?.message ?? error}`, {}, { cause: error }),
      };
    }
  }

  async #standIn(input: unknown, request: Request, failure: RankError, notes: string[], parts: StageTrace[]): Promise<unknown> {
    const { fallback } = this.stage.controls!;
    if (typeof fallback === 'object') {
      return withinTime(`The stand-in for ${this.name}`, undefined, request.signal, (signal) =>
        fallback.run(input, contextOf(request, signal, notes, parts)),
      );
    }
    // What came in can only be passed on where the next stage takes it.
    if (isResults(input) || this.stage.kind === 'feedback') return input;
    throw failure;
  }
}

export function contextOf(request: Request, signal: AbortSignal, notes: string[], parts: StageTrace[]): StageContext {
  const { query, k, filter, documents } = request;
  const context: StageContext = {
    query,
    k,
    ...(filter && { filter }),
    ...(documents && { documents }),
    signal,
    note: (text) => {
      notes.push(text);
    },
    async part(name, work, counts) {
      const started = performance.now();
      const own: string[] = [];
      let out = 0;
      try {
        const result = await work(contextOf(request, signal, own, []));
        out = counts?.(result) ?? countOf(result);
        return result;
      } catch (error) {
        own.push((error as Error).message);
        throw error;
      } finally {
        parts.push({ name, kind: 'source', milliseconds: performance.now() - started, in: 0, out, notes: own });
      }
    },
  };
  return context;
}

function nameOfFallback({ controls }: Stage<unknown, unknown>): string {
  const fallback = controls?.fallback ?? 'fail';
  return typeof fallback === 'string' ? fallback : (fallback.name ?? fallback.kind);
}

export function isResults(value: unknown): value is Results {
  return Array.isArray((value as Partial<Results> | null | undefined)?.hits);
}

export function isResultLists(value: unknown): value is ResultLists {
  const lists = (value as Partial<ResultLists> | null | undefined)?.lists;
  return typeof lists === 'object' && lists !== null;
}

/** How many documents a value holds: of several lists, all together. */
function countOf(value: unknown): number {
  if (isResults(value)) return value.hits.length;
  if (!isResultLists(value)) return 0;
  return new Set(Object.values(value.lists).flatMap(({ hits }) => hits.map(({ id }) => id))).size;
}

function cacheKey(input: unknown, { query, k, filter }: Request): string {
  const lists = isResults(input) ? [input.hits] : isResultLists(input) ? Object.values(input.lists).map(({ hits }) => hits) : [];
  return JSON.stringify([query.text, k, filter ?? null, lists.map((hits) => hits.map(({ id, score }) => [id, score]))]);
}
