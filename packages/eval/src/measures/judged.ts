import type { JudgedRanking } from '../judged-ranking.ts';
import { cutoff, type MeasureFamily } from '../measure.ts';

/** How many of the first k documents are in the judgements, whatever their grade. */
export function judgedWithin(ranking: JudgedRanking, k: number): number {
  let count = 0;
  while (count < ranking.places.length && ranking.places[count]! < k) count++;
  return count;
}

/** The share of the first k documents (of those there are) that has a judgement; 0 where nothing was retrieved. */
export function judgedShare(ranking: JudgedRanking, k: number = Number.POSITIVE_INFINITY): number {
  const looked = Math.min(k, ranking.retrieved);
  return looked === 0 ? 0 : judgedWithin(ranking, looked) / looked;
}

/** The share of the first k documents that was not judged, a ranking that is too short being filled up with judged ones. */
export function unjudged(ranking: JudgedRanking, k: number): number {
  const looked = Math.min(k, ranking.retrieved);
  let judged = 0;
  for (let i = 0; i < ranking.places.length && ranking.places[i]! < looked; i++) if (ranking.grades[i]! >= 0) judged++;
  return (looked - judged) / k;
}

/** How much of what a user sees was judged: a low value says that the other measures guess. */
export const Judged: MeasureFamily = {
  name: 'Judged',
  about: 'The share of the first k documents that has a judgement.',
  parameters: { cutoff },
  score:
    ({ cutoff }) =>
    (ranking) =>
      judgedShare(ranking, cutoff),
};
