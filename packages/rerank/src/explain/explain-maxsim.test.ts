import type { Explanation, RankError } from '@rank-rank/core';
import { Random } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxsim } from '../scoring/maxsim.ts';
import { randomTokens, tokensOf } from '../testing/tokens.ts';
import { ansiExplanation } from './ansi.ts';
import { type ExplainOptions, explainMaxSim, maxsimExplanation } from './explain-maxsim.ts';
import { regionMatches } from './grid.ts';
import { htmlExplanation } from './html.ts';
import { svgHeatMap } from './svg.ts';
import { wordsOf } from './words.ts';

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const documentText = 'Running <shoes> for rain & snow.';
const document = tokensOf(
  [
    [0, 0, 0, 1],
    [0.8, 0.6, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0.6, 0.8],
  ],
  { pieces: ['[CLS]', 'run', '##ning', 'shoes', 'snow'], spans: Uint32Array.of(0, 0, 0, 3, 3, 7, 9, 14, 27, 31) },
);
const query = tokensOf(
  [
    [1, 0, 0, 0],
    [0, 0.6, 0.8, 0],
  ],
  { pieces: ['runners', 'boot'], spans: Uint32Array.of(0, 7, 8, 12) },
);
const why = explainMaxSim(query, document, { queryText: 'runners boot', documentText, matrix: true, snippetWords: 2 });

describe('an explanation', () => {
  it('names for each query row its best document row, and its share', () => {
    expect(why.matches.map(({ queryRow, documentRow }) => [queryRow, documentRow])).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(why.score).toBeCloseTo(1.6, 6);
    expect(why.matches.map(({ share }) => share)).toEqual([expect.closeTo(1 / 1.6, 6), expect.closeTo(0.6 / 1.6, 6)]);
  });

  it('groups subwords into words and merges their offsets', () => {
    expect(why.words.map(({ word, found }) => [word.text, found.map((target) => target.word.text)])).toEqual([
      ['runners', ['Running']],
      ['boot', ['shoes']],
    ]);
    expect(why.documentWords.map(({ word, contribution }) => [word.text, word.start, word.end, Number(contribution.toFixed(3))])).toEqual([
      ['[CLS]', 0, 0, 0],
      ['Running', 0, 7, 1],
      ['shoes', 9, 14, 0.6],
      ['snow', 27, 31, 0],
    ]);
  });

  it('ranks the passages that match by themselves', () => {
    expect(why.snippets[0]).toEqual({ start: 0, end: 14, text: 'Running <shoes', score: expect.closeTo(1.6, 6) });
    expect(explainMaxSim(query, document, { snippets: 0 }).snippets).toEqual([]);
    const single = explainMaxSim(query, document, { documentText, snippetWords: 1, snippets: 2 }).snippets;
    expect(single.map(({ text }) => text)).toEqual(['Running', 'shoes']);
  });

  it('brings the similarity matrix on request', () => {
    expect(why.similarities).toMatchObject({ rows: 2, dim: 5 });
    expect(why.similarities!.data[1 * 5 + 4]).toBeCloseTo(0.48, 6);
    expect(explainMaxSim(query, document).similarities).toBeUndefined();
  });

  it('becomes the tree that every stage speaks', () => {
    const tree = maxsimExplanation(why);
    expect(tree).toMatchObject({ name: 'maxsim', space: 'maxsim', combine: 'sum' });
    expect(tree.parts![0]).toMatchObject({ name: 'runners', description: 'matched "Running"', spans: [[0, 7]] });
    expect(tree.parts![0]!.parts![0]).toMatchObject({ name: 'runners', combine: 'product', spans: [[3, 7]] });
  });

  it('refuses what cannot be explained', () => {
    expect(() => explainMaxSim(query, tokensOf([[1]]))).toThrow(code('DIMENSION_MISMATCH'));
    expect(() => explainMaxSim(query, { data: new Float32Array(0), rows: 0, dim: 4 })).toThrow(code('EMPTY_INPUT'));
    expect(() => explainMaxSim(query, document, { mask: { document: [0, 0, 0, 0, 0] } })).toThrow(code('EMPTY_INPUT'));
    expect(() => explainMaxSim(query, document, { weight: [1, 1] } as never)).toThrow(/Did you mean "weights"/);
    expect(() => svgHeatMap(explainMaxSim(query, document))).toThrow(/matrix: true/);
  });
});

/** Every node is what its parts make it. */
function expectToAddUp({ value, combine = 'sum', parts }: Explanation): void {
  if (parts === undefined) return;
  const made = parts.reduce((total, part) => (combine === 'sum' ? total + part.value : total * part.value), combine === 'sum' ? 0 : 1);
  expect(made).toBeCloseTo(value, 6);
  for (const part of parts) expectToAddUp(part);
}

