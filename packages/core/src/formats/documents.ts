import type { WorkOptions } from '../contracts.ts';
import type { Document, Metadata, MetadataValue, Query } from '../document.ts';
import { RankError } from '../error.ts';
import { checkOptions, shown } from '../validate.ts';
import { type JsonLine, type JsonLinesOptions, jsonLinesText, parseJsonLines, readJsonLines } from './jsonl.ts';
import type { ByteSource } from './source.ts';

const ownOptions = ['file'] as const;

/**
 * Documents as JSONL, a document a line: `{"id", "text", "title"?, "metadata"?}`; BEIR's `_id` and Anserini's `contents` are
 * understood too. A numeric id becomes text. Other keys become metadata; a value that metadata cannot hold (an object, a list of
 * lists) is kept as its JSON text.
 *
 * @example [...parseDocuments('{"_id": "d1", "title": "Wings", "text": "On lift."}')] // [{ id: 'd1', text: 'On lift.', title: 'Wings' }]
 */
export function* parseDocuments(data: string | Uint8Array, options: JsonLinesOptions = {}): Generator<Document> {
  checkOptions('parseDocuments', options, ownOptions);
  for (const line of parseJsonLines(data, options)) yield toDocument(line, options.file ?? 'documents');
}

/** Documents from a JSONL stream, as they come. Ids are not checked for duplicates here: whoever collects them does. */
export async function* readDocuments(source: ByteSource, options: JsonLinesOptions & WorkOptions = {}): AsyncGenerator<Document> {
  checkOptions('readDocuments', options, [...ownOptions, 'signal', 'onProgress']);
  const file = options.file ?? 'documents';
  for await (const line of readJsonLines(source, { ...options, file })) yield toDocument(line, file);
}

/**
 * Queries as JSONL (`{"id" or "_id", "text"}`) or as tab-separated `id text`; which it is shows in the first line.
 *
 * @example parseQueries('q1\twhat is lift\n') // [{ id: 'q1', text: 'what is lift' }]
 */
export function parseQueries(data: string | Uint8Array, options: JsonLinesOptions = {}): Query[] {
  checkOptions('parseQueries', options, ownOptions);
  const file = options.file ?? 'queries';
  const text = (typeof data === 'string' ? data : new TextDecoder().decode(data)).replace(/^\ufeff/, '');
  const queries: Query[] = [];
  const seen = new Set<string>();
  const put = (query: Query, line: number): void => {
    if (seen.has(query.id)) {
      throw new RankError('DUPLICATE_ID', `${file}, line ${line}: query ${shown(query.id)} is there twice; expected each id once.`, {
        file,
        line,
        found: query.id,
        expected: 'each id once',
      });
    }
    seen.add(query.id);
    queries.push(query);
  };
  if (/^\s*\{/.test(text)) {
    for (const line of parseJsonLines(text, { file })) {
      const { id, text: words } = toDocument(line, file);
      put({ id, text: words }, line.line);
    }
    return queries;
  }
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.replace(/\r$/, '');
    if (line.trim() === '') continue;
    const tab = line.indexOf('\t');
    if (tab <= 0) throw badLine(file, i + 1, line, 'an id, a tab and the text of a query, or JSON with "id" and "text"');
    put({ id: line.slice(0, tab), text: line.slice(tab + 1) }, i + 1);
  }
  return queries;
}

/** Documents as JSONL in BEIR's form, which every reader of ours and of theirs takes. */
export function* documentsText(documents: Iterable<Document>): Generator<string> {
  for (const { id, title, text, metadata } of documents)
    yield* jsonLinesText([{ _id: id, title: title ?? '', text, metadata: metadata ?? {} }]);
}

/** Queries as JSONL in BEIR's form. */
export function* queriesText(queries: Iterable<Query>): Generator<string> {
  for (const { id, text } of queries) yield* jsonLinesText([{ _id: id, text, metadata: {} }]);
}

function toDocument({ value, line }: JsonLine, file: string): Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badLine(file, line, value, 'an object with "id" and "text"');
  const { _id, id = _id, contents, text = contents, title, metadata, ...others } = value as Record<string, unknown>;
  const name = typeof id === 'number' && Number.isFinite(id) ? String(id) : id;
  if (typeof name !== 'string' || name === '') throw badLine(file, line, id, 'a non-empty string as "id" (or "_id")');
  if (typeof text !== 'string') throw badLine(file, line, text, 'a string as "text" (or "contents")');
  if (title !== undefined && title !== null && typeof title !== 'string') throw badLine(file, line, title, 'a string as "title"');
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    throw badLine(file, line, metadata, 'an object as "metadata"');
  }
  const fields = toMetadata({ ...others, ...(metadata as object | undefined) });
  return { id: name, text, ...(title ? { title } : {}), ...(fields === undefined ? {} : { metadata: fields }) };
}

function toMetadata(values: Record<string, unknown>): Metadata | undefined {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([key, value]) => [key, isMetadataValue(value) ? value : JSON.stringify(value)]));
}

function isMetadataValue(value: unknown): value is MetadataValue {
  if (Array.isArray(value)) return value.every((item) => item !== null && typeof item !== 'object');
  return value === null || typeof value !== 'object';
}

function badLine(file: string, line: number, found: unknown, expected: string): RankError {
  return new RankError('PARSE', `${file}, line ${line}: read ${shown(found)}; expected ${expected}.`, { file, line, found, expected });
}
