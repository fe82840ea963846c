import { compareCodePoints, type Metadata, RankError, shown, throttleProgress, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import type { Scope } from '@rank-rank/storage';
import { Bitmap, wordsFor } from '../metadata/bitmap.ts';
import { leftOut, MetadataBuilder } from '../metadata/builder.ts';
import type { MetadataColumns } from '../metadata/columns.ts';
import { readMetadata, writeMetadata } from '../metadata/sections.ts';
import { copySections } from './copy-file.ts';
import { IdTable, mergeIdTables } from './id-table.ts';
import { chooseAll, chooseMerge, type MergePolicy } from './merge-policy.ts';
import type { Arranged, LiveSegment, MergePart, Segment, SegmentFormat } from './segment.ts';

/** A document on its way into an index. */
export interface NewDocument<P> {
  readonly id: string;
  readonly payload: P;
  readonly metadata: Metadata | undefined;
}

export interface SegmentedSettings {
  /** How many bytes documents may take before they are written to a segment. */
  readonly memory: number;
  readonly policy: MergePolicy;
  /** Whether the index commits by itself: then it also merges in the background. */
  readonly ownsStore: boolean;
  /** What else is kept with the list of segments. Read at each commit, so it may be a getter. */
  readonly about: unknown;
  /** Files that segments have in common, such as the centroids of a quantiser. */
  readonly shared?: SharedFiles;
}

/** Files that belong to no one segment. */
export interface SharedFiles {
  /** Those that the next commit names, written through the scope. What is kept about them belongs into `about`. */
  files(): readonly string[];
  /** Opens what the scope's committed `about` speaks of: called before its segments are read. */
  open(about: unknown): Promise<void>;
}

/** What a scope's state holds, for JSON. */
export interface SegmentedState {
  readonly about: unknown;
  readonly segments: readonly { readonly file: string; readonly deletes?: string; readonly live: number }[];
}

/** A segment in the version under way. Its bitmap is the committed one until something is deleted from it. */
interface StagedSegment<S extends Segment> {
  segment: S;
  deleted: Bitmap | undefined;
  live: number;
  /** The file that holds `deleted`; undefined where there is none, or it is not written yet. */
  deletes: string | undefined;
  /** Whether `deleted` may be changed. */
  owned: boolean;
}

const deletesKind = 'deletes';

/**
 * An index made of immutable segments: what dense and sparse indexes share.
 *
 * Documents gather in memory and become a segment when they take too much of it or at a commit. Removing sets a bit beside the segment; replacing is
 * removing and adding. A commit makes all of it visible at once as a new list of segments; whoever searches the list before it is not
 * disturbed. Merges put small segments together while everything else goes on.
 */
export class SegmentedIndex<S extends Segment, P> {
  readonly scope: Scope;
  readonly #format: SegmentFormat<S, P>;
  readonly #settings: SegmentedSettings;
  readonly #pending = new Map<string, NewDocument<P>>();
  #pendingBytes = 0;
  #committed: readonly StagedSegment<S>[] = [];
  #staged: StagedSegment<S>[] = [];
  #snapshot: readonly LiveSegment<S>[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** Bitmaps of the files that hold them, so that what was written need not be read. */
  readonly #writtenDeletes = new Map<string, Bitmap>();
  /** The sizes of the segments' files. */
  readonly #bytes = new WeakMap<S, number>();
  #merging: Promise<void> | undefined;
  #mergeError: unknown;
  #stopMerging = new AbortController();
  #closed = false;

  private constructor(scope: Scope, format: SegmentFormat<S, P>, settings: SegmentedSettings) {
    this.scope = scope;
    this.#format = format;
    this.#settings = settings;
  }

  static async open<S extends Segment, P>(
    scope: Scope,
    format: SegmentFormat<S, P>,
    settings: SegmentedSettings,
  ): Promise<SegmentedIndex<S, P>> {
    const index = new SegmentedIndex(scope, format, settings);
    await index.refresh();
    return index;
  }

  /** The segments of the last commit. The array is never changed. */
  get segments(): readonly LiveSegment<S>[] {
    if (this.#closed) throw new RankError('CLOSED', 'The index was closed. Open it again.');
    return this.#snapshot;
  }

  /**
   * Takes documents in, a chunk at a time; one that is there already is replaced. They are found after the next commit.
   * An id twice in one call is an error; chunks before it stay, to be committed or rolled back.
   */
  add(
    chunks: Iterable<readonly NewDocument<P>[]> | AsyncIterable<readonly NewDocument<P>[]>,
    work: WorkOptions & { readonly total?: number } = {},
  ): Promise<void> {
    const report = throttleProgress(work.onProgress);
    return this.#exclusively(async () => {
      const mine = new Set<string>();
      const segmentsBefore = this.#staged.length;
      let done = 0;
      for await (const documents of chunks) {
        throwIfCancelled(work.signal, 'Adding documents');
        for (const document of documents) {
          if (mine.has(document.id) || isIn(this.#staged.slice(segmentsBefore), document.id)) throw duplicate(document.id);
          mine.add(document.id);
          if (!this.#forget(document.id)) this.#deleteStaged(document.id);
          this.#pending.set(document.id, document);
          this.#pendingBytes += this.#weight(document);
        }
        done += documents.length;
        report({ stage: 'adding', done, unit: 'documents', ...(work.total !== undefined && { total: work.total }) });
        if (this.#pendingBytes <= this.#settings.memory) continue;
        await this.#flush(work);
        mine.clear();
      }
    });
  }

  /** Removes documents; gives how many there were. They are gone after the next commit. */
  remove(ids: readonly string[]): Promise<number> {
    return this.#exclusively(async () => {
      let removed = 0;
      for (const id of ids) if (this.#forget(id) || this.#deleteStaged(id)) removed++;
      return removed;
    });
  }

  /** Writes what is not written yet and says to the scope what the next commit holds. For whoever commits the store; {@link refresh} comes after. */
  prepare(work: WorkOptions = {}): Promise<void> {
    return this.#exclusively(() => this.#prepare(work));
  }

  /** Makes everything since the last commit durable and visible. */
  async commit(work: WorkOptions = {}): Promise<void> {
    await this.#exclusively(async () => {
      await this.#prepare(work);
      await this.scope.store.commit();
      await this.#publish();
    });
    if (this.#settings.ownsStore) this.#mergeInBackground();
  }

  /** Forgets everything since the last commit. */
  async rollback(): Promise<void> {
    await this.#endMerging();
    await this.#exclusively(async () => {
      this.#pending.clear();
      this.#pendingBytes = 0;
      this.#staged = this.#committed.map((entry) => ({ ...entry }));
      const state = this.scope.state() as SegmentedState | undefined;
      if (state !== undefined) await this.#settings.shared?.open(state.about);
      if (this.#settings.ownsStore) await this.scope.store.rollback();
    });
  }

  /** Takes over what was committed since, by the owner of the store or by another process; tells whether there was something. */
  refresh(): Promise<boolean> {
    return this.#exclusively(async () => {
      if (this.#settings.ownsStore) await this.scope.store.refresh();
      const before = this.#committed.map(({ segment, deletes }) => [segment.file, deletes]);
      await this.#publish();
      const now = this.#committed.map(({ segment, deletes }) => [segment.file, deletes]);
      return JSON.stringify(before) !== JSON.stringify(now);
    });
  }

  /**
   * Merges as the policy asks, until it asks for nothing; `all` makes one segment of everything, or as few as files of 3 GiB allow. Where the index does not own
   * the store, the result is staged with the next {@link prepare}.
   */
  async merge(options: { all?: boolean } & WorkOptions = {}): Promise<boolean> {
    await this.settle();
    const { all = false, ...work } = options;
    let merged = false;
    for (;;) {
      const chosen: StagedSegment<S>[] | undefined = this.#chooseMerge(all);
      if (chosen === undefined) return merged;
      await this.#mergeSegments(chosen, work);
      merged = true;
      // Without a commit of our own the committed segments, which are what is chosen from, stay as they are.
      if (!this.#settings.ownsStore) return merged;
    }
  }

  /** Writes the last commit into another scope, which is then to be committed. */
  copyTo(scope: Scope): Promise<void> {
    return this.#exclusively(async () => {
      const segments: { file: string; deletes?: string; live: number }[] = [];
      const copy = async (file: string, kind: string, version: number): Promise<string> => {
        const writer = await scope.create(kind, kind, version);
        try {
          await copySections(await this.scope.open(file, kind, version), writer);
          await writer.finish();
        } catch (error) {
          await writer.abandon().catch(() => {});
          throw error;
        }
        return writer.name;
      };
      for (const { segment, deletes, live } of this.#committed) {
        const file = await copy(segment.file, this.#format.kind, this.#format.version);
        segments.push({ file, live, ...(deletes && { deletes: await copy(deletes, deletesKind, 1) }) });
      }
      const state: SegmentedState = { about: this.#settings.about, segments };
      scope.stage(
        state,
        segments.flatMap(({ file, deletes }) => (deletes === undefined ? [file] : [file, deletes])),
      );
    });
  }

  /** Waits for merges in the background; throws what one of them failed with. */
  async settle(): Promise<void> {
    await this.#merging;
    const error = this.#mergeError;
    this.#mergeError = undefined;
    if (error !== undefined) throw error;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#endMerging();
    await this.#exclusively(async () => {
      this.#closed = true;
      this.#pending.clear();
      if (this.#settings.ownsStore) await this.scope.store.close();
    });
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new RankError('CLOSED', 'The index was closed. Open it again.');
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #weight({ id, payload, metadata }: NewDocument<P>): number {
    return this.#format.bytesOf(payload) + 2 * id.length + (metadata === undefined ? 64 : 256);
  }

  #forget(id: string): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#pendingBytes -= this.#weight(pending);
    return this.#pending.delete(id);
  }

  #deleteStaged(id: string): boolean {
    for (const entry of this.#staged) {
      const row = entry.segment.ids.row(id);
      if (row < 0 || entry.deleted?.has(row)) continue;
      deleteRow(entry, row);
      return true;
    }
    return false;
  }

  async #flush(work: WorkOptions): Promise<void> {
    if (this.#pending.size === 0) return;
    const documents = [...this.#pending.values()].sort((a, b) => compareCodePoints(a.id, b.id));
    const arranged = await this.#format.arrange(
      documents.map(({ payload }) => payload),
      work,
    );
    const { order } = arranged;
    const metadata = new MetadataBuilder();
    for (let i = 0; i < documents.length; i++) metadata.add(documents[order?.[i] ?? i]!.metadata);
    const segment = await this.#write(IdTable.from(documents.map(({ id }) => id)), metadata.build(), arranged);
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#staged.push({ segment, deleted: undefined, live: documents.length, deletes: undefined, owned: false });
  }

  /** `ids` in their own order, `metadata` in the arranged one. */
  async #write(ids: IdTable, metadata: MetadataColumns, arranged: Arranged): Promise<S> {
    const writer = await this.scope.create(this.#format.kind, this.#format.kind, this.#format.version);
    try {
      await (arranged.order === undefined ? ids : ids.reordered(arranged.order)).write(writer);
      await writeMetadata(writer, metadata);
      await arranged.write(writer);
      await writer.finish();
    } catch (error) {
      await writer.abandon().catch(() => {});
      throw error;
    }
    return this.#read(writer.name);
  }

  async #read(name: string): Promise<S> {
    const file = await this.scope.open(name, this.#format.kind, this.#format.version);
    const ids = IdTable.read(file);
    const segment = this.#format.read(file, { file: name, ids, metadata: readMetadata(file, ids.size) });
    this.#bytes.set(segment, file.bytes);
    return segment;
  }

  async #prepare(work: WorkOptions): Promise<void> {
    throwIfCancelled(work.signal, 'The commit');
    await this.#flush(work);
    this.#staged = this.#staged.filter(({ live }) => live > 0);
    await this.#writeDeletes(this.#staged);
    this.#stageList(this.#staged);
  }

  async #writeDeletes(entries: readonly StagedSegment<S>[]): Promise<void> {
    for (const entry of entries) {
      if (entry.deleted === undefined || entry.deletes !== undefined) continue;
      const writer = await this.scope.create(deletesKind, deletesKind, 1);
      try {
        await writer.write('deleted', entry.deleted.words);
        await writer.finish();
      } catch (error) {
        await writer.abandon().catch(() => {});
        throw error;
      }
      entry.deletes = writer.name;
      entry.owned = false;
      this.#writtenDeletes.set(writer.name, entry.deleted);
    }
  }

  #stageList(entries: readonly StagedSegment<S>[]): void {
    const state: SegmentedState = {
      about: this.#settings.about,
      segments: entries.map(({ segment, deletes, live }) => ({ file: segment.file, ...(deletes && { deletes }), live })),
    };
    if (JSON.stringify(state) === JSON.stringify(this.scope.state())) return;
    this.scope.stage(state, [
      ...entries.flatMap(({ segment, deletes }) => (deletes === undefined ? [segment.file] : [segment.file, deletes])),
      ...(this.#settings.shared?.files() ?? []),
    ]);
  }

  /** Makes the scope's committed state the snapshot. What is open already stays open; what came in since it was staged stays staged. */
  async #publish(): Promise<void> {
    const state = this.scope.state() as SegmentedState | undefined;
    if (state !== undefined) await this.#settings.shared?.open(state.about);
    const open = new Map([...this.#committed, ...this.#staged].map(({ segment }) => [segment.file, segment]));
    const committed: StagedSegment<S>[] = [];
    for (const { file, deletes, live } of state?.segments ?? []) {
      const segment = open.get(file) ?? (await this.#read(file));
      const deleted = deletes === undefined ? undefined : await this.#readDeletes(deletes, segment.ids.size);
      committed.push({ segment, deleted, live, deletes, owned: false });
    }
    const before = new Set(this.#committed.map(({ segment }) => segment.file));
    const now = new Set(committed.map(({ segment }) => segment.file));
    const staged = new Map(this.#staged.map((entry) => [entry.segment.file, entry]));
    this.#staged = [
      ...committed.map((entry) => staged.get(entry.segment.file) ?? { ...entry }),
      ...this.#staged.filter(({ segment: { file } }) => !before.has(file) && !now.has(file)),
    ];
    this.#committed = committed;
    this.#snapshot = committed.map(({ segment, deleted, live }) => ({ segment, deleted, live }));
    const named = new Set([...committed, ...this.#staged].map(({ deletes }) => deletes));
    for (const name of this.#writtenDeletes.keys()) if (!named.has(name)) this.#writtenDeletes.delete(name);
  }

  async #readDeletes(name: string, size: number): Promise<Bitmap> {
    const known = this.#writtenDeletes.get(name);
    if (known !== undefined) return known;
    const file = await this.scope.open(name, deletesKind, 1);
    const words = file.u32('deleted');
    if (words.length !== wordsFor(size)) {
      throw new RankError('CORRUPT', `${file.path} is damaged: it marks ${words.length} words for ${size} documents.`, { file: file.path });
    }
    const deleted = new Bitmap(size, words);
    this.#writtenDeletes.set(name, deleted);
    return deleted;
  }

  #chooseMerge(all: boolean): StagedSegment<S>[] | undefined {
    const staged = new Set(this.#staged.map(({ segment }) => segment.file));
    const candidates = this.#committed.filter(({ segment }) => staged.has(segment.file));
    const sizes = candidates.map(({ segment, live }) => ({ size: segment.ids.size, live, bytes: this.#bytes.get(segment)! }));
    return (all ? chooseAll(sizes) : chooseMerge(sizes, this.#settings.policy))?.map((i) => candidates[i]!);
  }

  #mergeInBackground(): void {
    if (this.#merging !== undefined) return;
    const { signal } = this.#stopMerging;
    const merge = async (): Promise<void> => {
      for (;;) {
        const chosen = signal.aborted ? undefined : this.#chooseMerge(false);
        if (chosen === undefined) return;
        await this.#mergeSegments(chosen, { signal });
      }
    };
    this.#merging = merge()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#mergeError = error;
      })
      .finally(() => {
        this.#merging = undefined;
      });
  }

  async #endMerging(): Promise<void> {
    this.#stopMerging.abort();
    await this.#merging;
    this.#stopMerging = new AbortController();
  }

  async #mergeSegments(chosen: readonly StagedSegment<S>[], work: WorkOptions): Promise<void> {
    const tables = chosen.map(({ segment }) => segment.ids);
    const { ids, numbers } = mergeIdTables(tables, (t, row) => !chosen[t]!.deleted?.has(row), leftOut);
    const parts = chosen.map(({ segment, deleted, live }, t) => ({ segment, deleted, live, numbers: numbers[t]! }));
    let merged: S | undefined;
    if (ids.size > 0) {
      const arranged = await this.#format.arrangeMerge(parts, ids.size, work);
      if (arranged.order !== undefined) renumber(numbers, arranged.order);
      const metadata = new MetadataBuilder();
      for (const { segment, numbers: rows } of parts) metadata.addColumns(segment.metadata, rows, ids.size);
      merged = await this.#write(ids, metadata.build(), arranged);
    }
    await this.#exclusively(async () => {
      throwIfCancelled(work.signal, 'The merge');
      const staged = replaced(this.#staged, parts, merged);
      if (this.#settings.ownsStore) {
        // Only what was committed before is committed now: documents that wait for a commit of their own go on waiting.
        const committed = replaced(this.#committed, parts, merged);
        await this.#writeDeletes(committed);
        this.#stageList(committed);
        await this.scope.store.commit();
        this.#staged = staged;
        await this.#publish();
      } else this.#staged = staged;
    });
  }
}

/** Places in the order of the ids become rows. */
function renumber(numbers: readonly Uint32Array[], order: Uint32Array): void {
  const rows = new Uint32Array(order.length);
  for (let row = 0; row < order.length; row++) rows[order[row]!] = row;
  for (const places of numbers) for (let i = 0; i < places.length; i++) if (places[i] !== leftOut) places[i] = rows[places[i]!]!;
}

/** The list with the merged segment in place of its parts. What was deleted from them since the merge began is deleted from it. */
function replaced<S extends Segment>(
  list: readonly StagedSegment<S>[],
  parts: readonly MergePart<S>[],
  merged: S | undefined,
): StagedSegment<S>[] {
  const left = list.filter(({ segment }) => !parts.some((part) => part.segment.file === segment.file));
  if (merged === undefined) return left;
  const entry: StagedSegment<S> = { segment: merged, deleted: undefined, live: merged.ids.size, deletes: undefined, owned: false };
  for (const { segment, deleted, numbers } of parts) {
    const now = list.find((other) => other.segment.file === segment.file);
    if (now !== undefined && now.deleted === deleted) continue;
    for (let row = 0; row < numbers.length; row++) {
      // A part that is gone from the list has nothing left.
      if (numbers[row] !== leftOut && (now === undefined || now.deleted?.has(row))) deleteRow(entry, numbers[row]!);
    }
  }
  return entry.live === 0 ? left : [...left, entry];
}

function isIn<S extends Segment>(entries: readonly StagedSegment<S>[], id: string): boolean {
  return entries.some(({ segment, deleted }) => {
    const row = segment.ids.row(id);
    return row >= 0 && !deleted?.has(row);
  });
}

/** The error for an id that comes twice in one call. */
export function duplicate(id: string): RankError {
  return new RankError(
    'DUPLICATE_ID',
    `Document ${shown(id)} comes twice in one call of add. Keep one; to replace a document add it in a later call.`,
    { id },
  );
}

function deleteRow<S extends Segment>(entry: StagedSegment<S>, row: number): void {
  if (!entry.owned) {
    entry.deleted = entry.deleted?.clone() ?? Bitmap.empty(entry.segment.ids.size);
    entry.owned = true;
    entry.deletes = undefined;
  }
  entry.deleted!.add(row);
  entry.live--;
}
