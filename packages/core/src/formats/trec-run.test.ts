import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRankError } from '../error.ts';
import { toRanking } from '../ranking.ts';
import { formatTrecRun, parseTrecRun, readTrecRun, streamTrecRun } from './trec-run.ts';

const error = (work: () => unknown): { code: string; message: string; details: Record<string, unknown> } => {
  try {
    work();
  } catch (caught) {
    if (isRankError(caught)) return caught;
    throw caught;
  }
  throw new Error('nothing was thrown');
};

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // The same buffer every time, as some streams do.
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

describe('a TREC run', () => {
  it('is read as trec_eval reads it: ranks ignored, any white space, junk after the tag, blank lines, comments, no last newline', () => {
    const run = parseTrecRun(
      [
        '# made by hand',
        '',
        '  q2\tQ0  d1   99  0.5 first junk at the end',
        'q1 0 d3 1 1e1 first\r',
        '   ',
        'q1 Q0 d#1 2 -.5 first',
        'q1 Q0 d2 3 +10 last',
      ].join('\n'),
    );
    expect([...run.keys()]).toEqual(['q2', 'q1']);
    expect(run.get('q1')).toEqual([
      { id: 'd2', score: 10 },
      { id: 'd3', score: 10 },
      { id: 'd#1', score: -0.5 },
    ]);
    expect(run.name).toBe('last');
  });

  it('may have the lines of a query apart', () => {
    const run = parseTrecRun('a Q0 d1 1 1 t\nb Q0 d1 1 1 t\na Q0 d2 1 2 t\n');
    expect(run.get('a')).toEqual([
      { id: 'd2', score: 2 },
      { id: 'd1', score: 1 },
    ]);
  });

  it('may be empty', () => {
    expect(parseTrecRun('').size).toBe(0);
    expect(parseTrecRun('\n# nothing\n').size).toBe(0);
    expect(parseTrecRun('').name).toBe('');
  });

  it('may begin with a byte-order mark and name documents in any script', () => {
    const run = parseTrecRun('\ufeffq Q0 文書 1 2 tag\nq Q0 é 2 1 tag\nq Q0 Ã© 2 1 tag\n');
    expect(run.get('q')!.map(({ id }) => id)).toEqual(['文書', 'Ã©', 'é']);
  });

  it.each([
    ['q1 Q0 d1 1 0.5', 'six fields'],
    ['q1', 'six fields'],
    ['q1 Q0 d1 1 high tag', 'a score'],
    ['q1 Q0 d1 1 nan tag', 'a score'],
    ['q1 Q0 d1 1 1e999 tag', 'a score'],
  ])('says where a line is bad and what was expected: %s', (line, expected) => {
    const caught = error(() => parseTrecRun(`q0 Q0 d 1 1 t\n\n${line}\nq9 Q0 d 1 1 t`, { file: 'my.run' }));
    expect(caught.code).toBe('PARSE');
    expect(caught.message).toContain('my.run, line 3: read "');
    expect(caught.details).toMatchObject({ file: 'my.run', line: 3, expected: expect.stringContaining(expected) });
    expect(line).toContain(caught.details['found']);
  });

  it('can be read with the numbers that atof would see', () => {
    const run = parseTrecRun('q Q0 a 1 1.5x t\nq Q0 b 1 high t\n', { numbers: 'atof' });
    expect(run.get('q')).toEqual([
      { id: 'a', score: 1.5 },
      { id: 'b', score: 0 },
    ]);
    expect(error(() => parseTrecRun('q Q0 a 1 nan t', { numbers: 'atof' })).code).toBe('PARSE');
  });

  it.each(['q Q0 a 1 1 t\nq Q0 a 2 3 t\nq Q0 a 3 2 t\n', 'q Q0 a 1 1 t\np Q0 a 1 1 t\nq Q0 a 2 3 t\nq Q0 a 3 2 t\n'])(
    'refuses a document twice for a query, or keeps the one it is told to',
    (text) => {
      const caught = error(() => parseTrecRun(text));
      expect(caught.code).toBe('DUPLICATE_ID');
      expect(caught.details['line']).toBe(text.startsWith('q Q0 a 1 1 t\np') ? 3 : 2);
      expect(parseTrecRun(text, { duplicates: 'first' }).get('q')).toEqual([{ id: 'a', score: 1 }]);
      expect(parseTrecRun(text, { duplicates: 'last' }).get('q')).toEqual([{ id: 'a', score: 2 }]);
      expect(parseTrecRun(text, { duplicates: 'best' }).get('q')).toEqual([{ id: 'a', score: 3 }]);
    },
  );

  it('tells ids that are no UTF-8, options nobody knows, and gzip that is no text', () => {
    expect(error(() => parseTrecRun(Uint8Array.from([113, 32, 48, 32, 255, 32, 49, 32, 49, 32, 116]))).details).toMatchObject({ line: 1 });
    expect(error(() => parseTrecRun('', { duplicate: 'first' } as object)).message).toContain('Did you mean "duplicates"?');
    expect(error(() => parseTrecRun(gzipSync('q Q0 d 1 1 t'))).message).toContain('gzip');
    expect(error(() => parseTrecRun(7 as unknown as string)).code).toBe('INVALID_ARGUMENT');
  });

  it('reads the same from chunks of any size, plain or gzip, whole or query by query, and comes back from its own text', async () => {
    const id = fc
      .string({ unit: fc.constantFrom('a', 'b', '7', 'é', '文', '😀', '#'), minLength: 1, maxLength: 4 })
      .map((text) => `d${text}`);
    const rankings = fc.dictionary(
      fc.constantFrom('q1', 'q2', 'q3', 'ß'),
      fc.uniqueArray(fc.record({ id, score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0) }), {
        selector: (hit) => hit.id,
        maxLength: 12,
        minLength: 1,
      }),
    );
    await fc.assert(
      fc.asyncProperty(rankings, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (made, size, packed) => {
        const run = new Map(Object.entries(made).map(([query, hits]) => [query, toRanking(hits)]));
        const text = formatTrecRun(run, { tag: 'x' });
        expect(new Map(parseTrecRun(text))).toEqual(run);
        const bytes = packed ? gzipSync(text) : new TextEncoder().encode(text);
        expect(new Map(await readTrecRun(pieces(bytes, size)))).toEqual(run);
        const streamed = new Map();
        for await (const { query, ranking } of streamTrecRun(pieces(bytes, size))) streamed.set(query, ranking);
        expect(streamed).toEqual(run);
      }),
      { numRuns: 60 },
    );
  });

  it('streams only where the lines of a query stand together', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of streamTrecRun('a Q0 d1 1 1 t\nb Q0 d1 1 1 t\na Q0 d2 1 2 t\n')) {
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'PARSE', details: { line: 3 } });
  });

  it('is read from the body of a response', async () => {
    const body = new Response(gzipSync('q Q0 d 1 1 t\n')).body!;
    expect((await readTrecRun(body)).get('q')).toEqual([{ id: 'd', score: 1 }]);
  });

  it('stops when its caller says so, and tells how far it came', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const reading = readTrecRun(pieces(new TextEncoder().encode('q Q0 d 1 1 t\n'.repeat(3)), 13), {
      duplicates: 'first',
      signal: abort.signal,
      onProgress: ({ done }) => {
        seen.push(done);
        abort.abort();
      },
    });
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(seen).toEqual([13]);
  });

  it('is not written with ids that its readers could not read', () => {
    expect(error(() => formatTrecRun({ 'a b': { d: 1 } })).message).toContain('"a b"');
    expect(error(() => formatTrecRun({ a: { 'd\t': 1 } })).code).toBe('INVALID_ARGUMENT');
    expect(error(() => formatTrecRun({ a: { d: 1 } }, { tag: '' })).code).toBe('INVALID_ARGUMENT');
  });

  it('of corrupt gzip is an error that says so', async () => {
    const packed = gzipSync('q Q0 d 1 1 t\n'.repeat(100));
    await expect(readTrecRun(packed.subarray(0, 30), { duplicates: 'first' })).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('passes on what went wrong in the source', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield gzipSync('q Q0 d 1 1 t\n').subarray(0, 12);
      throw new Error('the line broke');
    };
    await expect(readTrecRun(failing())).rejects.toThrow('the line broke');
  });
});
