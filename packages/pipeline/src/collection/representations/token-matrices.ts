import { createTokenIndex, openTokenIndex, type TokenIndex } from '@rank-rank/rerank';
import type { RepresentationFormat } from './representation.ts';

/** Rows that are made of factors lie closer together than a trained model's, and need no more of them. */
const learnedCentroids = 2048;

/** A vector a token. */
export const tokenMatrices: RepresentationFormat<'tokens', TokenIndex> = {
  kind: 'tokens',
  ofEvery: true,
  open: (scope, write) => openTokenIndex(scope, { write }),
  create: (scope, { dim }, byModel) =>
    createTokenIndex({ dim, scope, kind: 'auto', empty: true, ...(!byModel && { centroids: learnedCentroids }) }),
  has: ({ store }, id) => store.has(id),
  add: (index, passages, encoded) =>
    index.add(passages.map(({ id, metadata }, i) => ({ id, tokens: encoded[i]!, ...(metadata && { metadata }) }))),
  prepare: (index) => index.stage(),
  merge: (index, work) => index.compact(work),
};
