import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, cutoff, judgedOnly, type MeasureFamily, rel } from '../measure.ts';

/** The precision at each relevant document among the first k, summed: what AP divides by the number of relevant documents. */
export function precisionSum(ranking: JudgedRanking, level: number, k: number): number {
  const { places } = ranking.relevant(level);
  let sum = 0;
  for (let found = 0; found < places.length && places[found]! < k; found++) sum += (found + 1) / (places[found]! + 1);
  return sum;
}

/** Average precision; 0 where the query has no relevant document. */
export function averagePrecision(ranking: JudgedRanking, level: number, k: number = Number.POSITIVE_INFINITY): number {
  const { total } = ranking.relevant(level);
  return total === 0 ? 0 : precisionSum(ranking, level, k) / total;
}

/**
 * Average precision: the mean, over the relevant documents, of the precision at each; a document that was not retrieved has 0.
 *
 * AP = 1/R · Σ over relevant retrieved documents of (relevant up to it / its rank)
 *
 * Harman, "Evaluation issues in information retrieval", 1992. Averaged over queries it is MAP.
 */
export const AP: MeasureFamily = {
  name: 'AP',
  aliases: ['MAP'],
  about: 'The mean of the precision at each relevant document.',
  parameters: { cutoff, rel, judged_only: judgedOnly },
  score: ({ cutoff, rel, judged_only }) => condensedIf(judged_only, (ranking) => averagePrecision(ranking, rel, cutoff)),
};
