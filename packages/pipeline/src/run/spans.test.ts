import { type Context, context, ROOT_CONTEXT, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retrieve } from '../stage/retrieve.ts';
import { fixed } from '../testing/fakes.ts';
import { pipeline } from './pipeline.ts';

interface Recorded {
  readonly name: string;
  readonly parent: Recorded | undefined;
  readonly attributes: Record<string, unknown>;
  readonly start: number;
  end?: number;
  error?: string;
}

const spans: Recorded[] = [];
const bySpan = new WeakMap<object, Recorded>();

/** Just enough of a tracer to see what it is told. */
function startSpan(name: string, options: SpanOptions = {}, parentContext: Context = ROOT_CONTEXT): Span {
  const parent = trace.getSpan(parentContext);
  const recorded: Recorded = {
    name,
    parent: parent && bySpan.get(parent),
    attributes: { ...options.attributes },
    start: Number(options.startTime),
  };
  spans.push(recorded);
  const span = {
    setAttribute: (key: string, value: unknown) => {
      recorded.attributes[key] = value;
    },
    recordException: (error: Error) => {
      recorded.error = error.message;
    },
    setStatus: () => {},
    end: (at: number) => {
      recorded.end = at;
    },
  } as unknown as Span;
  bySpan.set(span, recorded);
  return span;
}

beforeAll(() => {
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => {} }) as never });
});
afterAll(() => {
  trace.disable();
  context.disable();
});

describe('spans', () => {
  it('tell of the request, its stages and their sources, and keep the query to themselves', async () => {
    const search = pipeline(retrieve({ one: fixed({ a: 2, b: 1 }), two: fixed({ b: 3 }) }), { name: 'both' });
    await search.run('a secret', { k: 5 }).catch(() => {});
    const [root, stage, ...sources] = spans;
    expect([root!.name, stage!.name, ...sources.map(({ name }) => name)]).toEqual(['rank both', 'rank retrieve', 'rank one', 'rank two']);
    expect(stage!.parent).toBe(root);
    expect(sources.every(({ parent }) => parent === stage)).toBe(true);
    expect(stage!.attributes).toMatchObject({ 'rank.kind': 'retrieve', 'rank.documents.out': 2 });
    expect(spans.every(({ start, end }) => end! >= start)).toBe(true);
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('secret');
    // Two lists at the end of a pipeline are an error, and the span says so.
    expect(root!.error).toContain('add fuse()');
  });
});
