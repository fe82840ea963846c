import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';

/** A query's judgements and ranking as plain lists: the grade of each retrieved document (undefined: unjudged), and grades missed. */
const cases = fc.record({
  ranked: fc.array(fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }), { maxLength: 30 }),
  missed: fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 10 }),
  level: fc.integer({ min: 1, max: 3 }),
  k: fc.integer({ min: 1, max: 35 }),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function value({ ranked, missed }: Case, measure: string): number {
  const qrels: Record<string, number> = { never: 0 };
  const run: Record<string, number> = {};
  ranked.forEach((grade, place) => {
    run[`d${place}`] = 100 - place;
    if (grade !== undefined) qrels[`d${place}`] = grade;
  });
  missed.forEach((grade, i) => {
    qrels[`m${i}`] = grade;
  });
  return evaluate({ q: qrels }, { q: run }, measure).perQuery['q']![measure]!;
}

const relevant = ({ level }: Case, grade: number | undefined): boolean => grade !== undefined && grade >= level;

/** The definitions, written down as they are read in papers, over every place of the ranking. */
const references: Record<string, [name: (c: Case) => string, value: (c: Case) => number]> = {
  precision: [({ level, k }) => `P(rel=${level})@${k}`, (c) => c.ranked.slice(0, c.k).filter((grade) => relevant(c, grade)).length / c.k],
  recall: [
    ({ level, k }) => `R(rel=${level})@${k}`,
    (c) => {
      const all = [...c.ranked, ...c.missed].filter((grade) => relevant(c, grade)).length;
      return all === 0 ? 0 : c.ranked.slice(0, c.k).filter((grade) => relevant(c, grade)).length / all;
    },
  ],
  averagePrecision: [
    ({ level, k }) => `AP(rel=${level})@${k}`,
    (c) => {
      const all = [...c.ranked, ...c.missed].filter((grade) => relevant(c, grade)).length;
      let sum = 0;
      for (let i = 0; i < Math.min(c.k, c.ranked.length); i++) {
        if (relevant(c, c.ranked[i])) sum += c.ranked.slice(0, i + 1).filter((grade) => relevant(c, grade)).length / (i + 1);
      }
      return all === 0 ? 0 : sum / all;
    },
  ],
  ndcg: [
    ({ k }) => `nDCG@${k}`,
    (c) => {
      const dcg = (grades: readonly (number | undefined)[]): number =>
        grades.slice(0, c.k).reduce((sum: number, grade, i) => sum + Math.max(grade ?? 0, 0) / Math.log2(i + 2), 0);
      const ideal = dcg([...c.ranked, ...c.missed].map((grade) => grade ?? 0).sort((a, b) => b - a));
      return ideal === 0 ? 0 : dcg(c.ranked) / ideal;
    },
  ],
  expectedReciprocalRank: [
    ({ k }) => `ERR@${k}`,
    (c) => {
      let sum = 0;
      let looking = 1;
      for (let i = 0; i < Math.min(c.k, c.ranked.length); i++) {
        const chance = (2 ** Math.max(c.ranked[i] ?? 0, 0) - 1) / 16;
        sum += (looking * chance) / (i + 1);
        looking *= 1 - chance;
      }
      return sum;
    },
  ],
  rankBiasedPrecision: [
    ({ level }) => `RBP(p=0.7, rel=${level})`,
    (c) => 0.3 * c.ranked.reduce((sum: number, grade, i) => sum + (relevant(c, grade) ? 0.7 ** i : 0), 0),
  ],
  bpref: [
    ({ level }) => `Bpref(rel=${level})`,
    (c) => {
      const judged = [...c.ranked, ...c.missed, 0].filter((grade) => grade !== undefined && grade >= 0) as number[];
      const r = judged.filter((grade) => grade >= c.level).length;
      const n = judged.length - r;
      let sum = 0;
      c.ranked.forEach((grade, i) => {
        if (!relevant(c, grade)) return;
        const above = c.ranked.slice(0, i).filter((other) => other !== undefined && other >= 0 && other < c.level).length;
        sum += above === 0 ? 1 : 1 - Math.min(above, r) / Math.min(n, r);
      });
      return r === 0 ? 0 : sum / r;
    },
  ],
};

describe('measures are what their definitions say', () => {
  it.each(Object.entries(references))('%s', (_, [name, reference]) => {
    fc.assert(
      fc.property(cases, (c) => {
        expect(value(c, name(c))).toBeCloseTo(reference(c), 12);
      }),
      { numRuns: 300 },
    );
  });

  it('lie between 0 and 1, and are 1 (or as near as can be) for the ideal ranking', () => {
    const names = ['nDCG', 'nDCG@7', 'AP', 'RR', 'Rprec', 'Bpref', 'SetR', 'Compat', 'IPrec@0.5', 'infAP', 'nERR'];
    fc.assert(
      fc.property(cases, ({ ranked, missed, ...rest }) => {
        const grades = [...ranked, ...missed].filter((grade) => grade !== undefined && grade >= 0) as number[];
        const ideal = { ranked: grades.sort((a, b) => b - a), missed: [], ...rest };
        for (const name of names) {
          const some = value({ ranked, missed, ...rest }, name);
          expect(some, name).toBeGreaterThanOrEqual(0);
          expect(some, name).toBeLessThanOrEqual(1 + 1e-4);
          expect(value(ideal, name), name).toBeCloseTo(grades.some((grade) => grade > 0) ? 1 : 0, 4);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('do not get worse where a better document moves up', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ ranked, ...rest }, at) => {
        if (ranked.length < 2) return;
        const i = at % (ranked.length - 1);
        const swapped = [...ranked];
        [swapped[i], swapped[i + 1]] = [swapped[i + 1], swapped[i]];
        const [worse, better] = (ranked[i] ?? 0) < (ranked[i + 1] ?? 0) ? [ranked, swapped] : [swapped, ranked];
        for (const name of ['nDCG', 'AP', 'RR', 'ERR', 'RBP(p=0.9)', 'nDCG@5']) {
          expect(value({ ranked: better, ...rest }, name), name).toBeGreaterThanOrEqual(value({ ranked: worse, ...rest }, name) - 1e-12);
        }
      }),
      { numRuns: 300 },
    );
  });
});
