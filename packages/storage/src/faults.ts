/**
 * A file system that dies on command, for tests of everything that writes: `import { FaultyFileSystem } from '@rank-rank/storage/faults'`.
 */
import { rmSync, truncateSync } from 'node:fs';
import { basename } from 'node:path';
import { RankError } from '@rank-rank/core';
import { type FileSystem, nodeFileSystem, type OutputFile } from './file-system.ts';

/** What is thrown at and after the moment of death. */
export class Crash extends RankError {
  constructor() {
    super('IO', 'The process died here (a fault that a test asked for).');
  }
}

/**
 * Passes everything on to the operating system until `steps` writing steps (write, sync, rename, remove, create) have been
 * taken; then the step under way is cut short, bytes that were never synced are lost, and every later call fails, as if the
 * process and the machine had died. Reopen with a fresh file system to see what is left.
 *
 * @example
 * const count = new FaultyFileSystem(Infinity);  // a run without fault counts the steps
 * for (let steps = 0; steps < count.taken; steps++) await expectLastCommitAfter(new FaultyFileSystem(steps));
 */
export class FaultyFileSystem implements FileSystem {
  readonly #limit: number;
  readonly #failure: (() => RankError) | undefined;
  readonly #lengths = new Map<string, { written: number; synced: number }>();
  readonly #open = new Set<OutputFile>();
  #dead = false;
  /** Steps taken so far. */
  taken = 0;

  /** With `failure`, the system stays alive and only the step at the limit and later ones fail with that error (a full disk). */
  constructor(steps: number, failure?: () => RankError) {
    this.#limit = steps;
    this.#failure = failure;
  }

  async create(path: string): ReturnType<FileSystem['create']> {
    this.#step();
    const file = await nodeFileSystem.create(path);
    this.#open.add(file);
    const length = { written: 0, synced: 0 };
    this.#lengths.set(path, length);
    return {
      write: async (bytes) => {
        // A dying write may leave a part of its bytes.
        if (this.#dying()) {
          await file.write(bytes.subarray(0, bytes.length >> 1));
          length.written += bytes.length >> 1;
        }
        this.#step();
        await file.write(bytes);
        length.written += bytes.length;
      },
      sync: async () => {
        this.#step();
        await file.sync();
        length.synced = length.written;
      },
      close: async () => {
        // What death closed is closed.
        if (this.#open.delete(file)) await file.close();
      },
    };
  }

  async read(path: string): Promise<Uint8Array> {
    this.#checkAlive();
    return nodeFileSystem.read(path);
  }

  map(path: string): Promise<Uint8Array> {
    return this.read(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    await nodeFileSystem.rename(from, to);
    const length = this.#lengths.get(from);
    if (length !== undefined) this.#lengths.set(to, length);
    this.#lengths.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.#step();
    await nodeFileSystem.remove(path);
    this.#lengths.delete(path);
  }

  async list(folder: string): Promise<string[]> {
    this.#checkAlive();
    return nodeFileSystem.list(folder);
  }

  async makeFolder(folder: string): Promise<void> {
    this.#checkAlive();
    await nodeFileSystem.makeFolder(folder);
  }

  async syncFolder(folder: string): Promise<void> {
    this.#step();
    await nodeFileSystem.syncFolder(folder);
  }

  #dying(): boolean {
    return this.taken === this.#limit;
  }

  #step(): void {
    this.#checkAlive();
    if (this.taken >= this.#limit) {
      if (this.#failure !== undefined) throw this.#failure();
      this.#die();
    }
    this.taken++;
  }

  #checkAlive(): void {
    if (this.#dead) throw new Crash();
  }

  #die(): never {
    this.#dead = true;
    for (const file of this.#open) void file.close();
    this.#open.clear();
    for (const [path, { written, synced }] of this.#lengths) {
      // The test goes on in the same process, so the lock of the one that "died" would look alive.
      if (basename(path) === 'LOCK') rmSync(path, { force: true });
      else if (written <= synced) continue;
      // Unsynced bytes may be kept in part; half of them stands for the worst mixture.
      else truncateSync(path, synced + ((written - synced) >> 1));
    }
    throw new Crash();
  }
}
