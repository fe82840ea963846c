import { RankError } from '@rank-rank/core';
import type { AnalysisSpec } from '@rank-rank/retrieve';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { StaticModel } from './static-model.ts';

/** The kind and version of the file that holds a learned encoder: sections `about` (JSON), `terms` (JSON), `idf`, `vectors`. */
export const staticModelKind = 'static-encoder';
export const staticModelVersion = 1;

export async function writeStaticModel(file: SectionWriter, model: StaticModel): Promise<void> {
  const { analysis, dim, documents } = model;
  await file.writeJson('about', { analysis, dim, documents });
  await file.writeJson('terms', model.terms);
  await file.write('idf', model.idf);
  await file.write('vectors', model.vectors);
  await file.finish();
}

export function readStaticModel(file: SectionFile): StaticModel {
  const { analysis, dim, documents } = file.json('about') as { analysis: AnalysisSpec; dim: number; documents: number };
  const terms = file.json('terms') as string[];
  const idf = file.f32('idf');
  const vectors = file.f32('vectors');
  if (idf.length !== terms.length || vectors.length !== terms.length * dim) {
    throw new RankError(
      'CORRUPT',
      `${file.path} is damaged: ${terms.length} terms with ${idf.length} weights and ${vectors.length} values of ${dim} dimensions. Learn the encoder again.`,
      { file: file.path },
    );
  }
  return { analysis, dim, documents, terms, idf, vectors };
}
