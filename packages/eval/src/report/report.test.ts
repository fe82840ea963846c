import { describe, expect, it } from 'vitest';
import { type Comparison, compare } from '../compare.ts';
import { reportCsv } from './csv.ts';
import { reportHtml } from './html.ts';
import { reportJson } from './json.ts';
import { reportLatex } from './latex.ts';
import { reportMarkdown } from './markdown.ts';
import { linearScale, logScale, roundTicks, spread } from './svg.ts';
import { letterOf } from './table.ts';
import { reportText } from './text.ts';

const queries = Array.from({ length: 12 }, (_, i) => `q${i}`);
const qrels = Object.fromEntries(queries.map((query) => [query, { a: 2, b: 1, c: 0 }]));
const fine = Object.fromEntries(queries.map((query, i) => [query, { a: 3, b: 2 + (i % 4) / 2, c: 1 }]));
const poor = Object.fromEntries(queries.map((query, i) => [query, { c: 3, b: 2, a: (i % 3) + 0.5 }]));
const comparison: Comparison = compare(qrels, { fine, poor, 'a_b <x> & "y"': fine }, ['nDCG@2', 'NumRet'], {
  test: 't',
  curves: true,
  costs: { fine: { value: 2, unit: 'ms' }, poor: { value: 90, unit: 'ms' } },
});
const alone = compare({ q: { a: 1 } }, { only: { q: { a: 1 } } }, 'AP');

describe('a report as text', () => {
  it('shows runs by measures, letters for significance, and every pair', () => {
    const [head, first, second] = reportText(comparison).split('\n');
    expect(head).toMatch(/^ +run +nDCG@2 +NumRet$/);
    expect(first).toMatch(/^a +fine +0\.9\d{3} +b +36\.0000$/);
    expect(second).toMatch(/^b +poor +0\.\d{4} +36\.0000$/);
    expect(reportText(comparison)).toContain(
      "Letters: significantly better than that run by Student's paired t-test (p < 0.05, corrected by Holm).",
    );
    expect(reportText(comparison)).toMatch(/nDCG@2 +fine +poor +−0\.\d{4} +< 0\.001 +\* +0\/0\/12/);
  });

  it('shows what means hide: an interval, the geometric mean, the median, the worst decile, queries served', () => {
    const { geometricMean, worstDecile } = comparison.runs[1]!.summaries['nDCG@2']!;
    const row = reportText(comparison)
      .split('\n')
      .find((line) => /^nDCG@2 +poor +0\.\d{4}–/.test(line))!;
    expect(row).toContain(` ${geometricMean.toFixed(4)} `);
    expect(row).toContain(` ${worstDecile.toFixed(4)} `);
    expect(row).toMatch(/\d %$/);
    expect(reportMarkdown(comparison)).toMatch(/\| nDCG@2 \| poor \| 0\.\d{4}–/);
  });

  it('of one run and one query has no pairs', () => {
    expect(reportText(alone)).toBe('   run       AP\na  only  1.0000\n\nOver 1 query.\n');
  });
});

describe('a report as Markdown, LaTeX, CSV and JSON', () => {
  it('keeps names from being markup', () => {
    expect(reportMarkdown(comparison)).toContain('| c | a\\_b \\<x> & "y" |');
    expect(reportLatex(comparison)).toContain('c & a\\_b $<$x$>$ \\& "y" &');
    expect(reportCsv(comparison)).toContain('\r\n"a_b <x> & ""y""",');
  });

  it('marks the best values and what they beat', () => {
    expect(reportMarkdown(comparison)).toMatch(/\| a \| fine \| \*\*0\.9\d{3}\*\*<sup>b<\/sup> \|/);
    expect(reportLatex(comparison)).toMatch(/a & fine & \\textbf\{0\.9\d{3}\}\$\^\{b\}\$ & /);
  });

  it('has all digits, a row a run, a query, or a pair', () => {
    expect(reportCsv(comparison).split('\r\n')[1]).toBe(`fine,${comparison.runs[0]!.values['nDCG@2']},36`);
    expect(reportCsv(comparison, { rows: 'perQuery' }).split('\r\n')).toHaveLength(1 + 3 * 12 + 1);
    expect(reportCsv(comparison, { rows: 'pairs' }).split('\r\n')).toHaveLength(1 + 6 + 1);
    expect(() => reportCsv(comparison, { rows: 'all' as never })).toThrow(expect.objectContaining({ name: 'RankError' }));
    expect(JSON.parse(reportJson(comparison))).toEqual(JSON.parse(JSON.stringify(comparison)));
  });
});