describe('shares', () => {
  it('add up to the score, which is that of maxsim, whatever the options', () => {
    const options = fc.record<ExplainOptions>(
      {
        similarity: fc.constantFrom('dot', 'cosine'),
        aggregate: fc.constantFrom('sum', 'mean', 'normalised'),
        absent: fc.constantFrom('excluded', 'zero', 'clipped'),
        smooth: fc.constantFrom({ method: 'top', n: 2 } as const, { method: 'softmax', temperature: 0.3 } as const),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 20 }), options, (seed, rows, length, given) => {
        const random = new Random(seed);
        const a = randomTokens(random, rows, 8);
        const b = randomTokens(random, length, 8);
        const weights = Float32Array.from({ length: rows }, () => random.next() + 0.05);
        const { smooth, ...rest } = given;
        const chosen = { ...rest, ...(smooth && given.absent === undefined && { smooth }), weights };
        const mask = Array.from({ length }, (_, i) => i === 0 || random.next() < 0.7);
        const explained = explainMaxSim(a, b, { ...chosen, mask: { document: mask } });
        expect(explained.score).toBeCloseTo(maxsim(a, b, { ...chosen, mask: { documents: [mask] } }), 4);
        expect(explained.matches.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(explained.score, 9);
        expect(explained.words.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(explained.score, 9);
        if (Math.abs(explained.score) > 1e-3) expect(explained.matches.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
        expectToAddUp(maxsimExplanation(explained));
      }),
      { numRuns: 150 },
    );
  });
});

describe('words', () => {
  it('are found in WordPiece, SentencePiece, byte-level pieces, and spans alone', () => {
    const words = (pieces: string[] | undefined, spans: number[] | undefined, text?: string) =>
      wordsOf(
        {
          ...tokensOf(Array.from({ length: (pieces ?? spans!).length / (pieces ? 1 : 2) }, () => [1])),
          ...(pieces && { pieces }),
          ...(spans && { spans: Uint32Array.from(spans) }),
        },
        text,
      ).map((word) => word.text);
    expect(words(['un', '##believ', '##able', '!'], [0, 2, 2, 8, 8, 12, 12, 13], 'unbelievable!')).toEqual(['unbelievable', '!']);
    expect(words(['▁Hel', 'lo', '▁world', '.'], [0, 3, 3, 5, 5, 11, 11, 12], 'Hello world.')).toEqual(['Hello', 'world', '.']);
    expect(words(['He', 'llo', 'Ġwor', 'ld', ','], [0, 2, 2, 5, 5, 9, 9, 11, 11, 12], 'Hello world,')).toEqual(['Hello', 'world', ',']);
    expect(words(undefined, [0, 2, 2, 5, 6, 8, 8, 9], 'Hello wo!')).toEqual(['Hello', 'wo', '!']);
    expect(words(['[CLS]', 'a', '[SEP]'], undefined)).toEqual(['[CLS]', 'a', '[SEP]']);
  });
});

describe('pictures', () => {
  it('escape the document for HTML and SVG', () => {
    const html = htmlExplanation(why);
    expect(html).toContain('&lt;<mark');
    expect(html).toContain(' &amp; snow');
    expect(html).not.toMatch(/<shoes/);
    const svg = svgHeatMap(explainMaxSim(query, { ...document, pieces: ['<', '"', "'", '&', '\u0000'] }, { matrix: true }));
    expect(svg).toContain('>&lt;</text>');
    expect(svg.match(/<rect/g)).toHaveLength(2 * 5 + 2);
    expect(svg.split('<').length).toBe(svg.split('>').length);
  });

  it('show a terminal the document and a table, and never a control character of the document', () => {
    const shown = ansiExplanation(why);
    expect(shown).toContain('\x1b[30;48;2;');
    expect(ansiExplanation(why, { colour: false })).toContain(
      'Running <shoes> for rain & snow.\n\nmaxsim 1.6000\nrunners  1.0000  62.5 %  Running',
    );
    const evil = explainMaxSim(query, document, { documentText: 'Run\x1b[2J <shoes> and so on and on' });
    expect(ansiExplanation(evil, { colour: false })).not.toContain('\x1b');
  });
});

describe('image regions', () => {
  const patches = [
    [0.1, 0],
    [0.1, 0],
    [0.9, 0],
    [0.1, 0],
    [0.1, 0],
    [1, 0],
    [0.95, 0],
    [0.1, 0],
    [0.1, 0],
  ];
  const page = tokensOf([[0, 1], ...patches]);
  const explained = explainMaxSim(
    tokensOf([
      [1, 0],
      [0, 1],
    ]),
    page,
    { matrix: true },
  );

  it('are boxes around connected patches, in pixels', () => {
    const [match, special] = regionMatches(explained, { columns: 3, rows: 3, first: 1, width: 300, height: 600 });
    expect(match!.best).toEqual({ x: 200, y: 200, width: 100, height: 200 });
    expect(match!.regions).toEqual([
      { x: 200, y: 0, width: 100, height: 400, similarity: 1 },
      { x: 0, y: 400, width: 100, height: 200, similarity: expect.closeTo(0.95, 6) },
    ]);
    expect(match!.map[5]).toBe(1);
    expect(special!.best).toBeUndefined();
    expect(special!.regions).toEqual([]);
  });

  it('refuse a grid that the document does not have', () => {
    expect(() => regionMatches(explained, { columns: 4, rows: 3 })).toThrow(/needs 12 rows; the document has 10/);
  });
});
