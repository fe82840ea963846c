import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, judgedOnly, type MeasureFamily, rel } from '../measure.ts';

/** The eleven standard points of recall. */
export const standardRecalls: readonly number[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** How a share of recall becomes a number of relevant documents. */
export type RecallRounding = (share: number) => number;

/** Up, with room for shares that binary numbers do not hold: trec_eval before version 10, and everything built on it. */
export const roundedUp: RecallRounding = (share) => Math.trunc(share + 0.9);

/** To the nearest: trec_eval since version 10. */
export const rounded: RecallRounding = (share) => Math.round(share);

/** The best precision at any depth where at least this share of the relevant documents has been found. */
export function interpolatedPrecision(ranking: JudgedRanking, level: number, recall: number, rounding: RecallRounding): number {
  const { places, total } = ranking.relevant(level);
  const needed = rounding(recall * total);
  if (needed > places.length || ranking.retrieved === 0) return 0;
  // At the end of the ranking precision is lower than at its last relevant document, unless there is none.
  let best = places.length / ranking.retrieved;
  for (let found = places.length; found > 0 && found >= needed; found--) best = Math.max(best, found / (places[found - 1]! + 1));
  return best;
}

/**
 * Interpolated precision at a level of recall, the points of precision–recall curves.
 *
 * IPrec@r = max over depths where recall ≥ r of precision
 *
 * The number of documents that make the recall is rounded up, as ir-measures has it; trec_eval 10 rounds to the nearest, and so does
 * its name for the measure, `iprec_at_recall`.
 */
export const IPrec: MeasureFamily = {
  name: 'IPrec',
  about: 'The best precision at or beyond a level of recall.',
  at: 'recall',
  parameters: {
    recall: { kind: 'number', min: 0, max: 1, required: true, about: 'the share of relevant documents to be found' },
    rel,
    judged_only: judgedOnly,
  },
  score: ({ recall, rel, judged_only }) => condensedIf(judged_only, (ranking) => interpolatedPrecision(ranking, rel, recall, roundedUp)),
};
