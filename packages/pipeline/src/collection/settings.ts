import { checkOptions, RankError, shown } from '@rank-rank/core';
import type { AnalysisSpec } from '@rank-rank/retrieve';
import { type ChunkingSpec, checkChunking } from '../chunking/chunk.ts';

/** How a collection is made; kept with it. */
export interface CollectionSettings {
  /** How text becomes terms; a preset or a chain. `english` by default. */
  readonly analysis?: string | AnalysisSpec;
  /**
   * What makes vectors: `static` (by default) learns them from the collection's own texts, `none` goes without, and any other name is that of a model: of one for dense
   * vectors, sparse vectors, token matrices, or several of these. Dense vectors and token matrices that the model does not make, the static encoder does.
   */
  readonly encoder?: string;
  /** How documents are cut into passages; the documents as they are by default. A document's score is that of its best passage. */
  readonly chunking?: ChunkingSpec | undefined;
}

/** The settings as they are kept. */
export interface KeptSettings {
  readonly version: 1;
  readonly analysis: string | AnalysisSpec;
  readonly encoder: string;
  readonly chunking?: Required<ChunkingSpec>;
}

const names = ['analysis', 'encoder', 'chunking'] as const;
const newest = 1;

/** The settings of a new collection. */
export function newSettings(wanted: CollectionSettings): KeptSettings {
  checkOptions('Collection.open', wanted, names);
  const { analysis = 'english', encoder = 'static', chunking } = wanted;
  if (typeof encoder !== 'string' || encoder === '')
    throw new RankError(
      'INVALID_ARGUMENT',
      `Collection.open: encoder is ${shown(encoder)}; expected "static", "none" or the name of a model.`,
    );
  return {
    version: newest,
    analysis,
    encoder,
    ...(chunking !== undefined && { chunking: checkChunking('Collection.open: chunking', chunking) }),
  };
}

/** The settings that a collection was made with; options that say otherwise are refused. */
export function keptSettings(path: string, state: unknown, wanted: CollectionSettings): KeptSettings {
  const kept = state as KeptSettings & { readonly version: number };
  if (kept.version !== newest) {
    throw new RankError(
      'UNSUPPORTED_VERSION',
      `${path} has settings of version ${shown(kept.version)}; this rank-rank knows version ${newest}. ${kept.version > newest ? 'Update rank-rank.' : 'Export it with the rank-rank that made it, and index the export.'}`,
      { path, version: kept.version },
    );
  }
  for (const name of names) {
    const value = wanted[name];
    if (value === undefined) continue;
    const asked = newSettings({ [name]: value })[name];
    if (JSON.stringify(asked) === JSON.stringify(kept[name])) continue;
    throw new RankError(
      'INVALID_ARGUMENT',
      `${path} was made with ${name} ${JSON.stringify(kept[name] ?? null)}, and is opened with ${JSON.stringify(asked)}. Leave the option out, or make a new collection.`,
      { name, known: kept[name], value: asked },
    );
  }
  return kept;
}
