import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, judgedOnly, type MeasureFamily, rel, requiredCutoff } from '../measure.ts';

/** Relevant documents among the first k, divided by k: a ranking that is too short is filled up with non-relevant documents. */
export function precision(ranking: JudgedRanking, level: number, k: number): number {
  return ranking.relevantWithin(level, k) / k;
}

/**
 * Precision at k: the share of the first k documents that is relevant.
 *
 * P@k = |relevant among the first k| / k
 *
 * @example parseMeasure('P(rel=2)@10')
 */
export const P: MeasureFamily = {
  name: 'P',
  aliases: ['Precision'],
  about: 'The share of the first k documents that is relevant.',
  parameters: { cutoff: requiredCutoff, rel, judged_only: judgedOnly },
  score: ({ cutoff, rel, judged_only }) => condensedIf(judged_only, (ranking) => precision(ranking, rel, cutoff)),
};
