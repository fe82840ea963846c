import { checkFilter, checkId, type Filter, RankError, shown, type Tokens } from '@rank-rank/core';
import type { ValueCount } from '@rank-rank/retrieve';
import { type Allowed, AllowedDocuments, type LiveSegment, SnapshotDocuments } from '@rank-rank/retrieve/segments';
import { metadataOf } from './metadata-of.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { TokenDocument } from './token-input.ts';
import type { TokenSegment } from './token-segment.ts';

/** A commit of a token store, as it was: nothing that is written later changes it. */
export class TokenReader {
  readonly segments: readonly LiveSegment<TokenSegment>[];
  /** Tokens of the documents that can be found. Deleted ones are in files still. */
  readonly tokens: number;
  readonly #allowed = new AllowedDocuments();
  readonly #documents: SnapshotDocuments<TokenSegment>;

  constructor(segments: readonly LiveSegment<TokenSegment>[]) {
    this.segments = segments;
    this.#documents = new SnapshotDocuments(segments, this.#allowed);
    let tokens = 0;
    for (const { segment, deleted } of segments) {
      tokens += segment.tokens;
      if (deleted !== undefined) for (const document of deleted.members()) tokens -= segment.rowsOf(document);
    }
    this.tokens = tokens;
  }

  get size(): number {
    return this.#documents.size;
  }

  /** Bytes of the segments' files. */
  get bytes(): number {
    return this.segments.reduce((sum, { segment }) => sum + segment.bytes, 0);
  }

  has(id: string): boolean {
    return this.#documents.find(id) !== undefined;
  }

  /** A document's rows as the store has them; undefined where it has none of that id. */
  tokensOf(id: string): Tokens | undefined {
    const found = this.#documents.find(checkId('id', id));
    return found?.segment.tokensOf(found.row);
  }

  /** Every document with its rows, as exactly as the store keeps them; those that pass a filter. */
  *documents(filter?: Filter): Generator<TokenDocument> {
    if (filter !== undefined) checkFilter(filter);
    for (const live of this.segments) {
      const { segment } = live;
      const allowed = this.allowed(live, filter);
      const metadata = metadataOf(segment.metadata);
      for (let d = 0; d < segment.size; d++) {
        if (allowed !== undefined && !allowed.bitmap.has(d)) continue;
        yield { id: segment.ids.id(d), tokens: segment.tokensOf(d), metadata: metadata[d] };
      }
    }
  }

  count(filter: Filter | undefined): number {
    return this.#documents.count(filter);
  }

  facets(field: string, filter: Filter | undefined): ValueCount[] {
    return this.#documents.facets(field, filter);
  }

  /** The documents of a segment that may be found; undefined for all of them. */
  allowed(live: LiveSegment<TokenSegment>, filter: Filter | undefined): Allowed | undefined {
    return this.#allowed.of(live, filter);
  }

  /** MaxSim of a query and each of these documents, in their order. Only they are read. */
  scores(query: PreparedQuery, ids: readonly string[], quantised: boolean): Float32Array {
    const scores = new Float32Array(ids.length);
    const places = new Map<TokenSegment, { rows: number[]; at: number[] }>();
    ids.forEach((id, at) => {
      const found = this.#documents.find(checkId(`ids[${at}]`, id));
      if (found === undefined)
        throw new RankError('NOT_FOUND', `The store has no document ${shown(id)}. Add it first, or leave it out.`, { id });
      let place = places.get(found.segment);
      if (place === undefined) places.set(found.segment, (place = { rows: [], at: [] }));
      place.rows.push(found.row);
      place.at.push(at);
    });
    for (const [segment, { rows, at }] of places) {
      const found = segment.stored.scores(query, Uint32Array.from(rows), quantised);
      at.forEach((place, i) => {
        scores[place] = found[i]!;
      });
    }
    return scores;
  }
}
