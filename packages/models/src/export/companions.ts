import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The files of a model folder that a runner needs beside the graph. */
const companions = /\.(json|txt|model|metadata|jinja)$|^(LICENSE|README)/;

/** Copies configuration, tokenizer and licence, with the modules' own folders; weights and indexes of weights stay. */
export async function copyCompanions(from: string, to: string, depth = 0): Promise<string[]> {
  if (resolve(from) === resolve(to)) return [];
  const copied: string[] = [];
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory() && depth === 0 && /^(\d+_|document_|query_)/.test(entry.name)) {
      copied.push(...(await copyCompanions(join(from, entry.name), join(to, entry.name), depth + 1)));
    } else if (entry.isFile() && companions.test(entry.name) && !entry.name.endsWith('.index.json')) {
      await copyFile(join(from, entry.name), join(to, entry.name));
      copied.push(join(to, entry.name));
    }
  }
  return copied;
}
