import { checkInteger } from '@rank-rank/core';
import type { Scope } from '@rank-rank/storage';
import type { AnalysisSpec } from '../analysis/analysis.ts';
import type { ModelName, ModelSpec } from './scoring/models.ts';
import type { FieldOptions } from './segment/fields.ts';

export interface LexicalOptions {
  /** The folder of the index; without it (and without `scope`) the index is in memory and ends with its object. */
  readonly path?: string;
  /** A part of a store that others write to as well: they are committed together. */
  readonly scope?: Scope;
  /** The fields by name; by default one, `text`, of title and text together. */
  readonly fields?: Readonly<Record<string, FieldOptions>>;
  /** The analysis of fields that name none: the name of a preset, or a chain. `english` */
  readonly analysis?: string | AnalysisSpec;
  /** Whether fields that do not say keep positions, for phrases and proximity. false */
  readonly positions?: boolean;
  /** Keep the texts in the index (packed): for snippets, feedback and more-like-this by id. false */
  readonly texts?: boolean;
  /** The weighting model of searches that name none. BM25 (Lucene's) with k1 1.2, b 0.75 */
  readonly model?: ModelName | ModelSpec;
  /** About how much memory documents may take before they are written out, in bytes. 256 MiB */
  readonly memory?: number;
  /** Threads that analyse and write where many documents are added at once. 1 */
  readonly threads?: number;
}

export const optionNames = ['path', 'scope', 'fields', 'analysis', 'positions', 'texts', 'model', 'memory', 'threads'] as const;

export interface OpenOptions {
  /** Open for adding and removing; takes the folder's lock. */
  readonly write?: boolean;
  readonly memory?: number;
  readonly threads?: number;
}

/** What building may take. */
export interface Resources {
  readonly memory: number;
  readonly threads: number;
}

export function checkResources({ memory, threads }: Partial<Resources>): Resources {
  return {
    memory: checkInteger('memory', memory ?? 256 << 20, { min: 1 << 16 }),
    threads: checkInteger('threads', threads ?? 1, { min: 1, max: 1024 }),
  };
}
