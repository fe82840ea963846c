import { type Document, type Metadata, type MetadataValue, RankError, unknownName } from '@rank-rank/core';

/** Which fields of a row become what. */
export interface Columns {
  readonly id?: string;
  readonly text?: string;
  readonly title?: string;
}

/** What was made of the fields of a table or of JSON objects. */
export interface Schema {
  /** Absent: rows are named by the file and their number. */
  readonly id?: string;
  readonly text: string;
  readonly title?: string;
  readonly metadata: Readonly<Record<string, 'text' | 'number' | 'boolean'>>;
}

type Row = Readonly<Record<string, unknown>>;

/** Names by which fields are known, the likeliest first. */
const names = {
  id: ['id', '_id', 'docid', 'doc_id', 'docno', 'document_id', 'passage_id', 'pid', 'uuid', 'guid', 'key', 'slug', 'url', 'uri'],
  text: ['text', 'contents', 'content', 'body', 'passage', 'document', 'abstract', 'description', 'summary', 'message', 'answer'],
  title: ['title', 'name', 'headline', 'subject', 'heading', 'label', 'question'],
} as const;

/** What the fields are, seen from the first rows: by their names, else the longest texts are the text. Columns that the caller names win. */
export function inferSchema(file: string, rows: readonly Row[], columns: Columns = {}): Schema {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const name of Object.values(columns))
    if (name !== undefined && !fields.includes(name)) throw unknownName(`${file}: column`, name, fields);
  const byName = (known: readonly string[]): string | undefined =>
    known.map((name) => fields.find((field) => field.toLowerCase().trim() === name)).find((field) => field !== undefined);
  const id = columns.id ?? byName(names.id);
  const title = columns.title ?? byName(names.title.filter((name) => name !== columns.text));
  const rest = fields.filter((field) => field !== id && field !== title);
  const text = columns.text ?? byName(names.text) ?? longest(rows, rest) ?? title;
  if (text === undefined) {
    throw new RankError(
      'PARSE',
      `${file} has no column that holds text: ${fields.join(', ') || 'it has no columns'}. Name the one that does (--text-column).`,
      { file, found: fields },
    );
  }
  const metadata = Object.fromEntries(
    fields.filter((field) => field !== id && field !== text && field !== title).map((field) => [field, typeOf(rows, field)] as const),
  );
  return { ...(id !== undefined && { id }), text, ...(title !== undefined && title !== text && { title }), metadata };
}

/** A row as a document. `place` names it where it has no id. */
export function documentFrom(row: Row, schema: Schema, place: string): Document {
  const id = schema.id === undefined ? place : wordsOf(row[schema.id]);
  if (id === '') throw new RankError('PARSE', `${place}: the column ${schema.id} is empty; expected the id of a document.`, { place });
  const text = wordsOf(row[schema.text]);
  const title = schema.title === undefined ? '' : wordsOf(row[schema.title]);
  const metadata: Record<string, MetadataValue> = {};
  for (const [field, type] of Object.entries(schema.metadata)) {
    const value = typedValue(row[field], type);
    if (value !== undefined) metadata[field] = value;
  }
  return { id, text, ...(title !== '' && { title }), ...(Object.keys(metadata).length > 0 && { metadata: metadata as Metadata }) };
}

/** A schema in words, for people. */
export function schemaText({ id, text, title, metadata }: Schema): string {
  const fields = Object.entries(metadata).map(([field, type]) => `${field} (${type})`);
  return [
    `id: ${id ?? 'the number of the row'}`,
    `text: ${text}`,
    ...(title === undefined ? [] : [`title: ${title}`]),
    ...(fields.length === 0 ? [] : [`metadata: ${fields.join(', ')}`]),
  ].join('; ');
}

function longest(rows: readonly Row[], fields: readonly string[]): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const field of fields) {
    const length = rows.reduce(
      (sum, row) => sum + (typeof row[field] === 'string' && Number.isNaN(Number(row[field])) ? (row[field] as string).length : 0),
      0,
    );
    if (length <= most) continue;
    best = field;
    most = length;
  }
  return best;
}

function typeOf(rows: readonly Row[], field: string): 'text' | 'number' | 'boolean' {
  const values = rows.map((row) => row[field]).filter((value) => value !== undefined && value !== null && value !== '');
  if (values.length === 0) return 'text';
  if (values.every((value) => typeof value === 'boolean' || value === 'true' || value === 'false')) return 'boolean';
  // A number that would be written otherwise (007, 1e5) is more likely a name.
  return values.every((value) => typeof value === 'number' || (typeof value === 'string' && String(Number(value)) === value.trim()))
    ? 'number'
    : 'text';
}

function typedValue(value: unknown, type: 'text' | 'number' | 'boolean'): MetadataValue | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (Array.isArray(value))
    return value.every((item) => item !== null && typeof item !== 'object') ? (value as MetadataValue) : JSON.stringify(value);
  if (type === 'number' && Number.isFinite(Number(value))) return Number(value);
  if (type === 'boolean' && (value === true || value === 'true' || value === false || value === 'false'))
    return value === true || value === 'true';
  return wordsOf(value);
}

function wordsOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
