import { checkNumber, checkOptions, RankError, shown } from '@rank-rank/core';

export interface Bm25fOptions {
  readonly model?: 'bm25f';
  /** How soon further occurrences stop counting. 1.2 */
  readonly k1?: number;
  /** How much long fields are held back, 0 to 1: one number, or one a field. 0.75 */
  readonly b?: number | Readonly<Record<string, number>>;
}

/** What {@link bm25f} needs of a field for one document. */
export interface FieldOccurrences {
  readonly frequency: number;
  readonly length: number;
  readonly averageLength: number;
  readonly boost: number;
  readonly b: number;
}

/**
 * BM25F: occurrences in the fields of a document are added up, weighted, before they saturate (Zaragoza et al., "Microsoft Cambridge at
 * TREC 13", 2004):
 *
 * idf · f̃/(k1 + f̃), f̃ = Σ boost·f / (1 − b + b·length/average), idf = ln(1 + (N−n+.5)/(n+.5)), n the documents with the term in any field.
 */
export interface Bm25f {
  readonly name: 'bm25f';
  readonly k1: number;
  bOf(field: string): number;
}

export function bm25f(options: Bm25fOptions = {}): Bm25f {
  checkOptions('bm25f', options, ['model', 'k1', 'b']);
  const k1 = checkNumber('bm25f: k1', options.k1 ?? 1.2, { min: 0 });
  const { b = 0.75 } = options;
  if (typeof b !== 'number' && (typeof b !== 'object' || b === null)) {
    throw new RankError('INVALID_ARGUMENT', `bm25f: b is ${shown(b)}; expected a number, or an object from field to number.`);
  }
  if (typeof b === 'number') checkNumber('bm25f: b', b, { min: 0, max: 1 });
  else for (const [field, value] of Object.entries(b)) checkNumber(`bm25f: b.${field}`, value, { min: 0, max: 1 });
  return { name: 'bm25f', k1, bOf: (field) => (typeof b === 'number' ? b : Object.hasOwn(b, field) ? b[field]! : 0.75) };
}

export function bm25fIdf(documentFrequency: number, documents: number): number {
  return Math.log(1 + (documents - documentFrequency + 0.5) / (documentFrequency + 0.5));
}

/** f̃: the occurrences of a term in all fields together. */
export function combinedFrequency(fields: Iterable<FieldOccurrences>): number {
  let sum = 0;
  for (const { frequency, length, averageLength, boost, b } of fields) sum += (boost * frequency) / (1 - b + (b * length) / averageLength);
  return sum;
}
