import { join, resolve } from 'node:path';
import { checkOptions, isRankError, type OnProgress, RankError, shown, throwIfCancelled } from '@rank-rank/core';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { takeLock, type WriteLock } from './lock.ts';
import { decodeManifest, encodeManifest, type Manifest, manifestName, type ScopeRecord } from './manifest.ts';
import { SectionFile } from './section-file.ts';
import { SectionWriter } from './section-writer.ts';

export interface StoreOptions {
  /** What the folder is; a folder of another kind is refused. */
  readonly kind: string;
  /** Open for writing: takes the folder's lock, and creates the folder if it is not there. */
  readonly write?: boolean;
  /** Stands in for the operating system in tests of failures. */
  readonly fileSystem?: FileSystem;
}

/**
 * A folder that is changed by commits alone.
 *
 * New files are written beside the old ones and made durable; then one file, the manifest, is replaced. A crash at any
 * instant leaves the last commit, and what it had not yet named is removed by the next writer. One writer at a time, in one
 * process; any number of readers, which keep seeing the commit they opened until they ask for a newer one.
 *
 * The folder is divided into scopes, one for each index or document store in it; all staged scopes become visible together.
 *
 * @example
 * const store = await Store.open('notes', { kind: 'demo', write: true });
 * const scope = store.scope('numbers');
 * const writer = await scope.create('run', 'numbers', 1);
 * await writer.write('values', new Float32Array([1, 2, 3]));
 * await writer.finish();
 * scope.stage({ count: 3 }, [writer.name]);
 * await store.commit();
 * await store.close();
 */
export class Store {
  readonly path: string;
  readonly kind: string;
  readonly writable: boolean;
  readonly #fileSystem: FileSystem;
  readonly #lock: WriteLock | undefined;
  readonly #staged = new Map<string, ScopeRecord | undefined>();
  readonly #openWriters = new Set<SectionWriter>();
  readonly #uncommitted = new Set<string>();
  #manifest: Manifest;
  #previousFiles: ReadonlySet<string> = new Set();
  #nextFile: number;
  #closed = false;

  private constructor(path: string, manifest: Manifest, fileSystem: FileSystem, lock: WriteLock | undefined) {
    this.path = path;
    this.kind = manifest.kind;
    this.writable = lock !== undefined;
    this.#manifest = manifest;
    this.#nextFile = manifest.nextFile;
    this.#fileSystem = fileSystem;
    this.#lock = lock;
  }

