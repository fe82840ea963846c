import { type Document, type Metadata, type MetadataValue, RankError } from '@rank-rank/core';
import { parse } from 'yaml';

const frontMatter = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;
const heading = /^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$/m;
const setext = /^(?=\S)(.+)\r?\n=+[ \t]*$/m;

/**
 * A Markdown file as a document: the title from its front matter or its first heading, what else the front matter says as metadata, and the rest as text, as it is
 * written.
 */
export function markdownDocument(id: string, source: string, onNote: (note: string) => void = () => {}): Document {
  const found = frontMatter.exec(source);
  const fields = found === null ? {} : fieldsOf(id, found[1]!, onNote);
  const text = (fields === undefined || found === null ? source : source.slice(found[0].length)).replace(/^\uFEFF/, '').trim();
  const { title: named, ...rest } = fields ?? {};
  const title = typeof named === 'string' && named !== '' ? named : (heading.exec(text)?.[1] ?? setext.exec(text)?.[1]);
  const metadata = metadataOf(rest);
  return { id, text, ...(title !== undefined && { title: plain(title) }), ...(metadata && { metadata }) };
}

/** The front matter's fields; undefined where it is none. */
function fieldsOf(id: string, yaml: string, onNote: (note: string) => void): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(yaml, { maxAliasCount: 100 });
    if (value === null || value === undefined) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new RankError('PARSE', 'it is no object');
  } catch (error) {
    onNote(`${id}: the front matter was taken for text: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
}

function metadataOf(fields: Record<string, unknown>): Metadata | undefined {
  const entries = Object.entries(fields).flatMap(([key, value]): [string, MetadataValue][] => {
    if (value === null || value === undefined) return [];
    if (value instanceof Date) return [[key, value.toISOString()]];
    if (Array.isArray(value))
      return [[key, value.every((item) => item !== null && typeof item !== 'object') ? value : JSON.stringify(value)]];
    return [[key, typeof value === 'object' ? JSON.stringify(value) : (value as MetadataValue)]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Without the signs of emphasis, code and links. */
function plain(title: string): string {
  return title
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]|(?<!\w)_|_(?!\w)/g, '')
    .trim();
}
