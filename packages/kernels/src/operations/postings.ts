import { checkInteger, checkOptions, RankError, shown } from '@rank-rank/core';
import { checkAllow, checkArray, checkLength, checkOffsets, checkOnly, mostRows, outputFloats } from '../check.ts';
import type { Best, Bitmap, OutOption, PostingBlocks, Postings, SparseRows } from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';
import { emptyNearest, trimmed } from './scores.ts';

function checkPostings(where: string, postings: Postings): Postings {
  if (typeof postings !== 'object' || postings === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: postings are ${shown(postings)}; expected { offsets, documents, values }.`);
  }
  const offsets = checkOffsets(`${where}: offsets`, postings.offsets);
  const documents = checkArray(`${where}: documents`, postings.documents, Uint32Array);
  const values = checkArray<Postings['values']>(`${where}: values`, postings.values, Float32Array, Uint16Array, Uint8Array);
  checkLength(`${where}: values`, values, documents.length, 'one a posting');
  return { offsets, documents, values };
}

/** What rows say is looked at by the kernel. */
function checkBlocks(where: string, blocks: PostingBlocks | undefined, lists: number, documents: number): PostingBlocks | undefined {
  if (blocks === undefined) return undefined;
  if (typeof blocks !== 'object' || blocks === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: blocks are ${shown(blocks)}; expected { size, rows, maxima, largest }.`);
  }
  const size = checkInteger(`${where}: the size of blocks`, blocks.size, { min: 32, max: 8192 });
  if (size & (size - 1)) throw new RankError('OUT_OF_RANGE', `${where}: the size of blocks is ${size}; expected a power of two.`, { size });
  const rows = checkArray(`${where}: the rows of blocks`, blocks.rows, Uint32Array);
  const maxima = checkArray(`${where}: the maxima of blocks`, blocks.maxima, Uint8Array);
  const largest = checkArray(`${where}: the largest values of blocks`, blocks.largest, Float32Array);
  checkLength(`${where}: the rows of blocks`, rows, lists, 'one a list');
  checkLength(`${where}: the maxima of blocks`, maxima, largest.length * Math.ceil(documents / size), 'one a row and block');
  return { size, rows, maxima, largest };
}

export function* accumulatePostings(
  allPostings: Postings,
  terms: Uint32Array,
  weights: Float32Array | Uint32Array,
  accumulator: Float32Array | Uint32Array,
): Plan<void> {
  const where = 'accumulatePostings';
  const postings = checkPostings(where, allPostings);
  checkArray(`${where}: terms`, terms, Uint32Array);
  checkArray<Float32Array | Uint32Array>(`${where}: weights`, weights, Float32Array, Uint32Array);
  checkArray<Float32Array | Uint32Array>(`${where}: accumulator`, accumulator, Float32Array, Uint32Array);
  checkLength(`${where}: weights`, weights, terms.length, 'one a term');
  const whole = weights instanceof Uint32Array;
  if (whole !== accumulator instanceof Uint32Array || (whole && postings.values instanceof Float32Array)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: values, weights and accumulator are a ${postings.values.constructor.name}, a ${weights.constructor.name} and a ` +
        `${accumulator.constructor.name}; expected f32 weights and accumulator, or whole values with u32 weights and accumulator.`,
    );
  }
  yield { operation: 'accumulatePostings', arguments: { postings, terms, weights, accumulator }, units: 1, grain: 1 };
}

export function* searchPostings(
  allPostings: Postings,
  terms: Uint32Array,
  weights: Float32Array,
  k: number,
  options: { readonly documents: number; readonly allow?: Bitmap; readonly blocks?: PostingBlocks },
): Plan<Best> {
  const where = 'searchPostings';
  checkOptions(where, options, ['documents', 'allow', 'blocks']);
  const postings = checkPostings(where, allPostings);
  checkArray(`${where}: terms`, terms, Uint32Array);
  checkLength(`${where}: weights`, checkArray(`${where}: weights`, weights, Float32Array), terms.length, 'one a term');
  const documents = checkInteger(`${where}: documents`, options?.documents, { min: 0, max: mostRows });
  const allow = checkAllow(where, options.allow, documents);
  const blocks = checkBlocks(where, options.blocks, postings.offsets.length - 1, documents);
  const found = emptyNearest(1, Math.min(checkInteger(`${where}: k`, k, { min: 1 }), documents));
  yield { operation: 'searchPostings', arguments: { postings, terms, weights, documents, allow, blocks, ...found }, units: 1, grain: 1 };
  return trimmed(found);
}

export function* sparseScores(
  query: Float32Array,
  rows: SparseRows,
  options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {},
): Plan<Float32Array> {
  const where = 'sparseScores';
  checkOptions(where, options, ['only', 'out']);
  checkArray(`${where}: query`, query, Float32Array);
  if (typeof rows !== 'object' || rows === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: rows are ${shown(rows)}; expected { offsets, indices, values }.`);
  }
  const offsets = checkOffsets(`${where}: offsets`, rows.offsets);
  const indices = checkArray<Uint16Array | Uint32Array>(`${where}: indices`, rows.indices, Uint16Array, Uint32Array);
  const values = checkArray<SparseRows['values']>(`${where}: values`, rows.values, Float32Array, Uint16Array, Uint8Array);
  checkLength(`${where}: values`, values, indices.length, 'one an index');
  const only = checkOnly(where, options.only);
  const units = only?.length ?? offsets.length - 1;
  const scores = outputFloats(where, options.out, units);
  const grain = grainOf((indices.length / Math.max(1, offsets.length - 1)) * 8);
  yield { operation: 'sparseScores', arguments: { query, rows: { offsets, indices, values }, only, scores }, units, grain };
  return scores;
}
