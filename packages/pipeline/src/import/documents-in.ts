import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, sep } from 'node:path';
import { checkOptions, type Document, isRankError, RankError, throwIfCancelled } from '@rank-rank/core';
import { fileError, openBeir } from '@rank-rank/core/files';
import { declaredEncoding, htmlDocument } from './html.ts';
import type { ImportOptions } from './import-options.ts';
import { jsonDocuments, jsonLinesDocuments } from './json.ts';
import { markdownDocument } from './markdown.ts';
import { pdfDocument } from './pdf.ts';
import { tableDocuments } from './table.ts';
import { decoded, readBytes, readText, refuseBinary } from './text-file.ts';

type Format = 'jsonl' | 'json' | 'csv' | 'tsv' | 'markdown' | 'text' | 'html' | 'pdf';

const formats: Readonly<Record<string, Format>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  pdf: 'pdf',
  ...Object.fromEntries(
    'txt text rst adoc org tex log ts tsx js jsx mjs cjs py rb go rs java kt swift c h cc cpp hpp cs php sh sql r scala lua css scss yaml yml toml'
      .split(' ')
      .map((name) => [name, 'text' as const]),
  ),
};

/** Folders that hold nobody's documents. */
const skipped = new Set(['node_modules', '__pycache__', 'dist', 'build', 'target', 'vendor']);
/** Formats of which a folder of documents is made; the others in it are data about something else, as often as not. */
const inFolders: readonly Format[] = ['markdown', 'text', 'html', 'pdf', 'jsonl', 'csv', 'tsv'];

/**
 * The documents of files and folders, as they come: JSONL, JSON, CSV, TSV, Markdown, plain text and source code, HTML, PDF (with the package unpdf), each plain or gzip;
 * a BEIR folder; or a folder of any of these, whose files are called by their paths within it.
 *
 * @example
 * const notes = await Collection.open('notes.rank', { write: true });
 * await notes.add(documentsIn('notes/'));
 */
export async function* documentsIn(inputs: string | readonly string[], options: ImportOptions = {}): AsyncGenerator<Document> {
  checkOptions('documentsIn', options, ['columns', 'onSchema', 'onNote', 'signal']);
  for (const input of typeof inputs === 'string' ? [inputs] : inputs) {
    const found = await stat(input).catch((error: unknown) => {
      throw fileError(input, error);
    });
    if (!found.isDirectory()) yield* fileDocuments(input, basename(input), formatOf(input), options);
    else yield* folderDocuments(input, options);
  }
}

async function* folderDocuments(folder: string, options: ImportOptions): AsyncGenerator<Document> {
  const names = await readdir(folder);
  if (names.some((name) => /^corpus\.jsonl(\.gz)?$/.test(name))) {
    yield* (await openBeir(folder)).documents(options.signal && { signal: options.signal });
    return;
  }
  const left = new Map<string, number>();
  let files = 0;
  for await (const path of filesUnder(folder)) {
    throwIfCancelled(options.signal, 'Reading the folder');
    const format = formats[extensionOf(path)];
    if (format === undefined || !inFolders.includes(format)) {
      const kind = extensionOf(path) || 'no extension';
      left.set(kind, (left.get(kind) ?? 0) + 1);
      continue;
    }
    files++;
    try {
      yield* fileDocuments(path, relative(folder, path).split(sep).join('/'), format, options);
    } catch (error) {
      // One file that is not what it claims does not keep the others out; a table that breaks off half way does.
      if (!isRankError(error) || error.code !== 'PARSE' || !['markdown', 'text', 'html', 'pdf'].includes(format)) throw error;
      options.onNote?.(`Left out: ${error.message}`);
    }
  }
  if (left.size > 0) {
    const kinds = [...left].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} × ${kind}`);
    options.onNote?.(`${folder}: files of other kinds were left out: ${kinds.slice(0, 8).join(', ')}${kinds.length > 8 ? ' …' : ''}.`);
  }
  if (files === 0) {
    throw new RankError(
      'EMPTY_INPUT',
      `${folder} holds no file that can be read; expected ${Object.keys(formats)
        .slice(0, 12)
        .map((name) => `.${name}`)
        .join(', ')} …`,
      {
        path: folder,
      },
    );
  }
}

async function* fileDocuments(path: string, id: string, format: Format, options: ImportOptions): AsyncGenerator<Document> {
  const { onNote = () => {} } = options;
  switch (format) {
    case 'jsonl':
      yield* jsonLinesDocuments(path, options);
      return;
    case 'json':
      yield* jsonDocuments(path, options);
      return;
    case 'csv':
      yield* tableDocuments(path, ',', options);
      return;
    case 'tsv':
      yield* tableDocuments(path, '\t', options);
      return;
    case 'markdown':
      yield markdownDocument(id, await readText(path, 'a Markdown file', onNote), onNote);
      return;
    case 'text':
      yield { id, text: (await readText(path, 'a text file', onNote)).trim() };
      return;
    case 'html': {
      const bytes = await readBytes(path);
      refuseBinary(path, bytes.subarray(0, 8192), 'an HTML page');
      yield htmlDocument(id, decoded(path, bytes, onNote, declaredEncoding(bytes)));
      return;
    }
    case 'pdf':
      yield await pdfDocument(id, path, await readBytes(path));
  }
}

/** The files under a folder in the order of their names; hidden ones and those of tools are left out. */
async function* filesUnder(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    // A link is followed to a file, not to a folder, so there is no way round in circles.
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isFile())) yield path;
  }
}

function extensionOf(path: string): string {
  return extname(path.replace(/\.gz$/i, '')).slice(1).toLowerCase();
}

function formatOf(path: string): Format {
  const extension = extensionOf(path);
  const format = formats[extension];
  if (format !== undefined) return format;
  throw new RankError(
    'UNSUPPORTED',
    `${path} has the ending "${extension === '' ? '' : `.${extension}`}", which says nothing of its format; expected one of ${Object.keys(
      formats,
    )
      .slice(0, 13)
      .map((name) => `.${name}`)
      .join(' ')}, or a text file (.txt).`,
    { file: path },
  );
}
