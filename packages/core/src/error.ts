/**
 * What went wrong, as one word that programs can test.
 *
 * The list is closed so that a `switch` over it can be exhaustive; `details` carries the particulars.
 */
export type RankErrorCode =
  /** A value is not of the kind a function takes. */
  | 'INVALID_ARGUMENT'
  /** An option, key or measure name that does not exist; the message names the nearest that does. */
  | 'UNKNOWN_OPTION'
  /** A number outside its range, or a size past a limit. */
  | 'OUT_OF_RANGE'
  /** Vectors, rows or lists whose lengths do not fit together. */
  | 'DIMENSION_MISMATCH'
  /** NaN or an infinity where a number is needed. */
  | 'NOT_FINITE'
  /** The same id twice where ids are unique. */
  | 'DUPLICATE_ID'
  /** Nothing to work on. */
  | 'EMPTY_INPUT'
  /** A file or message that cannot be read as its format; `details` has `file`, `line`, `found`, `expected`. */
  | 'PARSE'
  /** No such file, id, field, model or index. */
  | 'NOT_FOUND'
  /** It is there already, and would be overwritten. */
  | 'ALREADY_EXISTS'
  /** A stored thing is truncated, altered, or not what its name says. */
  | 'CORRUPT'
  /** Written by a newer version, or by something else. */
  | 'UNSUPPORTED_VERSION'
  /** Another process is writing. */
  | 'LOCKED'
  /** Used after it was closed. */
  | 'CLOSED'
  /** The caller's signal ended it. */
  | 'CANCELLED'
  /** More work is waiting than may wait; it was not begun, and may be tried again later. */
  | 'OVERLOADED'
  /** It took longer than it was allowed to. */
  | 'TIMEOUT'
  /** The operating system refused: disk full, read-only, no permission. */
  | 'IO'
  /** An optional package or runtime is not installed; the message says how to get it. */
  | 'MISSING_DEPENDENCY'
  /** Valid, but not available here. */
  | 'UNSUPPORTED'
  /** A server that was called answered with an error, or not at all. */
  | 'REMOTE'
  /** A model failed, or gave what cannot be used. */
  | 'MODEL';

const mark = Symbol.for('rank-rank.error');

/**
 * The one error class. The message says what happened, what was expected and what to do.
 *
 * Recognise it with {@link isRankError}, which also holds when two copies of this package are installed.
 *
 * @example
 * try {
 *   parseMeasure('nDGC@10');
 * } catch (error) {
 *   if (isRankError(error) && error.code === 'UNKNOWN_OPTION') console.error(error.message);
 * }
 */
export class RankError extends Error {
  override readonly name: string = 'RankError';
  readonly code: RankErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: RankErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
    Object.defineProperty(this, mark, { value: true });
  }

  /** The form that `--json` and the server print. */
  toJSON(): { code: RankErrorCode; message: string; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Whether a thrown value is a {@link RankError}, from this copy of the package or another. */
export function isRankError(value: unknown): value is RankError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[mark] === true;
}
