import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The licence that a model's card names at its head, such as `apache-2.0`; undefined where there is no card or it is silent. */
export async function licenceOf(folder: string): Promise<string | undefined> {
  const card = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '');
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  return head === undefined ? undefined : /^license:\s*["']?([^\s"'#]+)/m.exec(head)?.[1];
}
