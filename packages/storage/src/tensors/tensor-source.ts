import type { Dtype, StoredTensor } from './dtype.ts';

/** What is known of a tensor before it is read. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The file that holds it. */
  readonly file: string;
  readonly byteLength: number;
}

/**
 * Named tensors in files, read one at a time where they lie: opening reads the directory, never the weights.
 *
 * - A name that is absent is a `NOT_FOUND` error that shows the nearest name.
 * - A file that is truncated or does not keep to its format is a `CORRUPT` error that names the file and the reason.
 * - After `close` every read is a `CLOSED` error.
 */
export interface TensorSource {
  /** Paths of the files that were opened. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The text pairs that the writer left in the file, such as `{ format: 'pt' }`. */
  readonly metadata: Readonly<Record<string, string>>;
  read(name: string): Promise<StoredTensor>;
  close(): Promise<void>;
}
