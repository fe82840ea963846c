import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseGroupedQrels } from '@rank-rank/core';
import { readQrels, readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import type { JudgementsInput } from '../judgements.ts';

type Expected = Record<string, Record<string, number>>;
type Grades = Record<string, Record<string, number>>;

/** How the figures were made stands in the file. */
const recorded = JSON.parse(readFileSync(new URL('./peers.expected.json', import.meta.url), 'utf8')) as {
  qrels: Grades;
  run: Grades;
  ties: Grades;
  subtopics: string;
  diversityRun: Grades;
  expected: Expected;
  expectedTies: Expected;
  expectedDiversity: Expected;
  expectedRanx: Expected;
};

function agrees(qrels: JudgementsInput, run: Grades, expected: Expected, digits: (measure: string) => number = () => 10): void {
  for (const [measure, values] of Object.entries(expected)) {
    const { values: ours, perQuery } = evaluate(qrels, run, measure);
    for (const [query, value] of Object.entries(values)) {
      expect(query === 'all' ? ours[measure] : perQuery[query]![measure], `${measure} of ${query}`).toBeCloseTo(value, digits(measure));
    }
  }
}

describe('measures agree with ir-measures', () => {
  // gdeval, which ir-measures asks for these, prints five digits.
  const digits = (measure: string): number => (/^ERR@|exp-log2/.test(measure) ? 4.7 : 10);

  it('by query and averaged, with a query that has no relevant document and one that has no results', () => {
    agrees(recorded.qrels, recorded.run, recorded.expected, digits);
    expect(Object.keys(recorded.expected).length).toBeGreaterThan(55);
  });

  it('where scores are equal', () => agrees(recorded.qrels, recorded.ties, recorded.expectedTies));

  it('over subtopics', () => agrees(parseGroupedQrels(recorded.subtopics), recorded.diversityRun, recorded.expectedDiversity));
});

describe('measures agree with ranx', () => {
  it('under the names that ranx gives them', () => {
    const grades = Object.entries(recorded.qrels).filter(([query]) => query !== '7');
    // ranx has no grades below 0.
    const qrels = Object.fromEntries(
      grades.map(([query, judged]) => [query, Object.fromEntries(Object.entries(judged).map(([id, grade]) => [id, Math.max(grade, 0)]))]),
    );
    agrees(qrels, recorded.run, recorded.expectedRanx);
  });
});

describeWithData('compatibility agrees with ir-measures 0.4.3 on its own test files', 'fusion/ir_measures', (folder) => {
  it.each([
    ['Compat', 0.51779512165509, 0.018400100569017922],
    ['Compat(p=0.8)', 0.16723008845234535, 0.00022806427320561776],
    ['Compat(normalize=False)', 0.5169193697957316, 0.018336027961735724],
  ])('%s', async (measure, first, second) => {
    const { perQuery } = evaluate(await readQrels(join(folder, 'compat.qrels')), await readRun(join(folder, 'compat.run')), measure);
    expect(perQuery['31_1']![measure]).toBeCloseTo(first, 12);
    expect(perQuery['31_2']![measure]).toBeCloseTo(second, 12);
  });
});
