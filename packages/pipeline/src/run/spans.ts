import type { Span, Tracer } from '@opentelemetry/api';
import type { StageTrace } from './trace.ts';

type Api = typeof import('@opentelemetry/api');

let api: Promise<Api | undefined> | undefined;

/** The OpenTelemetry API, where the package is installed: without it, and without a tracer that somebody registered, nothing is done. */
function openTelemetry(): Promise<Api | undefined> {
  api ??= import('@opentelemetry/api').catch(() => undefined);
  return api;
}

/**
 * The spans of one request: one for the pipeline, under whatever span is active where `run` is called, and one for each stage and source in it. Queries are not recorded, since
 * they may be private.
 */
export class RequestSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #root: Span;
  readonly #started: number;
  #at: number;

  private constructor(known: Api, name: string, k: number) {
    this.#api = known;
    this.#tracer = known.trace.getTracer('@rank-rank/pipeline');
    this.#started = Date.now();
    this.#at = this.#started;
    this.#root = this.#tracer.startSpan(`rank ${name}`, { startTime: this.#started, attributes: { 'rank.pipeline': name, 'rank.k': k } });
  }

  static async start(name: string, k: number): Promise<RequestSpans | undefined> {
    const known = await openTelemetry();
    return known && new RequestSpans(known, name, k);
  }

  /** A stage that ended; stages follow one another. */
  stage(trace: StageTrace): void {
    this.#span(trace, this.#at, this.#root);
    this.#at += trace.milliseconds;
  }

  end(hits: number): void {
    this.#root.setAttribute('rank.hits', hits);
    this.#root.end(this.#at);
  }

  fail(error: unknown): void {
    this.#root.recordException(error as Error);
    this.#root.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: (error as Error)?.message });
    this.#root.end(Math.max(this.#at, Date.now()));
  }

  #span({ name, kind, milliseconds, in: taken, out, cached, fallback, notes, parts }: StageTrace, startTime: number, parent: Span): void {
    const span = this.#tracer.startSpan(
      `rank ${name}`,
      {
        startTime,
        attributes: {
          'rank.stage': name,
          'rank.kind': kind,
          'rank.documents.in': taken,
          'rank.documents.out': out,
          ...(cached && { 'rank.cached': true }),
          ...(fallback && { 'rank.fallback.to': fallback.to, 'rank.fallback.why': fallback.why }),
          ...(notes.length > 0 && { 'rank.notes': [...notes] }),
        },
      },
      this.#api.trace.setSpan(this.#api.context.active(), parent),
    );
    // The sources of a stage run side by side.
    for (const part of parts ?? []) this.#span(part, startTime, span);
    span.end(startTime + milliseconds);
  }
}
