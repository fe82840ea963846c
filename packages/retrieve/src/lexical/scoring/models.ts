import { RankError, shown, unknownName } from '@rank-rank/core';
import { type Bm25Options, bm25 } from './bm25.ts';
import { type Bm25f, type Bm25fOptions, bm25f } from './bm25f.ts';
import { dph, type Pl2Options, pl2 } from './divergence-from-randomness.ts';
import type { Model } from './model.ts';
import { type QueryLikelihoodOptions, queryLikelihood } from './query-likelihood.ts';
import { type TfIdfOptions, tfIdf } from './tf-idf.ts';

/** A weighting model as plain data. `anserini` is BM25 with k1 0.9, b 0.4 and Lucene's lengths. */
export type ModelSpec =
  | ({ readonly model: 'bm25' } & Bm25Options)
  | ({ readonly model: 'tfidf' } & TfIdfOptions)
  | ({ readonly model: 'ql' } & QueryLikelihoodOptions)
  | ({ readonly model: 'pl2' } & Pl2Options)
  | { readonly model: 'dph' }
  | ({ readonly model: 'bm25f' } & Bm25fOptions);

export type ModelName = ModelSpec['model'] | 'anserini';

const makers: Readonly<Record<string, (spec: never) => Model | Bm25f>> = { bm25, bm25f, tfidf: tfIdf, ql: queryLikelihood, pl2, dph };

/** Whether a model scores fields together. */
export function isBm25f(model: Model | Bm25f): model is Bm25f {
  return model.name === 'bm25f';
}

/** The names of the weighting models. */
export const modelNames: readonly string[] = [...Object.keys(makers), 'anserini'];

/** A model from its name or its description. */
export function modelOf(spec: ModelName | ModelSpec): Model | Bm25f {
  if (spec === 'anserini') return bm25({ k1: 0.9, b: 0.4, lossyLengths: true });
  const name: unknown = typeof spec === 'object' && spec !== null ? spec.model : spec;
  if (typeof name !== 'string') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `The model is ${shown(spec)}; expected a name, or an object such as { model: 'bm25', k1: 0.9 }.`,
    );
  }
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) throw unknownName('Model', name, modelNames);
  return make((typeof spec === 'string' ? {} : spec) as never);
}