  static async open(path: string, options: StoreOptions): Promise<Store> {
    checkOptions('Store.open', options, ['kind', 'write', 'fileSystem']);
    const { kind, write = false, fileSystem = nodeFileSystem } = options;
    const folder = resolve(path);
    if (write) await fileSystem.makeFolder(folder);
    const lock = write ? await takeLock(folder, fileSystem) : undefined;
    try {
      const found = await readManifest(folder, fileSystem);
      if (found === undefined && !write)
        throw new RankError(
          'NOT_FOUND',
          `${folder} holds no ${kind}: there is no ${manifestName} in it. Check the path, or build it first.`,
          { path: folder },
        );
      if (found !== undefined && found.kind !== kind) {
        throw new RankError('INVALID_ARGUMENT', `${folder} holds a ${found.kind}; expected a ${kind}. Choose another folder.`, {
          path: folder,
          found: found.kind,
          expected: kind,
        });
      }
      if (found === undefined) await refuseForeignFolder(folder, fileSystem);
      const store = new Store(folder, found ?? { kind, generation: 0, nextFile: 1, scopes: {} }, fileSystem, lock);
      if (write) await store.#removeUnnamed();
      return store;
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  /** Counts commits; 0 before the first. */
  get generation(): number {
    return this.#manifest.generation;
  }

  /** The scopes of the last commit. */
  get scopes(): readonly string[] {
    return Object.keys(this.#manifest.scopes);
  }

  scope(name: string): Scope {
    if (!/^[\w.-]{1,64}$/.test(name))
      throw new RankError('INVALID_ARGUMENT', `Scope name ${shown(name)}; expected 1 to 64 letters, digits, ".", "_" or "-".`);
    return {
      name,
      store: this,
      state: () => this.#manifest.scopes[name]?.state,
      files: () => this.#manifest.scopes[name]?.files ?? [],
      open: (file, kind, newestVersion) => this.#openFile(file, kind, newestVersion),
      create: (label, kind, version) => this.#createFile(label, kind, version),
      stage: (state, files) => this.#stage(name, { state, files: [...files] }),
      unstage: () => this.#stage(name, undefined),
    };
  }

  /** Makes everything that was staged visible at once. Nothing staged: nothing happens. If it fails, the last commit stands. */
  async commit(): Promise<void> {
    this.#checkWritable();
    if (this.#staged.size === 0) return;
    const scopes: Record<string, ScopeRecord> = { ...this.#manifest.scopes };
    for (const [name, record] of this.#staged) {
      if (record === undefined) delete scopes[name];
      else scopes[name] = record;
    }
    const next: Manifest = { kind: this.kind, generation: this.generation + 1, nextFile: this.#nextFile, scopes };
    await this.#writeManifest(next);
    this.#previousFiles = filesOf(this.#manifest);
    this.#manifest = next;
    this.#staged.clear();
    for (const file of filesOf(next)) this.#uncommitted.delete(file);
    await this.#removeUnnamed();
  }

  /** Forgets what was staged and removes the files written since the last commit. */
  async rollback(): Promise<void> {
    this.#checkWritable();
    this.#staged.clear();
    for (const writer of [...this.#openWriters]) await writer.abandon();
    this.#uncommitted.clear();
    await this.#removeUnnamed();
  }

  /** A reader's look at what was committed since; tells whether there is something new. What is open stays as it is. */
  async refresh(): Promise<boolean> {
    this.#checkOpen();
    if (this.writable) return false;
    const found = await readManifest(this.path, this.#fileSystem);
    if (found === undefined || found.generation === this.generation) return false;
    this.#manifest = found;
    return true;
  }

  /** Reads every byte of every file and compares every checksum. Gives the errors instead of throwing them. */
  async verify(
    options: { signal?: AbortSignal; onProgress?: OnProgress } = {},
  ): Promise<{ files: number; bytes: number; damaged: RankError[] }> {
    this.#checkOpen();
    const files = [...filesOf(this.#manifest)];
    const damaged: RankError[] = [];
    let bytes = 0;
    for (const [done, name] of files.entries()) {
      throwIfCancelled(options.signal, 'Verifying');
      try {
        const data = await this.#fileSystem.map(join(this.path, name));
        bytes += data.length;
        SectionFile.inspect(join(this.path, name), data).verify();
      } catch (error) {
        if (!isRankError(error)) throw error;
        damaged.push(error);
      }
      options.onProgress?.({ stage: 'verifying', done: done + 1, total: files.length, unit: 'files' });
    }
    return { files: files.length, bytes, damaged };
  }

  /** Ends writing: what was not committed is removed and the lock released. Files that readers hold stay usable. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.writable) await this.rollback();
    } finally {
      this.#closed = true;
      await this.#lock?.release();
    }
  }

  async #openFile(file: string, kind: string, newestVersion: number): Promise<SectionFile> {
    this.#checkOpen();
    const path = join(this.path, file);
    return new SectionFile(path, await this.#fileSystem.map(path), kind, newestVersion);
  }

  async #createFile(label: string, kind: string, version: number): Promise<SectionWriter> {
    this.#checkWritable();
    if (!/^[\w-]{1,64}$/.test(label))
      throw new RankError('INVALID_ARGUMENT', `File label ${shown(label)}; expected 1 to 64 letters, digits, "_" or "-".`);
    const name = `${label}-${String(this.#nextFile++).padStart(6, '0')}.rank`;
    this.#uncommitted.add(name);
    const writer = await SectionWriter.create(join(this.path, name), name, kind, version, this.#fileSystem, (ended) =>
      this.#openWriters.delete(ended),
    );
    this.#openWriters.add(writer);
    return writer;
  }

  #stage(scope: string, record: ScopeRecord | undefined): void {
    this.#checkWritable();
    this.#staged.set(scope, record);
  }

  async #writeManifest(manifest: Manifest): Promise<void> {
    const path = join(this.path, manifestName);
    const pending = `${path}.pending`;
    await removeIfThere(pending, this.#fileSystem);
    const file = await this.#fileSystem.create(pending);
    try {
      await file.write(encodeManifest(manifest));
      await file.sync();
    } finally {
      await file.close();
    }
    // The new files' names must be durable before the manifest that names them is.
    await this.#fileSystem.syncFolder(this.path);
    await this.#fileSystem.rename(pending, path);
    await this.#fileSystem.syncFolder(this.path);
  }

  /**
   * Removes the files that neither this commit, nor the one before (a reader may be opening it), nor work in progress names.
   * What cannot be removed now (a system that keeps mapped files) is left for the next time.
   */
  async #removeUnnamed(): Promise<void> {
    const named = filesOf(this.#manifest);
    for (const file of await this.#fileSystem.list(this.path)) {
      if (!/^[\w-]+-\d{6,}\.rank$/.test(file) && file !== `${manifestName}.pending`) continue;
      if (named.has(file) || this.#previousFiles.has(file) || this.#uncommitted.has(file)) continue;
      await removeIfThere(join(this.path, file), this.#fileSystem);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new RankError('CLOSED', `${this.path} was closed. Open it again.`, { path: this.path });
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (!this.writable)
      throw new RankError('INVALID_ARGUMENT', `${this.path} is open for reading. Open it with { write: true } to change it.`, {
        path: this.path,
      });
  }
}

/** One part of a store's folder. */
export interface Scope {
  readonly name: string;
  readonly store: Store;
  /** What was staged with the last commit; undefined before the first. */
  state(): unknown;
  /** The files of the last commit. */
  files(): readonly string[];
  /** Opens one of them (or one finished since). A reader that opens all its files at once sees one commit, whole. */
  open(file: string, kind: string, newestVersion: number): Promise<SectionFile>;
  /** Starts a new file, whose name is made from the label. It becomes part of the store when a commit names it. */
  create(label: string, kind: string, version: number): Promise<SectionWriter>;
  /** Says what the next commit holds for this scope: its state (anything JSON can hold) and all its files, kept and new. */
  stage(state: unknown, files: readonly string[]): void;
  /** Removes the scope with the next commit. */
  unstage(): void;
}

async function readManifest(folder: string, fileSystem: FileSystem): Promise<Manifest | undefined> {
  const path = join(folder, manifestName);
  try {
    return decodeManifest(path, await fileSystem.read(path));
  } catch (error) {
    if (isRankError(error) && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** A folder without a manifest is used only if it is empty but for traces of our own, so that nobody's files are mixed with ours. */
async function refuseForeignFolder(folder: string, fileSystem: FileSystem): Promise<void> {
  const foreign = (await fileSystem.list(folder)).filter(
    (file) => !/^(LOCK.*|MANIFEST\.pending|[\w-]+-\d{6,}\.rank|\.DS_Store)$/.test(file),
  );
  if (foreign.length > 0) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${folder} holds other files (${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}) and no ${manifestName}. Choose an empty or a new folder.`,
      { path: folder, foreign },
    );
  }
}

function filesOf(manifest: Manifest): ReadonlySet<string> {
  return new Set(Object.values(manifest.scopes).flatMap((scope) => scope.files));
}

async function removeIfThere(path: string, fileSystem: FileSystem): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch (error) {
    if (!isRankError(error) || (error.code !== 'NOT_FOUND' && error.details['reason'] !== 'EBUSY' && error.details['reason'] !== 'EPERM'))
      throw error;
  }
}
