import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { openSafetensors, openTorchCheckpoint, type TensorSource } from '@rank-rank/storage/tensors';
import { openSharded } from './sharded.ts';

/** Where a model folder keeps its weights, the preferred layout first. */
const layouts: readonly (readonly [file: string, open: (path: string) => Promise<TensorSource>])[] = [
  ['model.safetensors', openSafetensors],
  ['model.safetensors.index.json', (path) => openSharded(path, openSafetensors)],
  ['pytorch_model.bin', openTorchCheckpoint],
  ['pytorch_model.bin.index.json', (path) => openSharded(path, openTorchCheckpoint)],
];

/** The file a model folder's weights would be read from, or undefined where it has none. */
export function weightsFile(folder: string): string | undefined {
  return layouts.map(([file]) => join(folder, file)).find((path) => existsSync(path));
}

/**
 * Opens the weights of a model folder: `model.safetensors`, its shards, or a PyTorch checkpoint. Only directories are read; a tensor's
 * bytes come with {@link TensorSource.read}.
 */
export async function openWeights(folder: string): Promise<TensorSource> {
  for (const [file, open] of layouts) {
    const path = join(folder, file);
    if (existsSync(path)) return open(path);
  }
  throw new RankError('NOT_FOUND', `${folder} has no weights: expected ${layouts.map(([file]) => file).join(', or ')}.`, { folder });
}

/** Opens one file of weights by the kind its name says. */
export function openWeightsFile(path: string): Promise<TensorSource> {
  return path.endsWith('.safetensors') ? openSafetensors(path) : openTorchCheckpoint(path);
}
