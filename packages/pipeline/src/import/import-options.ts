import type { WorkOptions } from '@rank-rank/core';
import type { Columns, Schema } from './schema.ts';

export interface ImportOptions extends Pick<WorkOptions, 'signal'> {
  /** Which columns of tables, or fields of JSON, hold what; found by their names if not said. */
  readonly columns?: Columns;
  /** Told what was made of the fields of a file. */
  readonly onSchema?: (file: string, schema: Schema) => void;
  /** Told what was left out or guessed, and why. */
  readonly onNote?: (note: string) => void;
}
