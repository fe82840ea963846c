import { condensedIf, judgedOnly, type MeasureFamily, rel, requiredCutoff } from '../measure.ts';

/** Success at k: 1 where a relevant document stands among the first k, 0 otherwise. Others call it hit rate. */
export const Success: MeasureFamily = {
  name: 'Success',
  about: 'Whether a relevant document stands among the first k.',
  parameters: { cutoff: requiredCutoff, rel, judged_only: judgedOnly },
  score: ({ cutoff, rel, judged_only }) => condensedIf(judged_only, (ranking) => (ranking.relevantWithin(rel, cutoff) > 0 ? 1 : 0)),
};
