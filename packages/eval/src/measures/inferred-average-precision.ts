import type { JudgedRanking } from '../judged-ranking.ts';
import { type MeasureFamily, rel } from '../measure.ts';

/** Keeps the estimate of precision defined where nothing above was judged. */
const epsilon = 0.00001;

export function inferredAveragePrecision(ranking: JudgedRanking, level: number): number {
  const { places, grades } = ranking;
  let nonRelevant = 0;
  let relevant = 0;
  let unjudged = 0;
  let sum = 0;
  for (let i = 0; i < grades.length; i++) {
    const grade = grades[i]!;
    if (grade < 0) unjudged++;
    else if (grade < level) nonRelevant++;
    else {
      const above = places[i]!;
      if (above === 0) sum += 1;
      else {
        sum +=
          1 / (above + 1) +
          (above / (above + 1)) *
            ((relevant + nonRelevant + unjudged) / above) *
            ((relevant + epsilon) / (relevant + nonRelevant + 2 * epsilon));
      }
      relevant++;
    }
  }
  const { total } = ranking.relevant(level);
  return total === 0 ? sum : sum / total;
}

/**
 * Inferred average precision: AP where only a random part of the pool was judged. A grade below 0 marks a document of the pool
 * that was not judged; it is taken to be relevant as often as those that were.
 *
 * Yilmaz and Aslam, "Estimating average precision with incomplete and imperfect judgments", CIKM 2006.
 */
export const infAP: MeasureFamily = {
  name: 'infAP',
  about: 'Average precision estimated from a sample of the pool.',
  parameters: { rel },
  score:
    ({ rel }) =>
    (ranking) =>
      inferredAveragePrecision(ranking, rel),
};
