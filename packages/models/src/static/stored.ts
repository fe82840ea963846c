import { RankError } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { StaticModel } from './static-model.ts';

/** The kind and version of the file that holds a learned encoder: sections `about` (JSON), `terms` (JSON), `idf`, `vectors`. */
export const staticModelKind = 'static-encoder';
export const staticModelVersion = 1;

export async function writeStaticModel(file: SectionWriter, model: StaticModel): Promise<void> {
  const { analysis, dim, topic, documents } = model;
  await file.writeJson('about', { analysis, dim, topic, documents });
  await file.writeJson('terms', model.terms);
  await file.write('idf', model.idf);
  await file.write('vectors', model.vectors);
  await file.finish();
}

export function readStaticModel(file: SectionFile): StaticModel {
  // The first encoders had a topic of 1, and did not say so.
  const { topic = 1, ...about } = file.json('about') as Omit<StaticModel, 'terms' | 'idf' | 'vectors' | 'topic'> & {
    readonly topic?: number;
  };
  const terms = file.json('terms') as string[];
  const idf = file.f32('idf');
  const vectors = file.f32('vectors');
  if (idf.length !== terms.length || vectors.length !== terms.length * about.dim) {
    throw new RankError(
      'CORRUPT',
      `${file.path} is damaged: ${terms.length} terms with ${idf.length} weights and ${vectors.length} values of ${about.dim} dimensions. Learn the encoder again.`,
      { file: file.path },
    );
  }
  return { ...about, topic, terms, idf, vectors };
}
