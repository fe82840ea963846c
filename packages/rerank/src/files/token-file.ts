import type { WorkOptions } from '@rank-rank/core';
import type { IndexDocument } from '../index/token-index.ts';

/** What a folder or file of token matrices was told to be. */
export type TokenFileFormat = 'folder' | 'npy' | 'safetensors' | 'jsonl' | 'stanford-colbert' | 'fast-plaid';

/**
 * Token matrices in the files of others, read as they are needed: what `add` and `buildTokenIndex` take.
 *
 * Memory is bounded by a batch (for PLAID folders, a chunk), whatever the size of the files. Documents come in the order of the file; each call of
 * `documents` reads from the start.
 */
export interface TokenFile {
  readonly path: string;
  readonly format: TokenFileFormat;
  /** Numbers a row has. */
  readonly dim: number;
  /** How many documents there are; absent where only reading to the end tells. */
  readonly count?: number;
  /** How many rows they have together. */
  readonly rows?: number;
  documents(options?: Pick<WorkOptions, 'signal'>): AsyncGenerator<IndexDocument>;
}

/** A part of the rows of a file, with the documents they belong to. */
export interface RowBatch {
  /** The first document of the batch. */
  readonly first: number;
  /** Rows of each of its documents. */
  readonly lengths: readonly number[];
  readonly data: Float32Array;
}

/** Document after document of a batch of rows. */
export function* documentsOf(
  { first, lengths, data }: RowBatch,
  dim: number,
  about: (document: number) => Omit<IndexDocument, 'tokens'>,
): Generator<IndexDocument> {
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const rows = lengths[i]!;
    yield { ...about(first + i), tokens: { data: data.slice(at, at + rows * dim), rows, dim } };
    at += rows * dim;
  }
}
