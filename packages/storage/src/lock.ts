import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRankError, RankError } from '@rank-rank/core';
import type { FileSystem } from './file-system.ts';

const lockName = 'LOCK';

/** Who writes to a folder, as its LOCK file says. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the kernel's clock ticks: a process id may be used again, this pair is not. Absent where it cannot be read. */
  readonly started?: string;
  readonly since: string;
  readonly token: string;
}

/** The right to write to a folder, held by one process at a time. */
export interface WriteLock {
  release(): Promise<void>;
}

/**
 * Takes the write lock of a folder: a LOCK file that only one process can create. One that a dead process of this machine
 * left is taken over.
 */
export async function takeLock(folder: string, fileSystem: FileSystem): Promise<WriteLock> {
  const path = join(folder, lockName);
  const started = startOf(process.pid);
  const mine: LockOwner = {
    pid: process.pid,
    host: hostname(),
    ...(started && { started }),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
  for (let attempt = 0; ; attempt++) {
    try {
      await writeOwner(path, mine, fileSystem);
      return { release: () => release(path, mine, fileSystem) };
    } catch (error) {
      if (!isRankError(error) || error.code !== 'ALREADY_EXISTS') throw error;
    }
    const owner = await readOwner(path, fileSystem);
    if (owner === 'gone') continue;
    if (attempt >= 3 || owner === undefined || !isDead(owner)) throw lockedBy(folder, path, owner);
    await removeStale(path, owner, fileSystem);
  }
}

async function writeOwner(path: string, owner: LockOwner, fileSystem: FileSystem): Promise<void> {
  const file = await fileSystem.create(path);
  try {
    await file.write(new TextEncoder().encode(JSON.stringify(owner)));
  } finally {
    await file.close();
  }
}

/** The owner; `gone` if the file vanished meanwhile; undefined if it cannot be read (its owner is writing it, or died doing so). */
async function readOwner(path: string, fileSystem: FileSystem): Promise<LockOwner | 'gone' | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      return JSON.parse(new TextDecoder().decode(await fileSystem.read(path))) as LockOwner;
    } catch (error) {
      if (isRankError(error) && error.code === 'NOT_FOUND') return 'gone';
      if (isRankError(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

/**
 * Removing by name could remove a lock that another process took after we looked. So the file is first moved aside, read
 * again, and put back if it is not the one that was found stale.
 */
async function removeStale(path: string, stale: LockOwner, fileSystem: FileSystem): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await fileSystem.rename(path, aside);
  } catch (error) {
    if (isRankError(error) && error.code === 'NOT_FOUND') return;
    throw error;
  }
  const moved = await readOwner(aside, fileSystem);
  if (typeof moved === 'object' && moved.token !== stale.token) await fileSystem.rename(aside, path);
  else await fileSystem.remove(aside);
}

async function release(path: string, mine: LockOwner, fileSystem: FileSystem): Promise<void> {
  const owner = await readOwner(path, fileSystem);
  if (typeof owner === 'object' && owner.token === mine.token) await fileSystem.remove(path);
}

/** Whether the owner is known to run no more. On another machine nothing is known. */
function isDead(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const started = startOf(owner.pid);
  return owner.started !== undefined && started !== undefined && started !== owner.started;
}

/** Field 22 of /proc/PID/stat; undefined on systems without it. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function lockedBy(folder: string, path: string, owner: LockOwner | undefined): RankError {
  const who =
    owner === undefined
      ? 'a process that left no name'
      : owner.token !== undefined && owner.pid === process.pid && owner.host === hostname()
        ? 'this process already'
        : `process ${owner.pid} on ${owner.host}, since ${owner.since}`;
  const remedy = owner?.host === hostname() ? 'Wait for it to end, or close it there.' : `If it runs no more, remove ${path}.`;
  return new RankError(
    'LOCKED',
    `${folder} is being written by ${who}. There is one writer at a time. ${remedy} Reading is possible meanwhile.`,
    { folder, owner },
  );
}
