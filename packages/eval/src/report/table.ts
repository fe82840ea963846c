import type { Comparison, PairComparison, TestName } from '../compare.ts';
import type { Correction } from '../statistics/corrections.ts';

/** What every table of a comparison shows: a row a run, a cell a measure. */
export interface TableRow {
  readonly letter: string;
  readonly name: string;
  readonly cells: readonly TableCell[];
}

export interface TableCell {
  readonly value: number;
  /** The letters of the runs that this one is significantly better than. */
  readonly beats: string;
  readonly best: boolean;
}

const testNames: Readonly<Record<TestName, string>> = {
  t: "Student's paired t-test",
  fisher: "Fisher's randomisation test",
  bootstrap: 'the paired bootstrap test',
  wilcoxon: "Wilcoxon's signed-rank test",
  sign: 'the sign test',
  tukey: "Tukey's HSD",
};

const correctionNames: Readonly<Record<Correction, string>> = {
  none: 'not corrected',
  bonferroni: 'Bonferroni',
  holm: 'Holm',
  'benjamini-hochberg': 'Benjamini–Hochberg',
};

/** a, b, …, z, aa, ab, … */
export function letterOf(at: number): string {
  return at < 26 ? String.fromCharCode(97 + at) : letterOf(Math.floor(at / 26) - 1) + letterOf(at % 26);
}

export function tableOf({ runs, measures, comparisons }: Comparison): TableRow[] {
  const letters = new Map(runs.map(({ name }, at) => [name, letterOf(at)]));
  return runs.map(({ name, values }, at) => ({
    letter: letterOf(at),
    name,
    cells: measures.map((measure) => {
      const value = values[measure]!;
      const beaten = comparisons.filter((pair) => pair.measure === measure && pair.significant && betterOf(pair) === name);
      return {
        value,
        beats: beaten
          .map(({ a, b }) => letters.get(a === name ? b : a)!)
          .sort()
          .join(''),
        best: runs.every((run) => run.values[measure]! <= value),
      };
    }),
  }));
}

export const robustHead: readonly string[] = ['measure', 'run', '95 % interval', 'geometric', 'median', 'worst tenth', '≥ 0.5'];

/** What means hide, a row a measure and run: the bootstrap interval, the geometric mean, the median, the worst decile, queries served. */
export function robustRows({ measures, runs, queries }: Comparison): string[][] {
  if (queries.length < 2) return [];
  return measures.flatMap((measure) =>
    runs.map(({ name, summaries }) => {
      const { interval, geometricMean, median, worstDecile, above } = summaries[measure]!;
      const { low, high } = interval.bootstrap;
      const figures = [geometricMean, median, worstDecile].map(shownValue);
      return [measure, name, `${shownValue(low)}–${shownValue(high)}`, ...figures, shownShare(above.share)];
    }),
  );
}

export const robustNote =
  'Interval of the mean by the bootstrap; geometric mean of values of at least 0.00001; mean of the worst tenth of the queries; share of queries at 0.5 or above.';

/** The run that a pair finds better. */
export function betterOf({ a, b, difference }: PairComparison): string {
  return difference >= 0 ? b : a;
}

/** What the letters mean, in a sentence. */
export function footnote({ settings, queries, comparisons }: Comparison): string {
  const over = `Over ${queries.length} ${queries.length === 1 ? 'query' : 'queries'}.`;
  if (comparisons.length === 0) return over;
  const { test, correction, alpha } = settings;
  const corrected = test === 'tukey' ? '' : correction === 'none' ? ', not corrected' : `, corrected by ${correctionNames[correction]}`;
  return `${over} Letters: significantly better than that run by ${testNames[test]} (p < ${alpha}${corrected}).`;
}

/** A value of a measure: four decimals, or none where it counts. */
export function shownValue(value: number): string {
  if (Number.isNaN(value)) return 'n/a';
  return Math.abs(value) >= 100 ? String(Math.round(value * 10) / 10) : value.toFixed(4);
}

export function shownDifference(value: number): string {
  return `${value > 0 ? '+' : value < 0 ? '−' : '±'}${shownValue(Math.abs(value))}`;
}

export function shownP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

export function shownShare(share: number): string {
  const percent = share * 100;
  return percent > 0 && percent < 1 ? '< 1 %' : percent > 99 && percent < 100 ? '> 99 %' : `${Math.round(percent)} %`;
}

export function shownEffect(d: number): string {
  return Number.isFinite(d) ? d.toFixed(2).replace('-', '−') : d > 0 ? '∞' : '−∞';
}
