import type { WorkOptions } from '../contracts.ts';
import type { Document, Query } from '../document.ts';
import { documentsText, parseQueries, queriesText, readDocuments } from '../formats/documents.ts';
import { type JsonLine, jsonLinesText, readJsonLines } from '../formats/jsonl.ts';
import { chunksOf } from '../formats/source.ts';
import { checkOptions } from '../validate.ts';
import { fileChunks } from './open-file.ts';
import { writePieces } from './write-file.ts';

/**
 * The documents of a JSONL file as they come, plain or gzip.
 *
 * @example for await (const document of readDocumentFile('corpus.jsonl.gz')) console.log(document.id);
 */
export function readDocumentFile(path: string, options: WorkOptions = {}): AsyncGenerator<Document> {
  return readDocuments(fileChunks(path), { ...options, file: path });
}

/** The queries of a JSONL or tab-separated file, plain or gzip. */
export async function readQueryFile(path: string, options: WorkOptions = {}): Promise<Query[]> {
  checkOptions('readQueryFile', options, ['signal', 'onProgress']);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunksOf(fileChunks(path), path, options)) text += decoder.decode(chunk, { stream: true });
  return parseQueries(text + decoder.decode(), { file: path });
}

/** The values of a JSONL file as they come, plain or gzip. */
export function readJsonLinesFile(path: string, options: WorkOptions = {}): AsyncGenerator<JsonLine> {
  return readJsonLines(fileChunks(path), { ...options, file: path });
}

/** Writes documents, as they come, as JSONL in BEIR's form; packed where the name ends in `.gz`. */
export async function writeDocumentFile(path: string, documents: Iterable<Document> | AsyncIterable<Document>): Promise<void> {
  await writePieces(
    path,
    piecewise(documents, (document) => documentsText([document])),
  );
}

/** Writes queries as JSONL in BEIR's form; packed where the name ends in `.gz`. */
export async function writeQueryFile(path: string, queries: Iterable<Query>): Promise<void> {
  await writePieces(path, queriesText(queries));
}

/** Writes values, as they come, as JSONL; packed where the name ends in `.gz`. */
export async function writeJsonLinesFile(path: string, values: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  await writePieces(
    path,
    piecewise(values, (value) => jsonLinesText([value])),
  );
}

async function* piecewise<T>(items: Iterable<T> | AsyncIterable<T>, text: (item: T) => Iterable<string>): AsyncGenerator<string> {
  for await (const item of items) yield* text(item);
}
