import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@rank-rank/core';
import { type PseudoTask, wordsOf } from './pseudo-queries.ts';

/** A text, and what its author said of it in one sentence, which is taken out of the text. */
interface Summarised {
  readonly summary: string;
  readonly text: string;
}

/**
 * Tasks of which no weight was chosen and no figure looked at before: the sentence that its author put above a text is the query, the text below it
 * what is to be found. Doc comments of Node's declarations, and packages by their descriptions; both come with the workspace's own dependencies.
 */
export function summaryTasks(modules: string, most: number): PseudoTask[] {
  return [
    summaryTask('comments', [...comments(join(modules, '@types/node'))], most),
    summaryTask('packages', [...packages(modules)], most),
  ];
}

function summaryTask(name: string, found: readonly Summarised[], most: number, seed = 7): PseudoTask {
  const known = new Set<string>();
  const kept = found.filter(({ summary, text }) => {
    const words = wordsOf(summary).length;
    if (words < 4 || words > 25 || wordsOf(text).length < 20) return false;
    // Overloads repeat their comments, and a query of several answers is none.
    if (known.has(summary.toLowerCase()) || known.has(text)) return false;
    known.add(summary.toLowerCase()).add(text);
    return true;
  });
  const documents = kept.map(({ text }, i) => ({ id: String(i), text }));
  const order = new Random(seed).shuffle(Array.from(kept, (_, i) => i));
  const queries = order.slice(0, most).map((i) => ({ id: String(i), text: kept[i]!.summary }));
  const qrels = Object.fromEntries(queries.map(({ id }) => [id, { [id]: 1 }]));
  return { name, collection: name, documents, queries, qrels };
}

function* comments(folder: string): Generator<Summarised> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.d.ts')) continue;
    for (const [, inner] of readFileSync(join(folder, name), 'utf8').matchAll(/\/\*\*(.*?)\*\//gs)) {
      const [prose = ''] = inner!.replace(/^\s*\* ?/gm, '').split(/^@/m);
      const sentence = /^(.+?\.)\s+(?=[A-Z`])(.*)$/s.exec(prose.trim());
      if (sentence !== null) yield { summary: oneLine(sentence[1]!), text: sentence[2]!.trim() };
    }
  }
}

function* packages(modules: string): Generator<Summarised> {
  const installed = readdirSync(modules, { withFileTypes: true }).filter(isForeign);
  for (const name of installed.map((entry) => entry.name).sort()) {
    const folders = name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => join(name, inner)) : [name];
    for (const folder of folders) {
      const files = readdirSync(join(modules, folder));
      const readme = files.find((file) => file.toLowerCase() === 'readme.md');
      if (readme === undefined || !files.includes('package.json')) continue;
      const { description } = JSON.parse(readFileSync(join(modules, folder, 'package.json'), 'utf8')) as { description?: string };
      if (description === undefined) continue;
      yield { summary: oneLine(description), text: withoutLinesLike(description, readFileSync(join(modules, folder, readme), 'utf8')) };
    }
  }
}

/** Neither the package manager's own nor a link to a package of this workspace. */
function isForeign(entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== '@rank-rank';
}

/** Most READMEs begin with the description, or a part of it. */
function withoutLinesLike(description: string, text: string): string {
  const plain = plainWords(description);
  const said = (line: string): boolean => line !== '' && (plain.includes(line) || line.includes(plain));
  return text
    .split('\n')
    .filter((line) => !said(plainWords(line)))
    .join('\n')
    .replace(/https?:\S+/g, '');
}

function plainWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
