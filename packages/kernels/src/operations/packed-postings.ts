import { checkInteger, checkNumber, checkOptions, RankError, shown } from '@rank-rank/core';
import { checkAllow, checkArray, checkLength, mostRows } from '../check.ts';
import type { Best, PackedPostings, SaturatingTerms, ScoredLists, SearchPackedOptions, SearchScoredOptions } from '../contract.ts';
import type { Plan } from '../plan.ts';
import { emptyNearest, trimmed } from './scores.ts';

const where = 'searchPacked';
const bucketsPerField = 255;

export function* searchPacked(postings: PackedPostings, terms: SaturatingTerms, k: number, options: SearchPackedOptions = {}): Plan<Best> {
  checkOptions(where, options, ['allow', 'above', 'pruned']);
  if (typeof postings !== 'object' || postings === null || typeof terms !== 'object' || terms === null) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: postings are ${shown(postings)} and terms ${shown(terms)}; expected objects of arrays.`,
    );
  }
  const documents = checkInteger(`${where}: documents`, postings.documents, { min: 0, max: mostRows });
  checkArray(`${where}: bytes`, postings.bytes, Uint8Array);
  const codes = checkArray<Uint8Array | Uint16Array>(`${where}: codes`, postings.codes, Uint8Array, Uint16Array);
  const fields = documents === 0 ? 0 : codes.length / documents;
  if (!Number.isInteger(fields)) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: ${codes.length} codes for ${documents} documents; expected as many for each field.`,
    );
  }
  const count = checkArray(`${where}: starts`, terms.starts, Float64Array).length;
  for (const name of ['counts', 'occurrences', 'fields'] as const) {
    checkLength(`${where}: ${name}`, checkArray(`${where}: ${name}`, terms[name], Uint32Array), count, 'one a term');
  }
  for (const name of ['bases', 'weights'] as const) {
    const values = checkArray(`${where}: ${name}`, terms[name], Float32Array);
    checkLength(`${where}: ${name}`, values, count, 'one a term');
    for (let i = 0; i < count; i++) {
      if (!(values[i]! >= 0)) throw new RankError('OUT_OF_RANGE', `${where}: ${name}[${i}] is ${values[i]}; expected no negative number.`);
    }
  }
  const entries = codes instanceof Uint16Array ? 65_536 : 256;
  checkLength(`${where}: inverses`, checkArray(`${where}: inverses`, terms.inverses, Float32Array), entries * fields, `${entries} a field`);
  const { bucketInverses } = terms;
  checkLength(
    `${where}: bucketInverses`,
    checkArray(`${where}: bucketInverses`, bucketInverses, Float32Array),
    bucketsPerField * fields,
    '255 a field',
  );
  const allow = checkAllow(where, options.allow, documents);
  const found = emptyNearest(1, Math.min(checkInteger(`${where}: k`, k, { min: 1 }), documents));
  const above = checkAbove(where, options.above);
  if (documents === 0 || count === 0) return trimmed(found);
  const pruned = options.pruned ?? true;
  yield { operation: 'searchPacked', arguments: { postings, terms, fields, allow, above, pruned, ...found }, units: 1, grain: 1 };
  return trimmed(found);
}

export function* searchScored(
  lists: ScoredLists,
  ranges: Uint32Array,
  k: number,
  options: SearchScoredOptions & { readonly documents: number },
): Plan<Best> {
  const where = 'searchScored';
  checkOptions(where, options, ['documents', 'allow', 'above']);
  checkArray(`${where}: documents of the lists`, lists?.documents, Uint32Array);
  checkLength(`${where}: scores`, checkArray(`${where}: scores`, lists.scores, Float32Array), lists.documents.length, 'one a document');
  const pairs = checkArray(`${where}: ranges`, ranges, Uint32Array).length / 2;
  if (!Number.isInteger(pairs)) throw new RankError('DIMENSION_MISMATCH', `${where}: ${ranges.length} ranges; expected pairs.`);
  const documents = checkInteger(`${where}: documents`, options?.documents, { min: 0, max: mostRows });
  const allow = checkAllow(where, options.allow, documents);
  const found = emptyNearest(1, Math.min(checkInteger(`${where}: k`, k, { min: 1 }), documents));
  const above = checkAbove(where, options.above);
  if (documents > 0)
    yield { operation: 'searchScored', arguments: { lists, ranges, documents, allow, above, ...found }, units: 1, grain: 1 };
  return trimmed(found);
}

/** Scores are of single precision, and so is what they are compared with. */
function checkAbove(where: string, above = 0): number {
  return Math.fround(checkNumber(`${where}: above`, above, { min: 0 }));
}
