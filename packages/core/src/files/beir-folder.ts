import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkOptions } from '../contracts.ts';
import type { Document, Query } from '../document.ts';
import { RankError } from '../error.ts';
import type { Qrels, QrelsInput } from '../qrels.ts';
import { unknownName } from '../validate.ts';
import { readDocumentFile, readQueryFile, writeDocumentFile, writeQueryFile } from './document-files.ts';
import { fileError } from './open-file.ts';
import { readQrels, writeQrels } from './qrels-files.ts';

/**
 * A data set in BEIR's layout (Thakur et al., "BEIR: a heterogeneous benchmark for zero-shot evaluation of information retrieval
 * models", 2021): `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`, each plain or gzip. Nothing is read before it is asked for.
 */
export interface BeirFolder {
  readonly path: string;
  /** The names under `qrels`, "test" before the others. */
  readonly splits: readonly string[];
  /** The documents as they come. */
  documents(options?: WorkOptions): AsyncGenerator<Document>;
  /** The queries of the file; with a split only those that have judgements in it, which is what BEIR evaluates. */
  queries(split?: string): Promise<Query[]>;
  /** The judgements of a split, `test` (or the only one) by default. */
  qrels(split?: string): Promise<Qrels>;
}

/**
 * Opens a BEIR folder.
 *
 * @example
 * const beir = await openBeir('scifact');
 * const queries = await beir.queries('test');
 * for await (const document of beir.documents()) console.log(document.id);
 */
export async function openBeir(path: string): Promise<BeirFolder> {
  const corpus = await present(path, 'corpus.jsonl');
  const queries = await present(path, 'queries.jsonl');
  const names = await readdir(join(path, 'qrels')).catch(() => []);
  const files = new Map<string, string>();
  for (const name of names.sort()) {
    const split = /^(.+)\.tsv(\.gz)?$/.exec(name)?.[1];
    if (split !== undefined) files.set(split, join(path, 'qrels', name));
  }
  const splits = [...files.keys()].sort((a, b) => Number(b === 'test') - Number(a === 'test') || (a < b ? -1 : 1));

  const readSplit = async (split = splits[0]): Promise<Qrels> => {
    if (split === undefined)
      throw new RankError('NOT_FOUND', `${join(path, 'qrels')} has no judgements; expected test.tsv or another split.`, { path });
    const file = files.get(split);
    if (file === undefined) throw unknownName(`${path}: split`, split, splits, 'NOT_FOUND');
    return readQrels(file, { format: 'beir' });
  };
  return {
    path,
    splits,
    documents: (options) => readDocumentFile(corpus, options),
    async queries(split) {
      const all = await readQueryFile(queries);
      if (split === undefined) return all;
      const judged = await readSplit(split);
      return all.filter(({ id }) => judged.has(id));
    },
    qrels: readSplit,
  };
}

async function present(folder: string, name: string): Promise<string> {
  for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
    try {
      await access(path);
      return path;
    } catch {}
  }
  throw new RankError('NOT_FOUND', `${folder} has no ${name} (nor ${name}.gz); expected a folder in BEIR's layout.`, {
    path: folder,
    name,
  });
}

/** Writes a data set in BEIR's layout, judgements by split. */
export async function writeBeir(
  path: string,
  data: {
    readonly documents: Iterable<Document> | AsyncIterable<Document>;
    readonly queries: Iterable<Query>;
    readonly qrels: Readonly<Record<string, QrelsInput>>;
  },
): Promise<void> {
  try {
    await mkdir(join(path, 'qrels'), { recursive: true });
  } catch (error) {
    throw fileError(path, error);
  }
  await writeDocumentFile(join(path, 'corpus.jsonl'), data.documents);
  await writeQueryFile(join(path, 'queries.jsonl'), data.queries);
  for (const [split, qrels] of Object.entries(data.qrels)) await writeQrels(join(path, 'qrels', `${split}.tsv`), qrels, { format: 'beir' });
}
