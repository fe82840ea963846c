import { RankError } from '@rank-rank/core';
import { memoryFileSystem, type Scope, Store } from '@rank-rank/storage';
import type { SegmentedState } from './segmented-index.ts';

/** Works on the scope of a folder, of a store in memory (`where` undefined), or on the one given. What it opened it closes if the work fails. */
export async function inStore<T>(
  where: string | Scope | undefined,
  kind: string,
  write: boolean,
  work: (scope: Scope, ownsStore: boolean) => Promise<T>,
): Promise<T> {
  if (typeof where === 'object') return work(where, false);
  const store =
    where === undefined
      ? await Store.open('in memory', { kind, write: true, fileSystem: memoryFileSystem() })
      : await Store.open(where, { kind, write });
  try {
    return await work(store.scope(kind), true);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Refuses a scope that holds an index already. */
export function refuseExisting(scope: Scope, index: string): void {
  if (scope.state() === undefined) return;
  throw new RankError(
    'ALREADY_EXISTS',
    `${scope.store.path} holds an index already (scope "${scope.name}"). Open it with ${index}.open, or choose another folder.`,
    { path: scope.store.path },
  );
}

/** How the index in a scope was made; refuses an empty scope and a newer version. */
export function aboutOf<A extends { readonly version: number }>(scope: Scope, newestVersion: number): A {
  const { path } = scope.store;
  const about = (scope.state() as SegmentedState | undefined)?.about as A | undefined;
  if (about === undefined) {
    throw new RankError('NOT_FOUND', `${path} holds no index (scope "${scope.name}"). Check the path, or build it first.`, { path });
  }
  if (about.version > newestVersion) {
    throw new RankError('UNSUPPORTED_VERSION', `${path} was written by a newer version of rank-rank. Update rank-rank.`, { path });
  }
  return about;
}

/** Writes the last commit of an index to a new folder. */
export async function saveTo(path: string, kind: string, index: string, copy: (scope: Scope) => Promise<void>): Promise<void> {
  const store = await Store.open(path, { kind, write: true });
  try {
    const scope = store.scope(kind);
    refuseExisting(scope, index);
    await copy(scope);
    await store.commit();
  } finally {
    await store.close();
  }
}
