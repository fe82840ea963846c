import type { JudgedRanking } from '../judged-ranking.ts';
import type { MeasureFamily } from '../measure.ts';

/** Rank-biased overlap of two lists to a depth, in relation to what identical lists have. */
function rankBiasedOverlap(ranking: readonly string[], ideal: readonly string[], p: number, depth: number): number {
  const seen = new Set<string>();
  const wanted = new Set<string>();
  let shared = 0;
  let sum = 0;
  let most = 0;
  let weight = 1;
  for (let i = 0; i < depth; i++) {
    if (i < ranking.length) {
      seen.add(ranking[i]!);
      if (wanted.has(ranking[i]!)) shared++;
    }
    if (i < ideal.length) {
      wanted.add(ideal[i]!);
      if (seen.has(ideal[i]!)) shared++;
    }
    sum += (weight * shared) / (i + 1);
    most += weight;
    weight *= p;
  }
  return most === 0 ? 0 : sum / most;
}

/**
 * Compatibility: the highest rank-biased overlap of the ranking with an ideal one. Documents of equal grade may stand in any order
 * in the ideal; the one nearest to the ranking is taken.
 *
 * Compat = RBO(ranking, ideal, p) / RBO(ideal, ideal, p), the second where `normalize` is true
 *
 * Clarke, Vtyurina and Smucker, "Assessing top-k preferences", 2021.
 */
export const Compat: MeasureFamily = {
  name: 'Compat',
  about: 'Rank-biased overlap with an ideal ranking.',
  parameters: {
    p: { kind: 'number', above: 0, below: 1, default: 0.95, about: 'persistence' },
    normalize: { kind: 'flag', default: true, about: 'in relation to what the ideal ranking itself has' },
  },
  score:
    ({ p, normalize }) =>
    (ranking) =>
      compatibility(ranking, p, normalize),
};

function compatibility(ranking: JudgedRanking, p: number, normalize: boolean): number {
  const ids = ranking.ids();
  const rank = new Map(ids.map((id, place) => [id, place]));
  const last = ids.length;
  const ideal = [...ranking.documents.grades].filter(([, grade]) => grade > 0);
  ideal.sort(([a, gradeA], [b, gradeB]) => gradeB - gradeA || (rank.get(a) ?? last) - (rank.get(b) ?? last));
  const wanted = ideal.map(([id]) => id);
  const depth = Math.max(ids.length, wanted.length);
  const overlap = rankBiasedOverlap(ids, wanted, p, depth);
  if (!normalize) return overlap;
  const best = rankBiasedOverlap(wanted, wanted, p, depth);
  return best > 0 ? overlap / best : overlap;
}
