import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRankError, RankError, throttleProgress } from '@rank-rank/core';
import { readJson } from '../configuration/read-json.ts';
import { encoders } from '../export/architectures.ts';
import type { Precision } from '../graph/choose-graph.ts';
import { type ChosenFile, configurationFiles, modelFiles } from './choose-files.ts';
import { downloadFile } from './download-file.ts';
import {
  cachedCommit,
  linkIntoSnapshot,
  type RepositoryCache,
  repositoryCache,
  snapshotFiles,
  snapshotPath,
  writeRef,
} from './hub-cache.ts';
import { type HubOptions, type HubSettings, hubSettings } from './hub-options.ts';
import { licenceOf } from './licence.ts';
import { type ModelReference, parseReference } from './model-reference.ts';
import { type HubFile, type Repository, readRepository } from './repository.ts';

/** A model that is on this machine. */
export interface PulledModel {
  readonly name: string;
  readonly revision: string;
  readonly commit: string;
  /** Where its files are. */
  readonly folder: string;
  /** As the model's card names it. */
  readonly licence: string | undefined;
  readonly files: readonly { readonly path: string; readonly size: number; readonly why: string }[];
  /** Bytes that were fetched now; the rest was here. */
  readonly fetched: number;
}

export interface PullOptions extends HubOptions {
  readonly precision?: Precision;
  /** Fetches the weights even where there is a graph: to export or to look into them. */
  readonly weights?: boolean;
}

/**
 * Fetches what a model needs to run, and nothing else, into the cache that Python's huggingface_hub uses too. What is there is not
 * fetched again, and an interrupted download goes on where it ended.
 *
 * @example
 * const { folder, licence } = await pullModel('sentence-transformers/all-MiniLM-L6-v2', { precision: 'int8' });
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<PulledModel> {
  const { precision, weights = false, ...hub } = options;
  const settings = hubSettings(hub);
  const reference = parseReference(model);
  if ('folder' in reference)
    throw new RankError('INVALID_ARGUMENT', `${model} is a folder here; there is nothing to fetch.`, { folder: reference.folder });
  const cache = repositoryCache(settings.cache, reference.name);
  if (settings.offline) return cached(reference, cache, 'The hub is not asked (offline)');
  let repository: Repository;
  try {
    repository = await readRepository(reference, settings);
  } catch (error) {
    // Without a network what is here still serves; a refusal of the hub is a refusal.
    if (
      isRankError(error) &&
      (error.details['unreachable'] === true || error.code === 'TIMEOUT') &&
      cachedCommit(cache, reference.revision) !== undefined
    ) {
      return cached(reference, cache, error.message);
    }
    throw error;
  }
  return fetchModel(reference, repository, cache, settings, precision, weights);
}

async function fetchModel(
  { name, revision }: ModelReference,
  repository: Repository,
  cache: RepositoryCache,
  settings: HubSettings,
  precision: Precision | undefined,
  weights: boolean,
): Promise<PulledModel> {
  const { commit, files, licence } = repository;
  const folder = snapshotPath(cache, commit);
  const small = configurationFiles(files);
  if (!small.some(({ path }) => path === 'config.json' || path === 'tokenizer.json' || path === 'modules.json')) {
    throw new RankError('UNSUPPORTED', `${name} has no config.json and no tokenizer.json: it is no model of text that runs here.`, {
      name,
    });
  }
  const progress = throttleProgress(settings.onProgress);
  let total = small.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  let fetched = 0;
  const fetchAll = async (list: readonly ChosenFile[]): Promise<void> => {
    for (const file of list) {
      const before = done;
      if (!isHere(folder, file)) {
        let first: number | undefined;
        await downloadFile(repository, file, cache, settings, (bytes) => {
          first ??= bytes;
          progress({ stage: `fetching ${file.path}`, done: before + bytes, total, unit: 'bytes' });
        });
        if (first !== undefined) fetched += file.size;
        await linkIntoSnapshot(cache, commit, file.path, file.etag);
      }
      done = before + file.size;
      progress({ stage: `fetching ${file.path}`, done, total, unit: 'bytes' });
    }
  };
  await fetchAll(small);
  const needs = await needsOf(folder, files);
  const large = modelFiles(name, files, { ...(precision && { precision }), ...needs, needsWeights: needs.needsWeights || weights });
  total += large.reduce((sum, { size }) => sum + size, 0);
  await fetchAll(large);
  await writeRef(cache, revision, commit);
  return {
    name,
    revision,
    commit,
    folder,
    licence,
    fetched,
    files: [...small, ...large].map(({ path, size, why }) => ({ path, size, why })),
  };
}

function isHere(folder: string, { path }: HubFile): boolean {
  return existsSync(join(folder, path));
}

/** What the configuration says of the files that are needed. */
async function needsOf(folder: string, files: readonly HubFile[]): Promise<{ exportable: boolean; needsWeights: boolean }> {
  const config = await readJson<{ model_type?: string; architectures?: string[] }>(folder, 'config.json');
  const has = (name: string): boolean => files.some(({ path }) => path === name);
  const stanford = config?.architectures?.includes('HF_ColBERT') === true || has('artifact.metadata');
  const modules = await readJson<{ type: string }[]>(folder, 'modules.json');
  const table = config?.model_type === 'model2vec' || modules?.some(({ type }) => type.endsWith('StaticEmbedding')) === true;
  return {
    // A table of vectors is its weights; there is nothing to export.
    exportable: table || Object.hasOwn(encoders, config?.model_type ?? ''),
    // The projection of Stanford's layout lies among the weights, and usual exports leave it out.
    needsWeights: table || (stanford && !has('onnx_config.json') && !has('vespa_colbert.onnx')),
  };
}

async function cached({ name, revision }: ModelReference, cache: RepositoryCache, why: string): Promise<PulledModel> {
  const commit = cachedCommit(cache, revision);
  if (commit === undefined) {
    throw new RankError(
      'NOT_FOUND',
      `${name}@${revision} is not in the cache (${cache.folder}), and cannot be fetched: ${why} Fetch it once with a network: \`rank model pull ${name}\`.`,
      { name, revision, cache: cache.folder },
    );
  }
  const files = await snapshotFiles(cache, commit);
  return {
    name,
    revision,
    commit,
    folder: snapshotPath(cache, commit),
    licence: await licenceOf(snapshotPath(cache, commit)),
    fetched: 0,
    files: files.map((path) => ({ path, size: statSync(join(snapshotPath(cache, commit), path)).size, why: 'in the cache' })),
  };
}

/** The folder of a model: a path as it is, a name by way of the hub. */
export async function resolveModel(model: string, options: PullOptions = {}): Promise<{ folder: string; id: string }> {
  const reference = parseReference(model);
  if ('folder' in reference) return { folder: reference.folder, id: reference.folder };
  const { folder, name, commit } = await pullModel(model, options);
  return { folder, id: `${name}@${commit}` };
}
