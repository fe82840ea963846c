import { checkHits, checkNumber, checkOptions, toRanking } from '@rank-rank/core';
import { checkSimilarities, type DiverseCandidate, type SimilarityMatrix, similarityMatrix } from './similarity.ts';

/** Documents that say the same: the best ranked stands for the others. */
export interface DuplicateGroup {
  readonly representative: string;
  /** The others, best first, and how like the representative they are. */
  readonly duplicates: readonly { readonly id: string; readonly similarity: number }[];
}

export interface NearDuplicateOptions {
  /** How alike two documents are to count as the same; 0.95 by default. */
  readonly threshold?: number;
  readonly similarities?: SimilarityMatrix;
}

/**
 * Groups of near-duplicates, in ranking order: each document joins the first better one that stands for a group and is alike enough, or
 * starts a group of its own. Chains of small differences are so never merged into one group.
 *
 * @example nearDuplicates(candidates).map((group) => group.representative) // a ranking without repetitions
 */
export function nearDuplicates(candidates: readonly DiverseCandidate[], options: NearDuplicateOptions = {}): DuplicateGroup[] {
  checkOptions('nearDuplicates', options, ['threshold', 'similarities']);
  checkHits('nearDuplicates: candidates', candidates);
  if (candidates.length === 0) return [];
  const threshold = checkNumber('nearDuplicates: threshold', options.threshold ?? 0.95, { min: -1, max: 1 });
  const { data, size } =
    options.similarities === undefined
      ? similarityMatrix(candidates)
      : checkSimilarities('nearDuplicates', options.similarities, candidates.length);
  const positions = new Map(candidates.map(({ id }, i) => [id, i]));
  const groups: { leader: number; representative: string; duplicates: { id: string; similarity: number }[] }[] = [];
  for (const { id } of toRanking(candidates)) {
    const at = positions.get(id)!;
    // A hair of tolerance, for the rounding of f32 cosines of equal vectors.
    const group = groups.find(({ leader }) => data[leader * size + at]! >= threshold - 1e-6);
    if (group === undefined) groups.push({ leader: at, representative: id, duplicates: [] });
    else group.duplicates.push({ id, similarity: data[group.leader * size + at]! });
  }
  return groups.map(({ representative, duplicates }) => ({ representative, duplicates }));
}
