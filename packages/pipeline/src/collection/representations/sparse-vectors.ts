import { SparseIndex } from '@rank-rank/retrieve';
import type { RepresentationFormat } from './representation.ts';

/** Weights of words a passage, of words that need not stand in it. */
export const sparseVectors: RepresentationFormat<'sparse', SparseIndex> = {
  kind: 'sparse',
  ofEvery: true,
  open: (scope, write) => SparseIndex.open(scope, { write }),
  create: (scope) => SparseIndex.create({ scope }),
  has: (index, id) => index.reader.has(id),
  add: (index, passages, encoded) =>
    index.add(passages.map(({ id, metadata }, i) => ({ id, vector: encoded[i]!, ...(metadata && { metadata }) }))),
  prepare: (index) => index.prepare(),
  merge: (index, work) => index.merge(work),
};
