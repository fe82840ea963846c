import { cutoff, type MeasureFamily, rel } from '../measure.ts';

/**
 * The probability that a relevant document of the ranking stands before a non-relevant one of it: the area under the ROC curve of
 * what was retrieved. Not defined (NaN) where no relevant document was retrieved, which leaves the query out of the mean; 1 where
 * nothing else was.
 *
 * For diagnosis, when training rankers: documents that were not retrieved do not count.
 */
export const Accuracy: MeasureFamily = {
  name: 'Accuracy',
  about: 'The probability that a relevant document stands before a non-relevant one.',
  parameters: { cutoff, rel },
  score:
    ({ cutoff = Number.POSITIVE_INFINITY, rel }) =>
    (ranking) => {
      const { places } = ranking.relevant(rel);
      const depth = Math.min(cutoff, ranking.retrieved);
      let relevant = 0;
      let above = 0;
      for (; relevant < places.length && places[relevant]! < depth; relevant++) above += places[relevant]! - relevant;
      if (relevant === 0) return Number.NaN;
      const nonRelevant = depth - relevant;
      return nonRelevant === 0 ? 1 : 1 - above / (nonRelevant * relevant);
    },
};
