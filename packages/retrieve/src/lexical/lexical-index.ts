import {
  checkOptions,
  type Document,
  type Explanation,
  RankError,
  type Ranking,
  type Retriever,
  shown,
  throttleProgress,
  throwIfCancelled,
  type WorkOptions,
  yieldToEventLoop,
} from '@rank-rank/core';
import { memoryFileSystem, type Scope, type SectionWriter, Store } from '@rank-rank/storage';
import { Bitmap } from '../metadata/bitmap.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { chooseAll, chooseMerge, type MergePolicy } from '../segments/merge-policy.ts';
import { checkDocument, duplicate, isDocument, refuseDuplicates } from './check-document.ts';
import { checkResources, type LexicalOptions, type OpenOptions, optionNames, type Resources } from './lexical-options.ts';
import { LexicalReader, type LexicalSearchOptions, type SearchResult } from './lexical-reader.ts';
import { ParallelBuilder } from './parallel/parallel-builder.ts';
import type { LexicalQuery } from './query/lexical-query.ts';
import { type ModelName, type ModelSpec, modelOf } from './scoring/models.ts';
import { type Field, type FieldSpec, fieldSpecs, openField } from './segment/fields.ts';
import { merge } from './segment/merge.ts';
import { PendingSegment } from './segment/pending-segment.ts';
import { Segment, type SegmentView } from './segment/segment.ts';
import { SegmentBuffer } from './segment/segment-buffer.ts';
import { type SegmentInput, segmentKind, segmentVersion, writeSegment } from './segment/segment-writer.ts';

export const storeKind = 'lexical';
const stateVersion = 1;
const policy: MergePolicy = { segmentsPerTier: 8, smallest: 1000, largest: Number.POSITIVE_INFINITY, deletedShare: 1 / 3 };

/** So many documents of one call are taken in here before threads are started for the others. */
const worthThreads = 4096;

interface State {
  readonly version: number;
  readonly fields: readonly FieldSpec[];
  readonly model: ModelName | ModelSpec;
  readonly texts: boolean;
  readonly segments: readonly { readonly file: string; readonly deletes?: string }[];
}

type Settings = Pick<State, 'fields' | 'model' | 'texts'>;

/**
 * A full-text index: BM25 and its relatives over analysed text, in memory or on disk.
 *
 * Documents are added and removed at any time and become visible with `commit`. A document whose id is there already is replaced.
 *
 * @example
 * const index = await LexicalIndex.build([
 *   { id: 'a', text: 'The quick brown fox' },
 *   { id: 'b', text: 'A lazy dog' },
 * ]);
 * await index.search('foxes', 10); // [{ id: 'a', score: 0.69… }]
 */
export class LexicalIndex implements Retriever {
  readonly #scope: Scope;
  readonly #ownsStore: boolean;
  readonly #fields: readonly Field[];
  readonly #state: Settings;
  readonly #memory: number;
  readonly #threads: number;
  #reader: LexicalReader;
  #pending: PendingSegment[] = [];
  #buffer: SegmentBuffer;
  /** Ids to be removed from segments written so far. */
  #removed = new Set<string>();
  #changed = false;
  readonly #closing = new AbortController();
  #closed = false;
  #writing: Promise<unknown> = Promise.resolve();
  #merging: Promise<void> | undefined;

  private constructor(scope: Scope, ownsStore: boolean, fields: readonly Field[], state: Settings, { memory, threads }: Resources) {
    this.#scope = scope;
    this.#ownsStore = ownsStore;
    this.#fields = fields;
    this.#state = state;
    this.#memory = memory;
    this.#threads = threads;
    this.#buffer = new SegmentBuffer(fields, state.texts);
    this.#reader = new LexicalReader(fields, [], modelOf(state.model));
  }

  /** A new, empty index. Refuses a folder that holds one already. */
  static async create(options: LexicalOptions = {}): Promise<LexicalIndex> {
    checkOptions('LexicalIndex.create', options, optionNames);
    const { path, fields = { text: { from: 'fullText' } }, model = 'bm25' } = options;
    modelOf(model);
    const resources = checkResources(options);
    const specs = await fieldSpecs(fields, { analysis: options.analysis ?? 'english', positions: options.positions ?? false });
    if (path !== undefined && options.scope !== undefined) {
      throw new RankError('INVALID_ARGUMENT', 'LexicalIndex.create has both a path and a scope; give one.');
    }
    const scope = options.scope ?? (await openStore(path, true)).scope(storeKind);
    const ownsStore = options.scope === undefined;
    try {
      if (scope.state() !== undefined) {
        throw new RankError(
          'ALREADY_EXISTS',
          `${scope.store.path} holds a lexical index already. Open it with LexicalIndex.open, or choose another folder.`,
          {
            path: scope.store.path,
          },
        );
      }
      const state = { fields: specs, model, texts: options.texts ?? false };
      const index = new LexicalIndex(scope, ownsStore, await Promise.all(specs.map(openField)), state, resources);
      index.#stage();
      if (ownsStore) await scope.store.commit();
      return index;
    } catch (error) {
      if (ownsStore) await scope.store.close();
      throw error;
    }
  }

