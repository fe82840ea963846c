/** Readers and writers of files by path, for Node: the formats of `@rank-rank/core`, told apart by content, packed or not. */
export { type BeirFolder, openBeir, writeBeir } from './beir-folder.ts';
export {
  readDocumentFile,
  readJsonLinesFile,
  readQueryFile,
  writeDocumentFile,
  writeJsonLinesFile,
  writeQueryFile,
} from './document-files.ts';
export { fileChunks, fileError, fileHead } from './open-file.ts';
export { type ReadQrelsOptions, readPrefs, readQrels, readQrelsGroups, type WriteQrelsOptions, writeQrels } from './qrels-files.ts';
export { type ReadRunOptions, readRun, streamRun, type WriteRunOptions, writeRun } from './run-files.ts';
