import type { WorkOptions } from '@rank-rank/core';
import { DenseIndex } from '@rank-rank/retrieve';
import type { Scope } from '@rank-rank/storage';
import { type FdeOptions, fixedDimensionalEncoder } from '../muvera/fixed-dimensional-encoding.ts';
import type { CandidateSource } from './candidate-source.ts';

/** Candidates by MUVERA: one vector a document, in a dense index of bytes. */
export async function muveraSource(
  scope: Scope,
  encoding: FdeOptions,
  options: { readonly memory?: number; readonly threads?: number },
): Promise<CandidateSource> {
  const encoder = fixedDimensionalEncoder(encoding);
  const dense =
    scope.state() === undefined
      ? await DenseIndex.create({ dim: encoder.size, scope, metric: 'dot', index: 'SQ8', ...options })
      : await DenseIndex.open(scope, { write: scope.store.writable, ...options });
  return {
    add: (documents, work: WorkOptions) =>
      dense.add(
        documents.map(({ id, tokens, metadata }) => ({ id, vector: encoder.encode(tokens, 'document'), metadata })),
        work,
      ),
    remove: (ids) => dense.remove(ids),
    stage: (work) => dense.prepare(work),
    rollback: () => dense.rollback(),
    refresh: () => dense.refresh(),
    compact: (work) => dense.merge(work),
    close: () => dense.close(),
    search: ({ tokens }, n, filter, signal) =>
      dense.search(encoder.encode(tokens, 'query'), n, { ...(filter && { filter }), ...(signal && { signal }) }),
    describe: () => `fixed-dimensional encodings of ${encoder.size} numbers, as bytes`,
  };
}
