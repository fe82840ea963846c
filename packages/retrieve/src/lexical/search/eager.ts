import { type Best, kernels } from '@rank-rank/kernels';
import { noMore, PostingsCursor } from '../postings/postings-cursor.ts';
import type { PlannedTerm } from '../query/plan.ts';
import type { Segment } from '../segment/segment.ts';
import type { Scoring } from './scoring.ts';

/** Larger segments keep no scores: what adding up saves there is not worth their memory. */
export const largestEager = 65_536;
/** How many scores are kept a segment: 8 bytes each. */
const mostKept = 1 << 20;

interface KeptTerm {
  readonly field: number;
  readonly weight: number;
  readonly begin: number;
  readonly end: number;
  /** Whether every document scores above 0. */
  readonly positive: boolean;
}

/**
 * The scores of terms in a small segment, kept from the first query that asks for them (Lù, "BM25S: orders of magnitude faster lexical
 * search via eager sparse scoring", 2024, does this for all terms beforehand). A query is then a sum of slices.
 */
export class EagerScores {
  readonly #segment: Segment;
  readonly #scoring: Scoring;
  #documents: Uint32Array<ArrayBuffer> = new Uint32Array(1 << 12);
  #scores: Float32Array<ArrayBuffer> = new Float32Array(1 << 12);
  #length = 0;
  #overflowed = false;
  /** By term: one a field and weight. */
  readonly #kept = new Map<string, KeptTerm[]>();

  constructor(segment: Segment, scoring: Scoring) {
    this.#segment = segment;
    this.#scoring = scoring;
  }

  /** Keeps the scores of terms beforehand, unless there are more than are kept: then finding them out again is part of every search. */
  learn(terms: readonly PlannedTerm[]): void {
    if (!this.#overflowed) for (const term of terms) this.#keep(term);
  }

  /** The best documents; undefined where a term cannot be searched so, because a document scores 0 or less for it. */
  search(terms: readonly PlannedTerm[], allow: Uint32Array | undefined, k: number, above: number): Best | undefined {
    if (this.#length > mostKept) this.#forget();
    const ranges = new Uint32Array(2 * terms.length);
    for (let i = 0; i < terms.length; i++) {
      const kept = this.#keep(terms[i]!);
      if (!kept.positive) return undefined;
      ranges[2 * i] = kept.begin;
      ranges[2 * i + 1] = kept.end;
    }
    const documents = this.#segment.size;
    const least = Math.max(0, above);
    return kernels.searchScored(
      { documents: this.#documents, scores: this.#scores },
      ranges,
      k,
      allow === undefined ? { documents, above: least } : { documents, above: least, allow },
    );
  }

  #keep(plan: PlannedTerm): KeptTerm {
    const { field, term, weight } = plan;
    let list = this.#kept.get(term);
    if (list === undefined) this.#kept.set(term, (list = []));
    for (const kept of list) if (kept.field === field && kept.weight === weight) return kept;
    const kept = this.#compute(plan);
    list.push(kept);
    return kept;
  }

  #compute(plan: PlannedTerm): KeptTerm {
    const { field, weight } = plan;
    const { terms, lengthCodes, lengths } = this.#segment.fields[field]!;
    const begin = this.#length;
    const entry = terms.find(plan.term);
    if (entry === undefined) return { field, weight, begin, end: begin, positive: true };
    while (this.#scores.length < begin + entry.documentFrequency) {
      const documents = new Uint32Array(this.#documents.length * 2);
      documents.set(this.#documents);
      this.#documents = documents;
      const scores = new Float32Array(this.#scores.length * 2);
      scores.set(this.#scores);
      this.#scores = scores;
    }
    const score = this.#scoring.term(plan);
    let at = begin;
    for (const cursor = new PostingsCursor(this.#segment.postings, entry); cursor.document !== noMore; cursor.next()) {
      const value = score(cursor.frequency, lengths[lengthCodes[cursor.document]!]!);
      if (!(value > 0)) return { field, weight, begin, end: begin, positive: false };
      this.#documents[at] = cursor.document;
      this.#scores[at++] = value;
    }
    this.#length = at;
    return { field, weight, begin, end: at, positive: true };
  }

  #forget(): void {
    this.#overflowed = true;
    this.#kept.clear();
    this.#length = 0;
    this.#documents = new Uint32Array(1 << 12);
    this.#scores = new Float32Array(1 << 12);
  }
}
