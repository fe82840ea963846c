import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * The layout that Python's huggingface_hub keeps, so that neither fetches what the other has:
 *
 * | path | what |
 * | --- | --- |
 * | `models--owner--name/refs/REVISION` | the commit that a branch or tag was at when it was last asked for |
 * | `models--owner--name/blobs/ETAG` | a file's content, under its checksum; `ETAG.incomplete` while it is fetched |
 * | `models--owner--name/snapshots/COMMIT/PATH` | a link to the blob |
 */
export interface RepositoryCache {
  readonly folder: string;
}

export function repositoryCache(cache: string, name: string): RepositoryCache {
  return { folder: join(cache, `models--${name.replaceAll('/', '--')}`) };
}

export function blobPath({ folder }: RepositoryCache, etag: string): string {
  return join(folder, 'blobs', etag);
}

export function snapshotPath({ folder }: RepositoryCache, commit: string): string {
  return join(folder, 'snapshots', commit);
}

/** The commit that a revision was last known to be, if a snapshot of it is here. */
export function cachedCommit(cache: RepositoryCache, revision: string): string | undefined {
  const ref = join(cache.folder, 'refs', revision);
  const commit = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : revision;
  return existsSync(snapshotPath(cache, commit)) ? commit : undefined;
}

export async function writeRef(cache: RepositoryCache, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const ref = join(cache.folder, 'refs', revision);
  if (existsSync(ref) && readFileSync(ref, 'utf8') === commit) return;
  await mkdir(dirname(ref), { recursive: true });
  const draft = `${ref}.${process.pid}.tmp`;
  await writeFile(draft, commit);
  await rename(draft, ref);
}

/** Puts a blob where its path in the snapshot leads to it: a link, or a copy where links are not allowed. */
export async function linkIntoSnapshot(cache: RepositoryCache, commit: string, path: string, etag: string): Promise<void> {
  const place = join(snapshotPath(cache, commit), path);
  if (existsSync(place)) return;
  await mkdir(dirname(place), { recursive: true });
  const blob = blobPath(cache, etag);
  // A dangling link would be in the way.
  await rm(place, { force: true });
  await symlink(relative(dirname(place), blob), place).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return;
    await copyFile(blob, place);
  });
}

/** Every file of a snapshot that is there, by its path within. */
export async function snapshotFiles(cache: RepositoryCache, commit: string): Promise<string[]> {
  const folder = snapshotPath(cache, commit);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory() && existsSync(join(entry.parentPath, entry.name)))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** The names of the models in a cache. */
export async function cachedModels(cache: string): Promise<string[]> {
  const entries = await readdir(cache).catch(() => [] as string[]);
  return entries
    .filter((entry) => entry.startsWith('models--'))
    .map((entry) => entry.slice('models--'.length).replace('--', '/'))
    .sort();
}
