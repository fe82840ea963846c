import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, judgedOnly, type MeasureFamily, rel, requiredCutoff } from '../measure.ts';

/** Relevant documents among the first k, divided by all relevant ones; 0 where the query has none. */
export function recall(ranking: JudgedRanking, level: number, k: number): number {
  const { total } = ranking.relevant(level);
  return total === 0 ? 0 : ranking.relevantWithin(level, k) / total;
}

/**
 * Recall at k: the share of the relevant documents that stands among the first k.
 *
 * R@k = |relevant among the first k| / |relevant|
 */
export const R: MeasureFamily = {
  name: 'R',
  aliases: ['Recall'],
  about: 'The share of the relevant documents found among the first k.',
  parameters: { cutoff: requiredCutoff, rel, judged_only: judgedOnly },
  score: ({ cutoff, rel, judged_only }) => condensedIf(judged_only, (ranking) => recall(ranking, rel, cutoff)),
};
