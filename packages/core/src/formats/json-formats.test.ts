import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beirQrelsText, parseBeirQrels } from './beir-qrels.ts';
import { documentsText, parseDocuments, parseQueries, queriesText } from './documents.ts';
import { parseJsonLines, readJsonLines } from './jsonl.ts';
import { parseRanxQrels, parseRanxRun, ranxQrelsText, ranxRunText, readRanxRun, streamRanxRun } from './ranx-json.ts';

describe('JSONL', () => {
  it('is a value a line, with its line number', async () => {
    expect([...parseJsonLines('{"a":1}\n\n[2]\n"x"')]).toEqual([
      { value: { a: 1 }, line: 1 },
      { value: [2], line: 3 },
      { value: 'x', line: 4 },
    ]);
    const values: unknown[] = [];
    for await (const { value } of readJsonLines(['{"a"', ':1}\n2\n'])) values.push(value);
    expect(values).toEqual([{ a: 1 }, 2]);
    expect(() => [...parseJsonLines('1\n{a}\n', { file: 'f.jsonl' })]).toThrow(/^f\.jsonl, line 2: read "\{a\}"; expected a JSON value/);
  });
});

describe('documents', () => {
  it('are read from our keys, from those of BEIR and of Anserini, and come back from their own text', () => {
    const documents = [
      ...parseDocuments(
        [
          '{"_id": "d1", "title": "Wings", "text": "On lift.", "metadata": {"year": 1958, "authors": ["A", "B"], "place": {"city": "X"}}}',
          '{"id": 2, "contents": "drag", "lang": "en"}',
          '{"_id": "d3", "title": "", "text": "", "metadata": {}}',
        ].join('\n'),
      ),
    ];
    expect(documents).toEqual([
      { id: 'd1', text: 'On lift.', title: 'Wings', metadata: { year: 1958, authors: ['A', 'B'], place: '{"city":"X"}' } },
      { id: '2', text: 'drag', metadata: { lang: 'en' } },
      { id: 'd3', text: '' },
    ]);
    expect([...parseDocuments([...documentsText(documents)].join(''))]).toEqual(documents);
  });

  it.each(['[]', '{"text": "x"}', '{"id": "", "text": "x"}', '{"id": "a"}', '{"id": "a", "text": "b", "title": 3}'])(
    'say what they lack: %s',
    (line) => {
      expect(() => [...parseDocuments(`{"id":"z","text":""}\n${line}`, { file: 'c.jsonl' })]).toThrow(
        /^c\.jsonl, line 2: read .*; expected /,
      );
    },
  );
});

describe('queries', () => {
  it('are JSONL or tab-separated', () => {
    const queries = [
      { id: 'q1', text: 'what is lift' },
      { id: 'q2', text: 'a\tb' },
    ];
    expect(parseQueries('q1\twhat is lift\r\n\nq2\ta\tb\n')).toEqual(queries);
    expect(parseQueries([...queriesText(queries)].join(''))).toEqual(queries);
    expect(() => parseQueries('q1 what is lift')).toThrow(/line 1.*a tab/);
    expect(() => parseQueries('q1\ta\nq1\tb')).toThrow(/line 2: query "q1" is there twice/);
  });
});

describe('BEIR judgements', () => {
  it('have a header, or none, and ids with spaces', () => {
    const qrels = new Map([['q 1', new Map([['d 1', 2]])]]);
    expect(parseBeirQrels('query-id\tcorpus-id\tscore\r\nq 1\td 1\t2\r\n')).toEqual(qrels);
    expect(parseBeirQrels('q 1\td 1\t2')).toEqual(qrels);
    expect(parseBeirQrels([...beirQrelsText(qrels)].join(''))).toEqual(qrels);
  });

  it.each(['q1 d1 1', 'q1\td1', '\td1\t1', 'q1\td1\tx'])('say where a line is bad: %j', (line) => {
    expect(() => parseBeirQrels(`query-id\tcorpus-id\tscore\n${line}\n`)).toThrow(/^qrels, line 2/);
  });
});

describe('runs and judgements as JSON', () => {
  it('are read whole and query by query, in chunks of any size', async () => {
    const text = '{"q1": {"d1": 0.5, "d\\"2}": 0.75},\n "q,2": [{"id": "x", "score": 1}], "q3": {}}\n';
    const expected = new Map([
      [
        'q1',
        [
          { id: 'd"2}', score: 0.75 },
          { id: 'd1', score: 0.5 },
        ],
      ],
      ['q,2', [{ id: 'x', score: 1 }]],
      ['q3', []],
    ]);
    expect(new Map(parseRanxRun(text))).toEqual(expected);
    for (const size of [1, 2, 7, 100]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
      expect(new Map(await readRanxRun(chunks))).toEqual(expected);
    }
    expect(parseRanxQrels('{"q": {"d": 2}}')).toEqual(new Map([['q', new Map([['d', 2]])]]));
    expect(parseRanxRun(' {} ').size).toBe(0);
    expect(parseRanxRun([...ranxRunText(expected)].join(''))).toEqual(parseRanxRun(text));
    expect([...ranxRunText({})].join('')).toBe('{}\n');
    expect(parseRanxQrels([...ranxQrelsText({ q: { d: 1 }, r: {} })].join('')).size).toBe(2);
  });

  it.each([
    ['', 'one JSON object'],
    ['[]', 'one JSON object'],
    ['{"q": {"d": 1}', 'to be closed'],
    ['{"q": {"d": 1}} x', 'nothing beside it'],
    ['x {"q": {"d": 1}}', 'nothing beside it'],
    ['{"q": {"d": 1},}', '"id": value'],
    ['{"q": {"d": "1"}}', 'expected a number'],
    ['{"q": {"d": 1}, "q": {"d": 2}}', 'each query once'],
    ['{"q": {"": 1}}', 'non-empty string'],
    ['{"q": 3}', 'expected hits'],
    ['{"q": {"d" 1}}', '"id": value'],
    ['}', 'one JSON object'],
  ])('say what is wrong and on which line: %s', (text, expected) => {
    expect(() => parseRanxRun(`\n${text}`, { file: 'r.json' })).toThrow(new RegExp(`^r\\.json, line 2: .*${expected}`));
  });

  it('never fail in another way, whatever the text', async () => {
    const junk = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'a', ' ', '\n'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(junk, async (text) => {
        try {
          for await (const _ of streamRanxRun(`{${text}}`)) {
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'RankError' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