  /** An index that is there, by its folder or its scope of a store. For reading, unless `write` is set. */
  static async open(where: string | Scope, options: OpenOptions = {}): Promise<LexicalIndex> {
    checkOptions('LexicalIndex.open', options, ['write', 'memory', 'threads']);
    const ownsStore = typeof where === 'string';
    const scope = ownsStore ? (await openStore(where, options.write ?? false)).scope(storeKind) : where;
    try {
      const state = scope.state() as State | undefined;
      if (state === undefined) {
        throw new RankError(
          'NOT_FOUND',
          `${scope.store.path} holds no lexical index (scope "${scope.name}"). Check the path, or build it first.`,
          {
            path: scope.store.path,
          },
        );
      }
      if (state.version > stateVersion) {
        throw new RankError('UNSUPPORTED_VERSION', `${scope.store.path} was written by a newer version of rank-rank. Update rank-rank.`, {
          path: scope.store.path,
        });
      }
      const fields = await Promise.all(state.fields.map(openField));
      const index = new LexicalIndex(
        scope,
        ownsStore,
        fields,
        { fields: state.fields, model: state.model, texts: state.texts },
        checkResources(options),
      );
      await index.refresh();
      return index;
    } catch (error) {
      if (ownsStore) await scope.store.close();
      throw error;
    }
  }

