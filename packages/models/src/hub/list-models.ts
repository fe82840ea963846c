import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel } from '../configuration/describe-model.ts';
import type { ModelKind } from '../configuration/description.ts';
import { cachedModels, repositoryCache, snapshotFiles, snapshotPath } from './hub-cache.ts';
import { type HubOptions, hubSettings } from './hub-options.ts';
import { licenceOf } from './licence.ts';

/** A model that is in the cache. */
export interface ListedModel {
  readonly name: string;
  readonly commit: string;
  /** The branches and tags that were last known to be this commit. */
  readonly revisions: readonly string[];
  /** What it is; undefined where its folder is incomplete. */
  readonly kind: ModelKind | undefined;
  readonly licence: string | undefined;
  readonly bytes: number;
  readonly files: number;
  readonly folder: string;
}

/** What the cache holds, whoever put it there: what `rank model list` prints. */
export async function listModels(options: HubOptions = {}): Promise<ListedModel[]> {
  const { cache } = hubSettings(options);
  const models: ListedModel[] = [];
  for (const name of await cachedModels(cache)) {
    const repository = repositoryCache(cache, name);
    const snapshots = join(repository.folder, 'snapshots');
    for (const commit of existsSync(snapshots) ? readdirSync(snapshots).sort() : []) {
      const folder = snapshotPath(repository, commit);
      const files = await snapshotFiles(repository, commit);
      models.push({
        name,
        commit,
        revisions: refsAt(repository.folder, commit),
        kind: await describeModel(folder).then(
          (description) => description.kind,
          () => undefined,
        ),
        licence: await licenceOf(folder),
        bytes: files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
        files: files.length,
        folder,
      });
    }
  }
  return models;
}

function refsAt(folder: string, commit: string): string[] {
  const refs = join(folder, 'refs');
  if (!existsSync(refs)) return [];
  return readdirSync(refs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name), 'utf8').trim() === commit)
    .map((entry) => join(entry.parentPath, entry.name).slice(refs.length + 1))
    .sort();
}
