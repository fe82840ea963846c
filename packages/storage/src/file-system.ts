import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { RankError } from '@rank-rank/core';

/** A file being written, from its start to its end. */
export interface OutputFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Until this has returned, what was written may be lost. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the storage asks of the operating system, so that tests can stand in its place and fail at any step.
 * Every method throws a `RankError` (`IO`, `NOT_FOUND`, `ALREADY_EXISTS`) that names the path.
 */
export interface FileSystem {
  /** Creates a file that must not exist. */
  create(path: string): Promise<OutputFile>;
  read(path: string): Promise<Uint8Array>;
  /** A file that will not change any more, used in place where the system can. */
  map(path: string): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  makeFolder(folder: string): Promise<void>;
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>;
}

/** The operating system's files. */
export const nodeFileSystem: FileSystem = {
  async create(path) {
    const handle = await guarded(path, 'create', () => open(path, 'wx'));
    return {
      write: (bytes) => guarded(path, 'write', () => writeAll(handle, bytes)),
      sync: () => guarded(path, 'sync', () => handle.sync()),
      close: () => guarded(path, 'close', () => handle.close()),
    };
  },
  read: (path) => guarded(path, 'read', () => readFile(path)),
  // The mapping reports its own trouble; a file that is not there is told as everywhere else.
  async map(path) {
    await guarded(path, 'read', () => access(path));
    // Loaded here: those who only read tensors or count checksums start without the kernels.
    const { mapFile } = await import('@rank-rank/kernels');
    return new Uint8Array(mapFile(path));
  },
  rename: (from, to) => guarded(from, 'rename', () => rename(from, to)),
  remove: (path) => guarded(path, 'remove', () => unlink(path)),
  list: (folder) => guarded(folder, 'list', () => readdir(folder)),
  async makeFolder(folder) {
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined) await guarded(folder, 'create', () => mkdir(folder, { recursive: true }));
    else if (!found.isDirectory())
      throw new RankError('IO', `${folder} is a file; expected a folder. Choose another path.`, { path: folder });
  },
  async syncFolder(folder) {
    // Windows cannot open a folder; its renames are durable through the journal.
    if (process.platform === 'win32') return;
    await guarded(folder, 'sync', async () => {
      const handle = await open(folder, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  },
};

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  // One call writes at most 2 GiB on Linux.
  while (at < bytes.length) at += (await handle.write(bytes, at, Math.min(bytes.length - at, 1 << 30))).bytesWritten;
}

async function guarded<T>(path: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(path, action, error);
  }
}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. Free some space and run it again; the last commit is intact.',
  EDQUOT: 'The disk quota is used up. Free some space and run it again; the last commit is intact.',
  EROFS: 'The file system is read-only. Choose a folder that can be written.',
  EACCES: 'Permission is missing. Change the permissions or choose another folder.',
  EPERM: 'Permission is missing. Change the permissions or choose another folder.',
  EMFILE: 'Too many files are open. Close some indexes or raise the limit (ulimit -n).',
};

/** The operating system's refusal as a `RankError` that names the path and says what to do. */
export function fileError(path: string, action: string, error: unknown): RankError {
  const { code } = error as NodeJS.ErrnoException;
  const details = { path, action, reason: code };
  if (code === 'ENOENT') return new RankError('NOT_FOUND', `${path} does not exist.`, details, { cause: error });
  if (code === 'EEXIST') return new RankError('ALREADY_EXISTS', `${path} exists already.`, details, { cause: error });
  if (code === 'ENOTDIR')
    return new RankError('IO', `${path} lies in something that is no folder. Choose another path.`, details, { cause: error });
  const remedy = remedies[code ?? ''] ?? String((error as Error).message ?? error);
  return new RankError('IO', `Could not ${action} ${path}. ${remedy}`, details, { cause: error });
}
