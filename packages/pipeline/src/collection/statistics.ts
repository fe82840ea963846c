import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AnalysisSpec, LexicalIndex } from '@rank-rank/retrieve';
import type { Store } from '@rank-rank/storage';
import type { ChunkingSpec } from '../chunking/chunk.ts';
import type { CollectionDocuments } from './collection-documents.ts';
import type { KeptSettings } from './settings.ts';
import type { CollectionVectors } from './vectors.ts';

/** A metadata field as the documents have it. */
export interface FieldSummary {
  readonly name: string;
  readonly types: readonly ('text' | 'number' | 'boolean')[];
  /** Different values. */
  readonly values: number;
  /** How often a value stands in a document. */
  readonly occurrences: number;
  /** The most frequent ones. */
  readonly most: readonly (string | number | boolean)[];
}

/** What is in a collection. */
export interface CollectionStatistics {
  readonly path: string;
  readonly documents: number;
  /** What the indexes hold: as many as documents, unless these are cut. */
  readonly passages: number;
  readonly analysis: string | AnalysisSpec;
  readonly encoder: string;
  readonly chunking?: ChunkingSpec;
  /** Commits so far. */
  readonly generation: number;
  readonly fields: readonly FieldSummary[];
  readonly segments: {
    readonly documents: number;
    readonly lexical: number;
    readonly dense: number;
    readonly sparse?: number;
    readonly tokens: number;
  };
  readonly dense?: { readonly vectors: number; readonly dim: number; readonly structure: string };
  readonly sparse?: {
    readonly vectors: number;
    /** Words of the model's vocabulary. */
    readonly vocabulary: number;
    /** Weights of all vectors together. */
    readonly weights: number;
    readonly search: 'exact' | 'approximate';
  };
  readonly tokens?: { readonly matrices: number; readonly rows: number; readonly dim: number; readonly kind: string };
  readonly learned?: { readonly terms: number; readonly dim: number; readonly documents: number };
  readonly bytes: { readonly total: number } & Readonly<Record<string, number>>;
}

/** Gathers what a collection's parts know of themselves; nothing is scanned. */
export function statisticsOf(
  store: Store,
  settings: KeptSettings,
  documents: CollectionDocuments,
  lexical: LexicalIndex,
  vectors: CollectionVectors,
): CollectionStatistics {
  const { dense, sparse, tokens, learned, vocabulary } = vectors;
  const about = tokens?.describe();
  const sizes = Object.fromEntries(store.scopes.map((name) => [name, bytesOf(store, name)]));
  return {
    path: store.path,
    documents: documents.size,
    passages: lexical.size,
    analysis: settings.analysis,
    encoder: settings.encoder,
    ...(settings.chunking && { chunking: settings.chunking }),
    generation: store.generation,
    fields: fieldsOf(documents),
    segments: {
      documents: documents.segments.length,
      lexical: lexical.reader.segments.length,
      dense: dense?.describe().segments.length ?? 0,
      ...(sparse && { sparse: sparse.reader.segments.length }),
      tokens: about?.segments.length ?? 0,
    },
    ...(dense && {
      dense: {
        vectors: dense.size,
        dim: dense.dim,
        structure: [...new Set(dense.describe().segments.map(({ structure }) => structure))].join(', '),
      },
    }),
    ...(sparse && {
      sparse: {
        vectors: sparse.size,
        vocabulary,
        weights: sparse.reader.segments.reduce((sum, { segment }) => sum + segment.weights.length, 0),
        search: sparse.approximate ? 'approximate' : 'exact',
      } as const,
    }),
    ...(tokens && about && { tokens: { matrices: tokens.size, rows: about.tokens, dim: tokens.dim, kind: about.kind } }),
    ...(learned && { learned }),
    bytes: { total: Object.values(sizes).reduce((sum, size) => sum + size, 0), ...sizes },
  };
}

function fieldsOf(documents: CollectionDocuments): FieldSummary[] {
  const all = new Map<string, Map<string | number | boolean, number>>();
  for (const { segment, deleted } of documents.segments) {
    const live = deleted?.clone().complement();
    for (const field of segment.metadata.fields) {
      const counts = all.get(field) ?? new Map<string | number | boolean, number>();
      all.set(field, counts);
      for (const { value, count } of segment.metadata.counts(field, live)) counts.set(value, (counts.get(value) ?? 0) + count);
    }
  }
  return [...all]
    .filter(([, counts]) => counts.size > 0)
    .map(([name, counts]) => ({
      name,
      types: [...new Set([...counts.keys()].map(typeOf))],
      values: counts.size,
      occurrences: [...counts.values()].reduce((sum, count) => sum + count, 0),
      most: [...counts]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 5)
        .map(([value]) => value),
    }));
}

function typeOf(value: string | number | boolean): FieldSummary['types'][number] {
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean';
}

function bytesOf(store: Store, scope: string): number {
  return store
    .scope(scope)
    .files()
    .reduce((sum, file) => sum + (statSync(join(store.path, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}
