import type { Document } from '@rank-rank/core';
import type { FieldSpec } from '../segment/fields.ts';
import type { GatheredSection } from './gathered-sections.ts';

/** What a builder is started with. */
export interface BuilderSettings {
  readonly fields: readonly FieldSpec[];
  readonly keepTexts: boolean;
}

/** To a builder: documents to take in, or to write what it has. It answers each. */
export type BuilderRequest = { readonly kind: 'add'; readonly documents: readonly Document[] } | { readonly kind: 'write' };

export type BuilderAnswer =
  /** How much memory its documents take now, and whether it can take more of them. */
  | { readonly kind: 'added'; readonly bytes: number; readonly full: boolean }
  /** A segment, section by section; none where there were no documents. */
  | { readonly kind: 'written'; readonly sections: readonly GatheredSection[] | undefined }
  | { readonly kind: 'failed'; readonly message: string };
