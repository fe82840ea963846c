import { type Hit, type Ranking, type Run, toRanking } from '@rank-rank/core';
import { namedRankings } from '../fuse-rankings.ts';
import { type RankedLists, type Rankings, toRankedLists } from '../lists/ranked-lists.ts';
import { allQueries, namedRuns, placeOfRun, type RunsInput, rankingOf } from '../runs.ts';
import { type Normalization, toNormalizer } from './normalization.ts';
import { normalizeLists } from './normalize-lists.ts';
import type { Normalizer } from './normalizer.ts';

/**
 * The rankings of one query with normalized scores, in ranking order. `borda` gives scores to the documents that a ranking does not have
 * too; `min-max-inverted` turns the order around.
 *
 * @example normalize([bm25Hits, denseHits], 'z-score')
 */
export function normalize(rankings: Rankings, normalization: Normalization = 'min-max'): Ranking[] {
  const { inputs } = namedRankings(rankings, 'normalize');
  const normalizer = toNormalizer(normalization, 'normalize: normalization');
  return normalizedRankings(
    toRankedLists(inputs, (run) => `rankings[${run}]`),
    normalizer,
  ).map((ranking) => ranking ?? []);
}

/**
 * Runs with normalized scores, each query by itself.
 *
 * @example const [bm25, dense] = normalizeRuns([bm25Run, denseRun], 'min-max');
 */
export function normalizeRuns(runs: RunsInput, normalization: Normalization = 'min-max'): Run[] {
  const { inputs } = namedRuns(runs, 'normalizeRuns');
  const normalizer = toNormalizer(normalization, 'normalizeRuns: normalization');
  const normalized = inputs.map(() => new Map<string, Ranking>());
  for (const query of allQueries(inputs)) {
    const lists = toRankedLists(
      inputs.map((input) => rankingOf(input, query)),
      (run) => `${placeOfRun(runs, run)}[${JSON.stringify(query)}]`,
    );
    normalizedRankings(lists, normalizer).forEach((ranking, run) => {
      if (ranking !== undefined) normalized[run]!.set(query, ranking);
    });
  }
  return normalized;
}

/** By run; undefined for runs that are absent. */
function normalizedRankings(lists: RankedLists, normalizer: Normalizer): (Ranking | undefined)[] {
  const { lists: completed, values } = normalizeLists(lists, normalizer);
  const rankings: (Ranking | undefined)[] = new Array(lists.runCount).fill(undefined);
  lists.runs.forEach((run, list) => {
    const hits: Hit[] = [];
    for (let at = completed.starts[list]!; at < completed.starts[list + 1]!; at++) {
      hits.push({ id: completed.ids[completed.documents[at]!]!, score: values[at]! + 0 });
    }
    rankings[run] = toRanking(hits);
  });
  return rankings;
}
