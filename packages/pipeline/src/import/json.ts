import { type Document, RankError } from '@rank-rank/core';
import { readDocumentFile, readJsonLinesFile } from '@rank-rank/core/files';
import type { ImportOptions } from './import-options.ts';
import { documentFrom, inferSchema, type Schema } from './schema.ts';
import { readText } from './text-file.ts';

const sample = 200;
type Row = Record<string, unknown>;

/** The objects of a JSONL file as documents: as they are where they have an id and a text, by an inferred schema else. */
export async function* jsonLinesDocuments(path: string, options: ImportOptions): AsyncGenerator<Document> {
  const { columns, signal } = options;
  const work = signal && { signal };
  if (columns === undefined && (await isDocument(path))) {
    yield* readDocumentFile(path, work);
    return;
  }
  yield* inferred(
    path,
    (async function* () {
      for await (const { value, line } of readJsonLinesFile(path, work)) yield { value, place: `${path}:${line}` };
    })(),
    options,
  );
}

/** The objects of a JSON file that holds a list of them, or an object that does. */
export async function* jsonDocuments(path: string, options: ImportOptions): AsyncGenerator<Document> {
  const text = await readText(path, 'a JSON file', options.onNote ?? (() => {}));
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new RankError(
      'PARSE',
      `${path} is no JSON: ${(error as Error).message}. If it has an object a line, call it .jsonl.`,
      { file: path },
      { cause: error },
    );
  }
  const list = Array.isArray(data) ? data : Object.values((data ?? {}) as object).find((value) => Array.isArray(value));
  if (!Array.isArray(list))
    throw new RankError('PARSE', `${path} holds no list; expected a list of objects with "id" and "text".`, { file: path });
  yield* inferred(
    path,
    (async function* () {
      for (const [i, value] of list.entries()) yield { value: value as unknown, place: `${path}[${i}]` };
    })(),
    options,
  );
}

async function* inferred(
  path: string,
  rows: AsyncIterable<{ value: unknown; place: string }>,
  { columns, onSchema }: ImportOptions,
): AsyncGenerator<Document> {
  let schema: Schema | undefined;
  let waiting: { row: Row; place: string }[] = [];
  const infer = (): Document[] => {
    schema = inferSchema(
      path,
      waiting.map(({ row }) => row),
      columns,
    );
    onSchema?.(path, schema);
    return waiting.map(({ row, place }) => documentFrom(row, schema!, place));
  };
  for await (const { value, place } of rows) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new RankError('PARSE', `${place}: read ${JSON.stringify(value)?.slice(0, 80)}; expected an object with fields.`, {
        file: path,
        found: value,
      });
    if (schema !== undefined) {
      yield documentFrom(value as Row, schema, place);
      continue;
    }
    waiting.push({ row: value as Row, place });
    if (waiting.length < sample) continue;
    yield* infer();
    waiting = [];
  }
  if (schema === undefined && waiting.length > 0) yield* infer();
}

/** Whether the first line has what a document has. */
async function isDocument(path: string): Promise<boolean> {
  for await (const { value } of readJsonLinesFile(path)) {
    const { id, _id, text, contents } = (value ?? {}) as Row;
    return (id ?? _id) !== undefined && typeof (text ?? contents) === 'string';
  }
  return true;
}
