import type { FileSystem } from './file-system.ts';

/** The bytes of a file, where they can be used in place. */
export async function mapBytes(path: string, fileSystem: FileSystem): Promise<Uint8Array> {
  return fileSystem.read(path);
}
