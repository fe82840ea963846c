import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RankError, shown, unknownName } from '@rank-rank/core';
import type { TensorInfo, TensorSource } from '@rank-rank/storage/tensors';

/**
 * Opens the shards that an index names: `{ "weight_map": { tensor: file } }`, as `model.safetensors.index.json` and
 * `pytorch_model.bin.index.json` are written. Each tensor comes from the shard the index gives it.
 */
export async function openSharded(indexPath: string, openShard: (path: string) => Promise<TensorSource>): Promise<TensorSource> {
  const corrupt = (reason: string): RankError =>
    new RankError('CORRUPT', `${indexPath} is not an index of shards: ${reason}.`, { file: indexPath });
  let index: { weight_map?: unknown };
  try {
    index = JSON.parse(await readFile(indexPath, 'utf8'));
  } catch (cause) {
    throw corrupt((cause as Error).message);
  }
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw corrupt(`its weight_map is ${shown(map)}`);

  const shards = new Map<string, TensorSource>();
  const close = async (): Promise<void> => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    const tensors = new Map<string, TensorInfo>();
    const homes = new Map<string, TensorSource>();
    for (const [name, file] of Object.entries(map)) {
      if (typeof file !== 'string' || file === '' || /[\\/]/.test(file)) {
        throw corrupt(`it places tensor ${shown(name)} in ${shown(file)}; expected a file name in the same folder`);
      }
      const path = join(dirname(indexPath), file);
      if (!shards.has(file)) shards.set(file, await openShard(path));
      const shard = shards.get(file)!;
      const info = shard.tensors.get(name);
      if (info === undefined) {
        throw new RankError(
          'CORRUPT',
          `${path} has no tensor ${shown(name)}, which ${indexPath} places there. Shard and index are of different versions; fetch both again.`,
          {
            file: path,
            tensor: name,
          },
        );
      }
      tensors.set(name, info);
      homes.set(name, shard);
    }
    return {
      files: [indexPath, ...[...shards.keys()].map((file) => join(dirname(indexPath), file))],
      tensors,
      metadata: {},
      read(name) {
        const home = homes.get(name);
        if (home === undefined) throw unknownName(`${indexPath}: tensor`, name, [...tensors.keys()], 'NOT_FOUND');
        return home.read(name);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
