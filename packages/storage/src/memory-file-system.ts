import { basename, dirname } from 'node:path';
import { RankError } from '@rank-rank/core';
import type { FileSystem } from './file-system.ts';

/**
 * A file system that is a map in memory: a {@link Store} on it is an index that lives as long as its object. Files are read in place.
 *
 * @example
 * const store = await Store.open('anywhere', { kind: 'demo', write: true, fileSystem: memoryFileSystem() });
 */
export function memoryFileSystem(): FileSystem {
  const files = new Map<string, Uint8Array>();
  const found = (path: string): Uint8Array => {
    const file = files.get(path);
    if (file === undefined) throw new RankError('NOT_FOUND', `${path} does not exist in memory.`, { path });
    return file;
  };
  return {
    async create(path) {
      if (files.has(path)) throw new RankError('ALREADY_EXISTS', `${path} exists already in memory.`, { path });
      const chunks: Uint8Array[] = [];
      const gather = (): void => {
        if (chunks.length !== 1) chunks.splice(0, chunks.length, Buffer.concat(chunks));
        files.set(path, chunks[0]!);
      };
      files.set(path, new Uint8Array(0));
      return {
        // The writer uses its buffer again, so the bytes are copied.
        write: async (bytes) => void chunks.push(bytes.slice()),
        sync: async () => gather(),
        close: async () => gather(),
      };
    },
    read: async (path) => found(path),
    map: async (path) => found(path),
    async rename(from, to) {
      files.set(to, found(from));
      files.delete(from);
    },
    async remove(path) {
      found(path);
      files.delete(path);
    },
    list: async (folder) => [...files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
    makeFolder: async () => {},
    syncFolder: async () => {},
  };
}
