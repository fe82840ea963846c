import { checkOneOf, checkOptions, RankError } from '@rank-rank/core';
import { mean } from './moments.ts';
import { studentizedRangeTail } from './studentized-range.ts';
import { checkPairs, type TestResult } from './test-result.ts';

export interface TukeyOptions {
  /**
   * `blocked` (the default) takes out how hard each query is, as runs over the same queries call for (two-way analysis of variance);
   * `one-way` looks at each system's values as if they came from queries of its own, as `scipy.stats.tukey_hsd` and ranx do.
   */
  readonly design?: 'blocked' | 'one-way';
}

/**
 * Tukey's honestly significant differences between all pairs of systems: the p-values hold for all pairs together and need no
 * further correction. The result has one test for each pair (i, j), i < j, in order.
 *
 * q = |mean(i) − mean(j)| / √(MSE / n), against the studentised range of the number of systems; MSE and its degrees of freedom come
 * from the residuals after system (and query) effects
 *
 * Tukey, "Comparing individual means in the analysis of variance", 1949; Carterette, "Multiple testing in statistical analysis of
 * systems-based information retrieval experiments", 2012.
 */
export function tukeyHsd(
  systems: readonly ArrayLike<number>[],
  options: TukeyOptions = {},
): (TestResult & { readonly i: number; readonly j: number })[] {
  checkOptions('tukeyHsd', options, ['design']);
  const design = checkOneOf('tukeyHsd: design', options.design ?? 'blocked', ['blocked', 'one-way']);
  if (systems.length < 2) throw new RankError('EMPTY_INPUT', `tukeyHsd: there are ${systems.length} systems; expected at least two.`);
  for (const system of systems) checkPairs('tukeyHsd', systems[0]!, system);
  const k = systems.length;
  const n = systems[0]!.length;
  const means = systems.map(mean);
  const grand = mean(means);
  let squares = 0;
  for (let query = 0; query < n; query++) {
    let level = 0;
    if (design === 'blocked') {
      for (const system of systems) level += system[query]!;
      level = level / k - grand;
    }
    for (let system = 0; system < k; system++) squares += (systems[system]![query]! - means[system]! - level) ** 2;
  }
  const df = design === 'blocked' ? (k - 1) * (n - 1) : k * (n - 1);
  const error = Math.sqrt(squares / df / n);
  const results: (TestResult & { i: number; j: number })[] = [];
  for (let i = 0; i < k; i++) {
    for (let j = i + 1; j < k; j++) {
      const distance = Math.abs(means[i]! - means[j]!);
      // One query leaves no residuals to judge by.
      const statistic = distance === 0 || df === 0 ? 0 : distance / error;
      const pValue = statistic === 0 ? 1 : studentizedRangeTail(statistic, k, df);
      results.push({ i, j, pValue, statistic, df, exact: true });
    }
  }
  return results;
}