  /** {@link LexicalIndex.create}, {@link LexicalIndex.add} and {@link LexicalIndex.commit} in one. */
  static async build(
    documents: Iterable<Document> | AsyncIterable<Document>,
    options: LexicalOptions & WorkOptions = {},
  ): Promise<LexicalIndex> {
    checkOptions('LexicalIndex.build', options, [...optionNames, 'signal', 'onProgress']);
    const { signal, onProgress, ...rest } = options;
    const index = await LexicalIndex.create(rest);
    try {
      const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
      await index.add(documents, work);
      await index.commit(work);
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  /** The commit that searches see. It stays as it is, whatever is written after. */
  get reader(): LexicalReader {
    this.#checkOpen();
    return this.#reader;
  }

  /** Documents that can be found. */
  get size(): number {
    return this.reader.size;
  }

  get fields(): readonly FieldSpec[] {
    return this.#state.fields;
  }

  async search(query: LexicalQuery, k: number, options: LexicalSearchOptions = {}): Promise<Ranking> {
    return this.reader.search(query, k, options);
  }

  searchDetailed(query: LexicalQuery, k: number, options: LexicalSearchOptions = {}): SearchResult {
    return this.reader.searchDetailed(query, k, options);
  }

  explain(query: LexicalQuery, id: string, options?: Parameters<LexicalReader['explain']>[2]): Explanation | undefined {
    return this.reader.explain(query, id, options);
  }

  facets(query: LexicalQuery, field: string, options?: Parameters<LexicalReader['facets']>[2]): ValueCount[] {
    return this.reader.facets(query, field, options);
  }

  /**
   * Adds documents, or replaces those whose ids are there already; they are found after {@link LexicalIndex.commit}.
   *
   * An id that comes twice in one call is an error; of an array nothing is added then, of a stream what came before stays, to be
   * committed or rolled back.
   */
  async add(documents: Document | Iterable<Document> | AsyncIterable<Document>, options: WorkOptions = {}): Promise<void> {
    checkOptions('add', options, ['signal', 'onProgress']);
    const list = isDocument(documents) ? [documents] : documents;
    if (typeof list !== 'object' || list === null || !(Symbol.iterator in list || Symbol.asyncIterator in list)) {
      throw new RankError('INVALID_ARGUMENT', `add: documents are ${shown(list)}; expected an array (or any iterable) of { id, text }.`);
    }
    const total = Array.isArray(list) ? list.length : undefined;
    if (Array.isArray(list)) refuseDuplicates(list);
    await this.#exclusively(async () => {
      const report = throttleProgress(options.onProgress);
      const mine = new Set<string>();
      const segmentsBefore = this.#pending.length;
      // No id comes twice in a call, so documents replace others in what was there before it: segments, and what waited to be written.
      let replaced = this.#buffer.size === 0 ? segmentsBefore : Number.POSITIVE_INFINITY;
      let threads: ParallelBuilder | undefined;
      const elsewhere: string[] = [];
      let done = 0;
      let lastPause = performance.now();
      try {
        for await (const item of list) {
          if ((done & 63) === 0) {
            throwIfCancelled(options.signal, 'Adding documents');
            if (performance.now() - lastPause > 50) {
              await yieldToEventLoop();
              lastPause = performance.now();
            }
          }
          const document = checkDocument(done, item);
          if (total === undefined) {
            if (mine.has(document.id)) throw duplicate(document.id);
            mine.add(document.id);
          }
          if (done === worthThreads && this.#threads > 1) threads = await this.#startThreads();
          this.#changed = true;
          if (threads === undefined) this.#buffer.add(document);
          else {
            elsewhere.push(document.id);
            await threads.add(document);
          }
          done++;
          report({ stage: 'analysing', done, unit: 'documents', ...(total !== undefined && { total }) });
          const isFull = this.#buffer.full || threads?.full === true;
          if (isFull || ((done & 255) === 0 && this.#buffer.bytes + (threads?.bytes ?? 0) > this.#memory)) {
            if (total === undefined) this.#refuseAcross(mine, segmentsBefore);
            mine.clear();
            await this.#flush(options, replaced);
            await this.#flushThreads(threads, elsewhere, replaced);
          }
        }
        if (total === undefined) this.#refuseAcross(mine, segmentsBefore);
      } catch (error) {
        // Such as an id that does come twice.
        replaced = Number.POSITIVE_INFINITY;
        throw error;
      } finally {
        // Also what came before an error stays.
        if (threads !== undefined) {
          try {
            await this.#flush({}, replaced);
            await this.#flushThreads(threads, elsewhere, replaced);
          } finally {
            await threads.close();
          }
        }
      }
    });
  }

  /** Removes documents by id; gives how many there were. They are gone after {@link LexicalIndex.commit}. */
  async remove(ids: string | Iterable<string>): Promise<number> {
    const list = typeof ids === 'string' ? [ids] : [...ids];
    for (const id of list) {
      if (typeof id !== 'string') throw new RankError('INVALID_ARGUMENT', `remove: an id is ${shown(id)}; expected a string.`);
    }
    return this.#exclusively(async () => {
      let count = 0;
      for (const given of new Set(list)) {
        const id = given.toWellFormed();
        let there = this.#buffer.remove(id);
        if (!this.#removed.has(id) && this.#pending.some((pending) => pending.has(id))) {
          this.#removed.add(id);
          there = true;
        }
        if (there) count++;
      }
      if (count > 0) this.#changed = true;
      return count;
    });
  }