describe('a report as a page', () => {
  const page = reportHtml(comparison, { title: 'Fine & poor' });

  it('needs nothing else, and keeps names from being markup', () => {
    expect(page).toContain('<title>Fine &#38; poor</title>');
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|https?:\/\//);
    expect(page).not.toContain('<x>');
  });

  it('has a plot of each kind, each with a name and a description', () => {
    const figures = [...page.matchAll(/<svg [^>]*aria-labelledby="(\S+) (\S+)"/g)];
    // Means and costs by measure, differences by pair and measure, precision over recall, three measures by depth.
    expect(figures).toHaveLength(2 + 2 + 6 + 1 + 3);
    for (const [, title, description] of figures) {
      expect(page).toMatch(new RegExp(`<title id="${title}">[^<]+<`));
      expect(page).toMatch(new RegExp(`<desc id="${description}">[^<]+<`));
    }
    expect(new Set(figures.map(([, title]) => title)).size).toBe(figures.length);
  });

  it('is well formed: every element is closed where it should be', () => {
    const open: string[] = [];
    for (const [tag, closing, name, , selfClosed] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>"]*(?:"[^"]*")?)*?)(\/?)>/gi)) {
      if (['meta', 'br', 'input'].includes(name!) || selfClosed) continue;
      if (closing) expect(open.pop(), tag).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('holds no number that is none', () => {
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('of one run and one query shows what there is', () => {
    const small = reportHtml(alone);
    expect(small).toContain('1 run · 1 query · 1 measure');
    expect(small).not.toContain('Query by query');
    expect(small).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('of thousands of queries stays small', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `q${i}`);
    const of = (k: number) => Object.fromEntries(many.map((query, i) => [query, { a: (i * k) % 7, b: (i * 3) % 5 }]));
    const judged = Object.fromEntries(many.map((query) => [query, { a: 1 }]));
    const large = reportHtml(compare(judged, { x: of(1), y: of(2) }, 'AP', { test: 't' }));
    expect(large.length).toBeLessThan(100_000);
    expect(large).toContain('class="area win"');
  });

  it('refuses options nobody knows', () => {
    expect(() => reportHtml(comparison, { titel: 'x' } as never)).toThrow('Did you mean "title"?');
    expect(() => reportHtml({ ...comparison, runs: [] })).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
  });
});

describe('scales', () => {
  it('have round ticks', () => {
    expect(roundTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(roundTicks(-0.03, 0.07, 4)).toEqual([-0.025, 0, 0.025, 0.05]);
    expect(linearScale(2, 2, 0, 10)(2)).toBe(0);
    expect(logScale(1, 1000, 0, 3).ticks).toEqual([1, 10, 100, 1000]);
    expect(logScale(1, 1000, 0, 3)(100)).toBeCloseTo(2, 12);
  });

  it('keep labels apart, and within bounds', () => {
    expect(spread([50, 50, 52], 10, 0, 100)).toEqual([50, 60, 70]);
    expect(spread([98, 99, 100], 10, 0, 100)).toEqual([80, 90, 100]);
  });

  it('name runs by letters, however many', () => {
    expect([0, 25, 26, 27, 52].map(letterOf)).toEqual(['a', 'z', 'aa', 'ab', 'ba']);
  });
});
