import { DenseIndex } from '@rank-rank/retrieve';
import type { RepresentationFormat } from './representation.ts';

/** A vector a passage. A text without a known word has no direction: it is found by its words alone. */
export const denseVectors: RepresentationFormat<'dense', DenseIndex> = {
  kind: 'dense',
  ofEvery: false,
  open: (scope, write) => DenseIndex.open(scope, { write }),
  create: (scope, { dim }) => DenseIndex.create({ scope, dim }),
  has: (index, id) => index.reader.has(id),
  async add(index, passages, { data, dim }) {
    const vectors = passages.map(({ id, metadata }, i) => ({
      id,
      vector: data.subarray(i * dim, (i + 1) * dim),
      ...(metadata && { metadata }),
    }));
    await index.add(vectors.filter(({ vector }) => vector.some((value) => value !== 0)));
  },
  prepare: (index) => index.prepare(),
  merge: (index, work) => index.merge(work),
};
