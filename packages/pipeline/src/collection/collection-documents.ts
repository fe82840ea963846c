import { checkFilter, type Document, type Filter, type WorkOptions } from '@rank-rank/core';
import { compileFilter } from '@rank-rank/retrieve';
import { type LiveSegment, SegmentedIndex } from '@rank-rank/retrieve/segments';
import type { Store } from '@rank-rank/storage';
import { type DocumentSegment, documentFormat, type StoredDocument, storedDocument } from './document-format.ts';

const memory = 64 << 20;

/** The documents of a collection, whole, found by their ids. */
export class CollectionDocuments {
  readonly #index: SegmentedIndex<DocumentSegment, StoredDocument>;

  private constructor(index: SegmentedIndex<DocumentSegment, StoredDocument>) {
    this.#index = index;
  }

  static async open(store: Store): Promise<CollectionDocuments> {
    const index = await SegmentedIndex.open(store.scope('documents'), documentFormat, {
      memory,
      policy: { segmentsPerTier: 8, smallest: 1000, largest: 50_000_000, deletedShare: 0.3 },
      ownsStore: false,
      about: { version: 1 },
    });
    return new CollectionDocuments(index);
  }

  /** How many the last commit holds. */
  get size(): number {
    return this.segments.reduce((sum, { live }) => sum + live, 0);
  }

  get segments(): readonly LiveSegment<DocumentSegment>[] {
    return this.#index.segments;
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  get(id: string): Document | undefined {
    const place = this.#find(id);
    return place?.segment.document(place.row);
  }

  /** Whether the last commit holds just this document. */
  hasSame(document: Document): boolean {
    const place = this.#find(document.id);
    return place !== undefined && place.segment.hashes[place.row] === storedDocument(document).hash;
  }

  /** All of them, in no particular order. */
  *all(): Generator<Document> {
    for (const { segment, deleted } of this.segments) {
      for (let row = 0; row < segment.ids.size; row++) if (!deleted?.has(row)) yield segment.document(row);
    }
  }

  /** The ids of those whose metadata a filter lets through. */
  idsOf(filter: Filter): string[] {
    checkFilter(filter);
    return this.segments.flatMap(({ segment, deleted }) =>
      [...compileFilter(filter, segment.metadata).members()].filter((row) => !deleted?.has(row)).map((row) => segment.ids.id(row)),
    );
  }

  async add(documents: readonly Document[]): Promise<void> {
    await this.#index.add([
      documents.map((document) => ({ id: document.id, payload: storedDocument(document), metadata: document.metadata })),
    ]);
  }

  remove(ids: readonly string[]): Promise<number> {
    return this.#index.remove(ids);
  }

  prepare(): Promise<void> {
    return this.#index.prepare();
  }

  async refresh(): Promise<void> {
    await this.#index.refresh();
  }

  /** Puts small segments together; the next commit makes it visible. Tells whether there was something to do. */
  merge(work: { readonly all?: boolean } & WorkOptions): Promise<boolean> {
    return this.#index.merge(work);
  }

  #find(id: string): { readonly segment: DocumentSegment; readonly row: number } | undefined {
    for (const { segment, deleted } of this.segments) {
      const row = segment.ids.row(id);
      if (row >= 0 && !deleted?.has(row)) return { segment, row };
    }
    return undefined;
  }
}