  /**
   * Makes everything since the last commit visible, and durable where the index is on disk. Cancelled, it commits nothing and forgets
   * nothing.
   */
  async commit(options: WorkOptions = {}): Promise<void> {
    checkOptions('commit', options, ['signal', 'onProgress']);
    await this.prepare(options);
    await this.#exclusively(async () => {
      throwIfCancelled(options.signal, 'The commit');
      await this.#scope.store.commit();
      await this.#look();
    });
    this.#mergeInBackground();
  }

  /** Waits for merges that run in the background. They leave what is found as it is; a failed one is told here. */
  async settled(): Promise<void> {
    while (this.#merging !== undefined) await this.#merging;
  }

  /** Merges all segments into one (or as few as files of 3 GiB allow) and commits: the smallest and fastest form of an index that will not change for a while. */
  async merge(options: WorkOptions = {}): Promise<void> {
    checkOptions('merge', options, ['signal', 'onProgress']);
    await this.commit(options);
    await this.settled();
    for (;;) {
      const chosen = this.#toMerge(chooseAll);
      if (chosen === undefined) break;
      await this.#mergeSegments(chosen, options);
    }
    await this.settled();
  }

  /**
   * Merges segments as long as there are many of one size; tells whether there were. Where others own the store the result is staged, for their commit.
   */
  async mergeSmall(options: WorkOptions = {}): Promise<boolean> {
    checkOptions('mergeSmall', options, ['signal', 'onProgress']);
    await this.settled();
    for (let merged = false; ; merged = true) {
      const chosen = this.#toMerge((segments) => chooseMerge(segments, policy));
      if (chosen === undefined) return merged;
      await this.#mergeSegments(chosen, options);
    }
  }

  /** Writes everything out and stages it, for an owner of the store who then commits and calls {@link LexicalIndex.refresh}. */
  async prepare(options: WorkOptions = {}): Promise<void> {
    checkOptions('prepare', options, ['signal', 'onProgress']);
    await this.#exclusively(async () => {
      if (!this.#changed) return;
      await this.#flush(options);
      for (const pending of this.#pending) await pending.writeDeletes(this.#scope);
      this.#pending = this.#pending.filter(({ live }) => live > 0);
      this.#stage();
      this.#changed = false;
    });
  }

  /** Forgets what was added and removed since the last commit. */
  async rollback(): Promise<void> {
    await this.#exclusively(async () => {
      this.#buffer = new SegmentBuffer(this.#fields, this.#state.texts);
      this.#removed.clear();
      this.#changed = false;
      if (this.#ownsStore) await this.#scope.store.rollback();
      await this.#look();
    });
  }

  /** Shows the last commit, also of another process; tells whether it is another than before. */
  async refresh(): Promise<boolean> {
    this.#checkOpen();
    return this.#exclusively(async () => {
      const isNew = this.#ownsStore ? await this.#scope.store.refresh() : false;
      const before = this.#reader;
      await this.#look();
      return isNew || before !== this.#reader;
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort();
    await this.#merging?.catch(() => {});
    await this.#writing.catch(() => {});
    this.#closed = true;
    if (this.#ownsStore) await this.#scope.store.close();
  }

  #toMerge(choose: typeof chooseAll): PendingSegment[] | undefined {
    const pending = this.#pending;
    const sizes = pending.map(({ segment: { size, bytes }, live }) => ({ size, live, bytes }));
    return choose(sizes)?.map((i) => pending[i]!);
  }

  #mergeInBackground(): void {
    if (this.#merging !== undefined || this.#closing.signal.aborted) return;
    const chosen = this.#toMerge((segments) => chooseMerge(segments, policy));
    if (chosen === undefined) return;
    this.#merging = this.#mergeSegments(chosen, { signal: this.#closing.signal }).finally(() => {
      this.#merging = undefined;
    });
    this.#merging.then(
      () => this.#mergeInBackground(),
      () => {},
    );
  }

  /**
   * Writes segments as one, beside other work, and puts it in their place. Documents that are deleted meanwhile are deleted in it too.
   * It is committed at once if nothing else waits for a commit, else with that.
   */
  async #mergeSegments(chosen: readonly PendingSegment[], options: WorkOptions): Promise<void> {
    const before = chosen.map(({ deleted }) => deleted?.clone());
    const { input, numbers } = merge(chosen.map(({ segment }, i) => ({ segment, deleted: before[i] })));
    const merged = input.size > 0 ? await this.#write(input, 'merging', options) : undefined;
    await this.#exclusively(async () => {
      const places = chosen.map(({ segment }) => this.#pending.findIndex((pending) => pending.segment === segment));
      // They are gone after a rollback.
      if (places.includes(-1)) return;
      let deleted: Bitmap | undefined;
      for (const [i, place] of places.entries()) {
        const now = this.#pending[place]!.deleted;
        if (now === undefined || merged === undefined) continue;
        for (const document of now.members()) {
          if (before[i]?.has(document)) continue;
          deleted ??= Bitmap.empty(merged.size);
          deleted.add(numbers[i]![document]!);
        }
      }
      const first = Math.min(...places);
      const kept = this.#pending.filter((_, place) => !places.includes(place));
      if (merged !== undefined) kept.splice(first, 0, new PendingSegment(merged, deleted));
      this.#pending = kept;
      if (this.#changed) return;
      for (const pending of this.#pending) await pending.writeDeletes(this.#scope);
      this.#stage();
      if (!this.#ownsStore) return;
      await this.#scope.store.commit();
      await this.#look();
    });
  }

  /** Opens what the last commit names; segments that are open already stay so. */
  async #look(): Promise<void> {
    const state = this.#scope.state() as State | undefined;
    const files = state?.segments ?? [];
    const before = this.#reader.segments;
    const known = new Map(
      [...this.#pending.map(({ segment }) => segment), ...before.map(({ segment }) => segment)].map((segment) => [segment.name, segment]),
    );
    const pending: PendingSegment[] = [];
    const views: SegmentView[] = [];
    for (const { file, deletes } of files) {
      const segment = known.get(file) ?? (await Segment.open(this.#scope, file));
      const deleted = deletes === undefined ? undefined : await PendingSegment.readDeletes(this.#scope, segment, deletes);
      pending.push(new PendingSegment(segment, deleted?.clone(), deletes));
      views.push({ segment, deleted, live: segment.size - (deleted?.count ?? 0) });
    }
    this.#pending = pending;
    this.#reader = new LexicalReader(this.#fields, views, modelOf(this.#state.model));
  }

  /** Writes the buffer as a segment, and applies removals to the segments before, and it to the first `replaced` of them. */
  async #flush(options: WorkOptions, replaced: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.#deleteFromPending(this.#removed);
    this.#deleteFromPending(this.#buffer.ids(), replaced);
    this.#removed.clear();
    if (this.#buffer.size === 0) return;
    const segment = await this.#write(this.#buffer.input(), 'writing', options);
    this.#buffer = new SegmentBuffer(this.#fields, this.#state.texts);
    this.#pending.push(new PendingSegment(segment));
  }

  #startThreads(): Promise<ParallelBuilder> {
    const specs = this.#fields.map(({ analyzer, queryAnalyzer, ...spec }): FieldSpec => spec);
    return ParallelBuilder.start(this.#threads, { fields: specs, keepTexts: this.#state.texts });
  }

  /** Writes what threads have as segments, in the place of documents with the ids that were given to them. */
  async #flushThreads(threads: ParallelBuilder | undefined, ids: string[], replaced: number): Promise<void> {
    if (threads === undefined) return;
    const segments: Segment[] = [];
    for (const sections of await threads.write()) {
      segments.push(
        await this.#writeFile(async (file) => {
          for (const { name, data, type } of sections) await file.write(name, data, type);
        }),
      );
    }
    this.#deleteFromPending(
      ids.map((id) => id.toWellFormed()),
      replaced,
    );
    ids.length = 0;
    this.#pending.push(...segments.map((segment) => new PendingSegment(segment)));
  }

  /** A new segment. Between its pieces other work gets its turn. */
  #write(input: SegmentInput, stage: 'writing' | 'merging', { signal, onProgress }: WorkOptions): Promise<Segment> {
    const report = throttleProgress(onProgress);
    let done = 0;
    return this.#writeFile(async (file) => {
      await writeSegment(file, input, async (bytes) => {
        throwIfCancelled(signal, stage === 'writing' ? 'Writing a segment' : 'Merging');
        done += bytes;
        report({ stage, done, unit: 'bytes' });
        await yieldToEventLoop();
      });
    });
  }

  async #writeFile(write: (file: SectionWriter) => Promise<void>): Promise<Segment> {
    const file = await this.#scope.create('lexical', segmentKind, segmentVersion);
    try {
      await write(file);
      await file.finish();
    } catch (error) {
      await file.abandon().catch(() => {});
      throw error;
    }
    return Segment.open(this.#scope, file.name);
  }

  #deleteFromPending(ids: Iterable<string>, among: number = Number.POSITIVE_INFINITY): void {
    const segments = this.#pending.slice(0, among);
    if (segments.length > 0) for (const id of ids) for (const segment of segments) segment.delete(id);
  }

  #stage(): void {
    const segments = this.#pending.map(({ files }) => files);
    const state: State = { version: stateVersion, ...this.#state, segments };
    this.#scope.stage(
      state,
      segments.flatMap(({ file, deletes }) => (deletes === undefined ? [file] : [file, deletes])),
    );
  }

  /** Whether ids of a stream stand in segments that the same stream filled before. */
  #refuseAcross(ids: ReadonlySet<string>, segmentsBefore: number): void {
    const mine = this.#pending.slice(segmentsBefore);
    if (mine.length === 0) return;
    for (const id of ids) {
      if (mine.some((pending) => pending.has(id))) throw duplicate(id);
    }
  }

  /** Changes come one after the other. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    const result = this.#writing.then(() => {
      this.#checkOpen();
      return work();
    });
    this.#writing = result.catch(() => {});
    return result;
  }

  #checkOpen(): void {
    if (this.#closed) throw new RankError('CLOSED', `The index ${this.#scope.store.path} was closed. Open it again.`);
  }
}

async function openStore(path: string | undefined, write: boolean): Promise<Store> {
  return path === undefined
    ? Store.open('in memory', { kind: storeKind, write: true, fileSystem: memoryFileSystem() })
    : Store.open(path, { kind: storeKind, write });
}
