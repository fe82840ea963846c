import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnProgress } from '@rank-rank/core';
import { type ExportOptions, exportOnnx } from '../export/index.ts';
import { cacheFolder } from './cache-folder.ts';

/** What an export has to know beside the folder. */
export type ExportSettings = Pick<ExportOptions, 'pooling' | 'answers'>;

/**
 * The graph of a folder that has weights and no ONNX file: exported once, and kept in the cache under what the folder's files are, so
 * that changed weights are exported again.
 */
export async function exportedGraph(
  folder: string,
  settings: ExportSettings,
  options: { signal?: AbortSignal; onProgress?: OnProgress } = {},
): Promise<string> {
  const place = join(cacheFolder(), 'exports', await fingerprint(folder, settings));
  const graph = join(place, 'onnx', 'model.onnx');
  if (existsSync(graph)) return graph;
  await mkdir(join(cacheFolder(), 'exports'), { recursive: true });
  // Written beside and renamed: whoever finds the folder finds all of it, and of two that export at once one's work is used.
  const draft = await mkdtemp(`${place}.`);
  try {
    await exportOnnx(folder, draft, { ...settings, ...options });
    await rename(draft, place).catch((error: unknown) => {
      if (!existsSync(graph)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return graph;
}

/** A name for the state of a folder: its real path, and the names, sizes and times of what the graph is made of. */
async function fingerprint(folder: string, settings: ExportSettings): Promise<string> {
  const hash = createHash('sha256').update(`format 1\n${realpathSync(folder)}\n${JSON.stringify(settings)}\n`);
  const names = await readdir(folder, { recursive: true });
  for (const name of names.sort()) {
    if (!/\.(json|safetensors|bin|pt|metadata)$/.test(name)) continue;
    // Cached downloads are links to files that never change.
    const path = realpathSync(join(folder, name));
    const { size, mtimeMs } = statSync(path);
    hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}
