export { type BeirQrelsOptions, beirQrelsText, parseBeirQrels, readBeirQrels } from './beir-qrels.ts';
export { documentsText, parseDocuments, parseQueries, queriesText, readDocuments } from './documents.ts';
export { type JsonLine, type JsonLinesOptions, jsonLinesText, parseJsonLines, readJsonLines } from './jsonl.ts';
export { NamedRun, type QueryRanking } from './named-run.ts';
export {
  parseRanxQrels,
  parseRanxRun,
  type RanxJsonOptions,
  ranxQrelsText,
  ranxRunText,
  readRanxQrels,
  readRanxRun,
  streamRanxRun,
} from './ranx-json.ts';
export type { QrelsFormat, RunFormat } from './sniff.ts';
export type { ByteSource, ReadableStreamLike } from './source.ts';
export { type Preference, type Preferences, type PreferencesOptions, parsePreferences, readPreferences } from './trec-prefs.ts';
export {
  formatTrecQrels,
  type GroupedQrels,
  parseGroupedQrels,
  parseTrecQrels,
  readGroupedQrels,
  readTrecQrels,
  type TrecQrelsOptions,
  trecQrelsText,
} from './trec-qrels.ts';
export {
  type DuplicatePolicy,
  formatTrecRun,
  type NumberPolicy,
  parseTrecRun,
  readTrecRun,
  streamTrecRun,
  type TrecRunFormat,
  type TrecRunOptions,
  trecRunText,
} from './trec-run.ts';
