import type { WorkOptions } from '../contracts.ts';
import { beirQrelsText, readBeirQrels } from '../formats/beir-qrels.ts';
import { ranxQrelsText, readRanxQrels } from '../formats/ranx-json.ts';
import { type QrelsFormat, qrelsFormatOf } from '../formats/sniff.ts';
import { type Preferences, readPreferences } from '../formats/trec-prefs.ts';
import { type GroupedQrels, readGroupedQrels, readTrecQrels, type TrecQrelsOptions, trecQrelsText } from '../formats/trec-qrels.ts';
import type { Qrels, QrelsInput } from '../qrels.ts';
import { checkOneOf, checkOptions } from '../validate.ts';
import { fileChunks, fileHead } from './open-file.ts';
import { writePieces } from './write-file.ts';

export interface ReadQrelsOptions extends Omit<TrecQrelsOptions, 'file'>, WorkOptions {
  /** How the file is written; told by its content where absent. */
  readonly format?: QrelsFormat;
}

/**
 * Reads a file of judgements: TREC, BEIR (tab-separated) or JSON, plain or gzip.
 *
 * @example const qrels = await readQrels('qrels.txt');
 */
export async function readQrels(path: string, options: ReadQrelsOptions = {}): Promise<Qrels> {
  checkOptions('readQrels', options, ['format', 'duplicates', 'numbers', 'comments', 'signal', 'onProgress']);
  const { format = qrelsFormatOf(await fileHead(path)), numbers, comments, ...rest } = options;
  checkOneOf('readQrels: format', format, ['trec', 'beir', 'json']);
  const chunks = fileChunks(path);
  if (format === 'beir') return readBeirQrels(chunks, { ...rest, file: path });
  if (format === 'json') {
    const { duplicates: _, ...work } = rest;
    return readRanxQrels(chunks, { ...work, file: path });
  }
  return readTrecQrels(chunks, {
    ...rest,
    ...(numbers === undefined ? {} : { numbers }),
    ...(comments === undefined ? {} : { comments }),
    file: path,
  });
}

/** Reads a TREC qrels file whose second column names a subtopic or an assessor. */
export async function readQrelsGroups(path: string, options: Omit<TrecQrelsOptions, 'file'> & WorkOptions = {}): Promise<GroupedQrels> {
  return readGroupedQrels(fileChunks(path), { ...options, file: path });
}

/** Reads a preference file of trec_eval. */
export async function readPrefs(path: string, options: WorkOptions = {}): Promise<Preferences> {
  return readPreferences(fileChunks(path), { ...options, file: path });
}

export interface WriteQrelsOptions {
  /** By default JSON where the name ends in `.json`, BEIR where it ends in `.tsv` (either with `.gz`), TREC otherwise. */
  readonly format?: QrelsFormat;
}

/** Writes judgements to a file; packed where the name ends in `.gz`. */
export async function writeQrels(path: string, qrels: QrelsInput, options: WriteQrelsOptions = {}): Promise<void> {
  checkOptions('writeQrels', options, ['format']);
  const format = options.format ?? (/\.json(\.gz)?$/.test(path) ? 'json' : /\.tsv(\.gz)?$/.test(path) ? 'beir' : 'trec');
  checkOneOf('writeQrels: format', format, ['trec', 'beir', 'json']);
  await writePieces(path, format === 'json' ? ranxQrelsText(qrels) : format === 'beir' ? beirQrelsText(qrels) : trecQrelsText(qrels));
}
