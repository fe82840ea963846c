import { readdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, RankError } from '@rank-rank/core';
import { openBeir, readDocumentFile } from '@rank-rank/core/files';
import { Collection } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';

interface IndexOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly encoder?: 'static' | 'none';
  readonly analysis?: string;
}

export function indexCommand(): Command {
  return command<[string[]], IndexOptions>(
    'index <inputs...>',
    'Put documents into a collection; what is there already and unchanged is left alone. An input is a JSONL file or a BEIR folder.',
    'rank index corpus.jsonl --collection notes.rank',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection; made where there is none')
        .option('-e, --encoder <name>', 'static (learned from the texts) or none')
        .option('-a, --analysis <name>', 'how text becomes terms: english, standard, cjk, code …'),
    async (session, [inputs], { collection: path, encoder, analysis }) => {
      const started = performance.now();
      const collection = await Collection.open(path, { write: true, ...(encoder && { encoder }), ...(analysis && { analysis }) });
      try {
        const counts = { added: 0, updated: 0 };
        const work = { signal: session.signal, onProgress: session.progress.report };
        for (const input of inputs) {
          const { added, updated } = await collection.add(await documentsOf(input), work);
          counts.added += added;
          counts.updated += updated;
        }
        await collection.commit(work);
        const seconds = (performance.now() - started) / 1000;
        const result = { documents: collection.size, ...counts, removed: 0, seconds, bytes: bytesIn(path) };
        session.print(
          result,
          () =>
            `${result.documents} documents (${counts.added} added, ${counts.updated} updated) in ${figure(seconds)} s, ${figure(result.bytes / 1e6)} MB in ${path}`,
        );
      } finally {
        await collection.close();
      }
    },
  );
}

async function documentsOf(input: string): Promise<AsyncIterable<Document>> {
  const found = await stat(input).catch(() => undefined);
  if (found === undefined)
    throw new RankError('NOT_FOUND', `${input} does not exist. Give a JSONL file or a BEIR folder.`, { path: input });
  return found.isDirectory() ? (await openBeir(input)).documents() : readDocumentFile(input);
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
