import type { Normalizer } from './normalizer.ts';

/**
 * v = 1 − i / |C| for position i (0 is the best), where C are the documents of all lists; those a list of n does not have
 * share what remains evenly: ½ − (n − 1) / (2|C|).
 *
 * M. E. Renda, U. Straccia, "Web Metasearch: Rank vs. Score Based Rank Aggregation Methods", SAC 2003.
 */
export const borda: Normalizer = {
  name: 'borda',
  needsScores: false,
  apply(scores, values, candidates) {
    for (let i = 0; i < scores.length; i++) values[i] = 1 - i / candidates;
  },
  missing: (length, candidates) => 0.5 - (length - 1) / (2 * candidates),
};
