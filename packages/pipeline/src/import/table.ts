import { type Document, RankError } from '@rank-rank/core';
import { CsvError, type Options, parse } from 'csv-parse';
import type { ImportOptions } from './import-options.ts';
import { documentFrom, inferSchema, type Schema } from './schema.ts';
import { textPieces } from './text-file.ts';

/** Rows that the schema is inferred from. */
const sample = 200;
const headings = /^(_?id|doc_?(id|no)|pid|text|contents?|body|passage|title|name|url|query|description|abstract|key|question|answer)$/i;

/**
 * The rows of a CSV or TSV file as documents. The first row names the columns. A TSV file without such a row is taken as `id`, `text`, or
 * `id`, `title`, `text`, as data sets are often published.
 */
export async function* tableDocuments(path: string, separator: ',' | '\t', options: ImportOptions): AsyncGenerator<Document> {
  const { columns, onSchema, onNote = () => {} } = options;
  const expected = separator === ',' ? 'a CSV file' : 'a TSV file';
  const settings: Options = {
    delimiter: separator,
    bom: true,
    // Tabs separate without any quoting.
    quote: separator === ',' ? '"' : null,
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
    max_record_size: 64 << 20,
  };
  const parser = parse(settings);
  const feed = (async () => {
    try {
      for await (const piece of textPieces(path, expected, onNote)) {
        if (parser.destroyed) return;
        if (!parser.write(piece)) await new Promise<void>((resolve) => parser.once('drain', resolve).once('close', resolve));
      }
      parser.end();
    } catch (error) {
      parser.destroy(error as Error);
    }
  })();
  let header: readonly string[] | undefined;
  let schema: Schema | undefined;
  let waiting: { row: Record<string, string>; line: number }[] = [];
  const infer = (): Document[] => {
    schema = inferSchema(
      path,
      waiting.map(({ row }) => row),
      columns,
    );
    onSchema?.(path, schema);
    return waiting.map(({ row, line }) => documentFrom(row, schema!, `${path}:${line}`));
  };
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === undefined) {
        const named = record.some((cell) => headings.test(cell.trim())) || columns?.text !== undefined;
        header = named || separator === ',' ? checkHeader(path, record) : headless(path, record);
        if (named || separator === ',') continue;
      }
      if (record.length > header.length) {
        throw new RankError(
          'PARSE',
          `${path}, line ${info.lines}: ${record.length} cells; expected ${header.length}, as the first row has.`,
          {
            file: path,
            line: info.lines,
            found: record.length,
            expected: header.length,
          },
        );
      }
      const row = Object.fromEntries(header.map((name, i) => [name, record[i] ?? '']));
      if (schema !== undefined) {
        yield documentFrom(row, schema, `${path}:${info.lines}`);
        continue;
      }
      waiting.push({ row, line: info.lines });
      if (waiting.length < sample) continue;
      yield* infer();
      waiting = [];
    }
    if (schema === undefined && waiting.length > 0) yield* infer();
  } catch (error) {
    if (error instanceof CsvError) {
      const line = (error as CsvError & { readonly lines?: number }).lines;
      throw new RankError('PARSE', `${path}, line ${line}: ${error.message}`, { file: path, line, expected }, { cause: error });
    }
    throw error;
  } finally {
    parser.destroy();
    await feed;
  }
}

function checkHeader(path: string, record: readonly string[]): readonly string[] {
  const names = record.map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new RankError('PARSE', `${path}, line 1: two columns are called "${twice}"; expected each name once.`, {
      file: path,
      line: 1,
      found: twice,
    });
  return names.map((name, i) => (name === '' ? `column ${i + 1}` : name));
}

function headless(path: string, record: readonly string[]): readonly string[] {
  if (record.length === 2) return ['id', 'text'];
  if (record.length === 3) return ['id', 'title', 'text'];
  throw new RankError(
    'PARSE',
    `${path}, line 1: ${record.length} cells, and none is the name of a column that is known; expected a first row such as "id", "title", "text".`,
    { file: path, line: 1, found: record },
  );
}
