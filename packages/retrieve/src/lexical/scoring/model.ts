/** What a model knows of a field of the whole collection. Deleted documents count until their segment is merged. */
export interface CollectionStatistics {
  /** Documents that have the field at all (as Lucene counts them). */
  readonly documents: number;
  /** Tokens in all of them. */
  readonly totalLength: number;
}

/** What a model knows of a term in a field. */
export interface TermStatistics {
  readonly documentFrequency: number;
  readonly collectionFrequency: number;
}

/** The score of one term in a document of a length, with its weight in the query. */
export type TermScore = (frequency: number, length: number) => number;

/**
 * A named factor, for explanations. The term's score is the product of its factors.
 */
export interface Factor {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

/**
 * The form that all BM25 variants share, `base − weight / (1 + frequency · inverse(length))`, in single precision: what the kernels compute.
 */
export interface Saturation {
  readonly base: number;
  readonly weight: number;
  /** What every hit gets besides for this term of the query. */
  readonly absent: number;
}

/** A weighting model: what a term in a document is worth. */
export interface Model {
  readonly name: string;
  /** Each with its value, defaults filled in. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** Whether a score never falls when the frequency rises or the document gets shorter: what pruning needs. */
  readonly monotone: boolean;
  /** The score of a term that counts `weight` times. */
  term(term: TermStatistics, collection: CollectionStatistics, weight: number): TermScore;
  /** What a matching document gets once, for its length and the number of query terms. */
  document?(length: number, collection: CollectionStatistics, queryLength: number): number;
  /** The factors of {@link Model.term}'s score, for people. */
  factors(term: TermStatistics, collection: CollectionStatistics, weight: number, frequency: number, length: number): readonly Factor[];
  /** For models of the saturating form: the term's part, and what a length comes to. */
  saturation?(term: TermStatistics, collection: CollectionStatistics, weight: number): Saturation;
  inverse?(length: number, collection: CollectionStatistics): number;
}

const single = Math.fround;

/** A score of the saturating form, operation by operation as the kernels and Lucene compute it. */
export function saturated(base: number, weight: number, frequency: number, inverse: number): number {
  return single(base - single(weight / single(1 + single(frequency * inverse))));
}

/** The mean length in single precision, as Lucene keeps it. */
export function averageLength({ documents, totalLength }: CollectionStatistics): number {
  return single(documents === 0 ? 0 : totalLength / documents);
}
