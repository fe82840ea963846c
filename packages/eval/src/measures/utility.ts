import type { JudgedRanking } from '../judged-ranking.ts';

/**
 * A weighted sum over the contingency table of what was retrieved: relevant retrieved, non-relevant retrieved, relevant missed,
 * non-relevant left out. The last needs the number of documents in the collection.
 */
export function utility(ranking: JudgedRanking, level: number, weights: readonly number[], collection: number): number {
  const { places, total } = ranking.relevant(level);
  const found = places.length;
  const { retrieved } = ranking;
  return (
    weights[0]! * found +
    weights[1]! * (retrieved - found) +
    weights[2]! * (total - found) +
    weights[3]! * (collection + found - retrieved - total)
  );
}
