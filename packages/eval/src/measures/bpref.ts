import type { JudgedRanking } from '../judged-ranking.ts';
import { type MeasureFamily, rel } from '../measure.ts';

export function bpref(ranking: JudgedRanking, level: number): number {
  const { grades, documents } = ranking;
  const { total } = ranking.relevant(level);
  if (total === 0) return 0;
  const most = Math.min(documents.judged - total, total);
  let nonRelevant = 0;
  let sum = 0;
  for (let i = 0; i < grades.length; i++) {
    const grade = grades[i]!;
    if (grade < 0) continue;
    if (grade < level) nonRelevant++;
    else sum += nonRelevant > 0 ? 1 - Math.min(nonRelevant, total) / most : 1;
  }
  return sum / total;
}

/**
 * Binary preference: how seldom judged non-relevant documents stand above relevant ones. Documents without judgement do not count.
 *
 * Bpref = 1/R · Σ over relevant retrieved documents of (1 − min(non-relevant above it, R) / min(R, N))
 *
 * Buckley and Voorhees, "Retrieval evaluation with incomplete information", SIGIR 2004, as trec_eval has it since version 8.
 */
export const Bpref: MeasureFamily = {
  name: 'Bpref',
  aliases: ['BPref'],
  about: 'How seldom judged non-relevant documents stand above relevant ones.',
  parameters: { rel },
  score:
    ({ rel }) =>
    (ranking) =>
      bpref(ranking, rel),
};
