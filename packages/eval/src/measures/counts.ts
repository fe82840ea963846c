import { cutoff, type MeasureFamily, rel } from '../measure.ts';

/** The number of queries. */
export const NumQ: MeasureFamily = {
  name: 'NumQ',
  about: 'The number of queries.',
  parameters: {},
  aggregate: 'sum',
  score: () => () => 1,
};

/** How many relevant documents the judgements hold. */
export const NumRel: MeasureFamily = {
  name: 'NumRel',
  about: 'The number of relevant documents in the judgements.',
  parameters: { rel },
  aggregate: 'sum',
  score:
    ({ rel }) =>
    (ranking) =>
      ranking.relevant(rel).total,
};

/** How many documents were retrieved; with `rel`, how many of them have at least that grade. */
export const NumRet: MeasureFamily = {
  name: 'NumRet',
  about: 'The number of documents retrieved (of at least a grade).',
  parameters: { rel: { kind: 'number', min: 0, about: 'count only documents of at least this grade' }, cutoff },
  aggregate: 'sum',
  score:
    ({ rel, cutoff = Number.POSITIVE_INFINITY }) =>
    (ranking) =>
      rel === undefined ? Math.min(ranking.retrieved, cutoff) : ranking.relevantWithin(rel, cutoff),
};

/** How many relevant documents were retrieved. */
export const NumRelRet: MeasureFamily = {
  name: 'NumRelRet',
  about: 'The number of relevant documents retrieved.',
  parameters: { rel, cutoff },
  aggregate: 'sum',
  score:
    ({ rel, cutoff = Number.POSITIVE_INFINITY }) =>
    (ranking) =>
      ranking.relevantWithin(rel, cutoff),
};
