import type { RankingInput } from '../lists/ranked-lists.ts';
import { toRankedLists } from '../lists/ranked-lists.ts';

/** How the scores of a ranking are distributed. */
export interface ScoreStatistics {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The population standard deviation. */
  readonly standardDeviation: number;
  readonly median: number;
  readonly quartiles: readonly [lower: number, upper: number];
  /** The share of hits whose score another hit has too: order among them is arbitrary. */
  readonly tied: number;
}

/**
 * How the scores of a ranking are distributed; undefined for an empty one.
 *
 * @example scoreStatistics(bm25.get('q1'))?.tied
 */
export function scoreStatistics(ranking: RankingInput): ScoreStatistics | undefined {
  const { scores } = toRankedLists([ranking], () => 'scoreStatistics: the ranking');
  const count = scores.length;
  if (count === 0) return undefined;
  const mean = scores.reduce((sum, score) => sum + score, 0) / count;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / count;
  const tied = scores.filter((score, i) => score === scores[i - 1] || score === scores[i + 1]).length;
  const at = (share: number): number => {
    // The ranking is in descending order.
    const place = (1 - share) * (count - 1);
    const below = scores[Math.floor(place)]!;
    return below + (place - Math.floor(place)) * (scores[Math.ceil(place)]! - below);
  };
  return {
    count,
    min: scores[count - 1]!,
    max: scores[0]!,
    mean,
    standardDeviation: Math.sqrt(variance),
    median: at(0.5),
    quartiles: [at(0.25), at(0.75)],
    tied: tied / count,
  };
}
