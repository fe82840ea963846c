import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, cutoff, judgedOnly, type MeasureFamily, rel } from '../measure.ts';

export function reciprocalRank(ranking: JudgedRanking, level: number, k: number = Number.POSITIVE_INFINITY): number {
  const first = ranking.relevant(level).places[0];
  return first === undefined || first >= k ? 0 : 1 / (first + 1);
}

/**
 * Reciprocal rank of the first relevant document; 0 where there is none. Averaged over queries it is MRR.
 *
 * RR = 1 / rank of the first relevant document
 *
 * Kantor and Voorhees, "The TREC-5 confusion track", 2000.
 */
export const RR: MeasureFamily = {
  name: 'RR',
  aliases: ['MRR'],
  about: 'One over the rank of the first relevant document.',
  parameters: { cutoff, rel, judged_only: judgedOnly },
  score: ({ cutoff, rel, judged_only }) => condensedIf(judged_only, (ranking) => reciprocalRank(ranking, rel, cutoff)),
};
