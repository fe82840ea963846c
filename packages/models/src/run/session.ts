import type { TokenBatch } from './batch.ts';
import type { Reduced, Reduction } from './reduction.ts';

/** An input or output of a graph. */
export interface TensorInfo {
  readonly name: string;
  /** `float32`, `int64`, … as ONNX Runtime names them. */
  readonly type: string;
  /** Sizes, or names where they vary. */
  readonly shape: readonly (number | string)[];
}

/**
 * A graph that is ready to run.
 *
 * - `prepare` says what is wanted of its outputs, and fails where the graph does not have them.
 * - `run` gives the results of the reductions asked for by their place in that list; batches run one after the other. `computed` is called
 *   when the graph has run and only the reductions are left, where that is known.
 * - `announce` says that a short batch will come at once, to a session that may sleep.
 * - A failed run rejects with a `MODEL` error and leaves the session usable, or says that it is not.
 * - After `close`, `run` rejects with `CLOSED`.
 */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  prepare(reductions: readonly Reduction[]): Promise<void>;
  run(batch: TokenBatch, wanted: readonly number[], computed?: () => void): Promise<readonly Reduced[]>;
  announce?(): void;
  close(): Promise<void>;
}

/** Where the numbers are computed. Names are tried in order; the first that is there is used. */
export type ExecutionProvider = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'coreml' | 'dml' | 'wasm' | 'webnn';

export const executionProviders: readonly ExecutionProvider[] = ['cpu', 'cuda', 'tensorrt', 'webgpu', 'coreml', 'dml', 'wasm', 'webnn'];

export interface SessionOptions {
  /** The package that runs the graph: `onnxruntime-node` where it is installed, else `onnxruntime-web`. */
  readonly runtime?: 'onnxruntime-node' | 'onnxruntime-web';
  readonly providers?: readonly ExecutionProvider[];
  /** Threads of one session. */
  readonly threads?: number;
}

/** A graph by its file, or by its bytes where there are no files. */
export type GraphSource = string | Uint8Array;
