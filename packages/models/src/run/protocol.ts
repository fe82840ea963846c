import { isRankError, RankError, type RankErrorCode } from '@rank-rank/core';
import type { TokenBatch } from './batch.ts';
import type { Reduced, Reduction } from './reduction.ts';
import type { GraphSource, SessionOptions, TensorInfo } from './session.ts';

/** What the worker that holds a session is asked. Each request has a number, and gets one answer with that number. */
export type Request =
  | { readonly id: number; readonly kind: 'open'; readonly source: GraphSource; readonly options: SessionOptions }
  | { readonly id: number; readonly kind: 'prepare'; readonly reductions: readonly Reduction[] }
  | { readonly id: number; readonly kind: 'run'; readonly batch: TokenBatch; readonly wanted: readonly number[] }
  | { readonly id: number; readonly kind: 'close' };

export type Answer = { readonly id: number } & (
  | { readonly opened: { readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] } }
  | { readonly results: readonly Reduced[] }
  | { readonly done: true }
  | { readonly error: PlainError }
);

/** An error as it crosses from one thread or process to another. */
export interface PlainError {
  readonly code: RankErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function toPlainError(error: unknown): PlainError {
  if (isRankError(error)) return { code: error.code, message: error.message, details: error.details };
  return { code: 'MODEL', message: `The model's worker failed: ${error instanceof Error ? error.message : String(error)}`, details: {} };
}

export function fromPlainError({ code, message, details }: PlainError): RankError {
  return new RankError(code, message, details);
}
