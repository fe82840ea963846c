import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type ChunkingSpec, Collection, type CollectionOptions, documentsIn, schemaText } from '@rank-rank/pipeline';
import { type Command, Option } from 'commander';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface IndexOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly encoder?: string;
  readonly vectors?: 'dense' | 'tokens' | 'sparse';
  readonly analysis?: string;
  readonly chunk?: string;
  readonly chunkSize?: number;
  readonly idColumn?: string;
  readonly textColumn?: string;
  readonly titleColumn?: string;
  readonly sync?: boolean;
}

export function indexCommand(): Command {
  return command<[string[]], IndexOptions>(
    'index <inputs...>',
    'Put documents into a collection; what is there already and unchanged is left alone, and an interrupted call goes on where it stopped. An input is a file (JSONL, JSON, CSV, TSV, Markdown, HTML, PDF, text; also .gz), a folder of them, or a BEIR folder.',
    'rank index notes/ --collection notes.rank\nrank index products.csv --text-column description --collection products.rank',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection; made where there is none')
        .option('-e, --encoder <name>', 'static (learned from the texts), none, or a model by name or folder')
        .addOption(
          new Option('--vectors <kind>', 'which, of a model that gives several; all of them if not given').choices([
            'dense',
            'tokens',
            'sparse',
          ]),
        )
        .option('-a, --analysis <name>', 'how text becomes terms: english, standard, cjk, code …')
        .option(
          '--chunk <by>',
          'cut documents into passages: tokens, sentences, headings, code, or no (by default headings for Markdown, else no)',
        )
        .option('--chunk-size <words>', 'the most words a passage has (200)', wholeNumber('--chunk-size', 8))
        .option('--id-column <name>', 'the column, or field, that names a document')
        .option('--text-column <name>', 'the one that holds its text')
        .option('--title-column <name>', 'the one that holds its title')
        .option('--sync', 'remove the documents of the collection that the inputs do not have'),
    async (session, [inputs], options) => {
      const started = performance.now();
      const { collection: path, idColumn, textColumn, titleColumn, sync = false } = options;
      const collection = await Collection.open(path, settingsOf(options, inputs, session.note));
      try {
        const work = { signal: session.signal, onProgress: session.progress.report };
        const columns = {
          ...(idColumn && { id: idColumn }),
          ...(textColumn && { text: textColumn }),
          ...(titleColumn && { title: titleColumn }),
        };
        const documents = documentsIn(inputs, {
          signal: session.signal,
          onNote: session.note,
          onSchema: (file, schema) => session.note(`${file}: ${schemaText(schema)}`),
          ...(Object.keys(columns).length > 0 && { columns }),
        });
        const kept = new Set<string>();
        const counts = await collection.add(sync ? noting(documents, kept) : documents, work);
        let removed = 0;
        if (sync) {
          await collection.commit(work);
          const gone: string[] = [];
          for (const { id } of collection.documents()) if (!kept.has(id)) gone.push(id);
          removed = await collection.remove(gone);
        }
        await collection.commit(work);
        const seconds = (performance.now() - started) / 1000;
        const { added, updated } = counts;
        const result = { documents: collection.size, added, updated, removed, seconds, bytes: bytesIn(path) };
        session.print(result, () => {
          const changes = [`${added} added`, `${updated} updated`, ...(removed > 0 ? [`${removed} removed`] : [])].join(', ');
          return `${result.documents} documents (${changes}) in ${figure(seconds)} s, ${figure(result.bytes / 1e6)} MB in ${path}`;
        });
      } finally {
        await collection.close();
      }
    },
  );
}

/** How the collection is opened. A new one of Markdown is cut at its headings unless the caller says otherwise. */
function settingsOf(
  { collection, encoder, vectors, analysis, chunk, chunkSize }: IndexOptions,
  inputs: readonly string[],
  note: (text: string) => void,
): CollectionOptions {
  const isNew = !existsSync(collection) || readdirSync(collection).length === 0;
  let by = chunk;
  if (by === undefined && isNew && mostlyMarkdown(inputs)) {
    by = 'headings';
    note('Markdown is cut at its headings into passages; a document has the score of its best one. --chunk no leaves it whole.');
  }
  const chunking =
    by === undefined || by === 'no' ? undefined : { by: by as ChunkingSpec['by'], ...(chunkSize !== undefined && { size: chunkSize }) };
  return {
    write: true,
    ...(encoder && { encoder }),
    ...(vectors && { model: { output: vectors } }),
    ...(analysis && { analysis }),
    ...(chunking && { chunking }),
  };
}

function mostlyMarkdown(inputs: readonly string[]): boolean {
  let markdown = 0;
  let others = 0;
  for (const input of inputs) {
    const isFolder = statSync(input, { throwIfNoEntry: false })?.isDirectory() ?? false;
    for (const name of isFolder ? readdirSync(input, { recursive: true, encoding: 'utf8' }) : [input]) {
      const extension = extname(name).toLowerCase();
      if (/^\.(md|markdown|mdx)$/.test(extension)) markdown++;
      else if (/^\.(jsonl|csv|tsv|json|txt|html?|pdf)$/.test(extension)) others++;
    }
  }
  return markdown > others;
}

async function* noting<T extends { readonly id: string }>(documents: AsyncIterable<T>, ids: Set<string>): AsyncGenerator<T> {
  for await (const document of documents) {
    ids.add(document.id);
    yield document;
  }
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
