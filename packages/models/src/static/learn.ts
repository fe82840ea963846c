import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkString,
  Random,
  RankError,
  throttleProgress,
  throwIfCancelled,
  type WorkOptions,
  yieldToEventLoop,
} from '@rank-rank/core';
import type { AnalysisSpec } from '@rank-rank/retrieve';
import { rightSingularVectors } from './randomized-svd.ts';
import { analyzerOf, StaticEncoder } from './static-encoder.ts';
import { TermCounts } from './term-counts.ts';

export interface LearnOptions extends WorkOptions {
  /** How text becomes terms; a preset or a chain. Default `english`. */
  readonly analysis?: string | AnalysisSpec;
  /** Dimensions of the vectors, at most; a small corpus gives fewer. Default 40. */
  readonly dim?: number;
  /** Documents that are learned from: a fair sample where there are more. Default 20,000. */
  readonly sample?: number;
  /** Terms that get a vector, the most frequent first. Default 100,000. */
  readonly vocabulary?: number;
  readonly seed?: number;
  /** How much a row of a token matrix takes of what its whole text is about, beside its own word's 1. Default 0.25. */
  readonly topic?: number;
}

/**
 * Learns dense vectors and token matrices from nothing but the texts themselves, in seconds and without a download: latent
 * semantic analysis (Deerwester et al., 1990) of (1 + ln tf)·idf weights, with words that were not seen found by their subwords.
 *
 * It is no match for a trained encoder, and made to be fused with BM25, which it improves: see the README for measurements.
 *
 * @example
 * const encoder = await learnStaticEncoder(documents.map((document) => document.text));
 * const vectors = await encoder.dense.encode(['boundary layer'], 'query');
 * const [tokens] = await encoder.tokens.encode(['flow past a flat plate'], 'document');
 */
export async function learnStaticEncoder(
  texts: Iterable<string> | AsyncIterable<string>,
  options: LearnOptions = {},
): Promise<StaticEncoder> {
  checkOptions('learnStaticEncoder', options, ['analysis', 'dim', 'sample', 'vocabulary', 'seed', 'topic', 'signal', 'onProgress']);
  const { analysis = 'english', signal } = options;
  const dim = checkInteger('learnStaticEncoder: dim', options.dim ?? 40, { min: 1, max: 1024 });
  const sample = checkInteger('learnStaticEncoder: sample', options.sample ?? 20_000, { min: 1 });
  const vocabulary = checkInteger('learnStaticEncoder: vocabulary', options.vocabulary ?? 100_000, { min: 1 });
  const topic = checkNumber('learnStaticEncoder: topic', options.topic ?? 0.25, { min: 0 });
  const random = new Random(options.seed ?? 42);
  const progress = throttleProgress(options.onProgress);

  const analyzer = await analyzerOf(analysis);
  const counts = new TermCounts();
  let seen = 0;
  for await (const text of texts) {
    // Reservoir sampling (Vitter's algorithm R): each text read so far is in the sample with the same chance.
    const place = seen < sample ? seen : random.integer(seen + 1);
    checkString(`learnStaticEncoder: text ${seen}`, text);
    seen++;
    if (place < sample) {
      const terms = analyzer.terms(text);
      if (place === counts.documents) counts.add(terms);
      else counts.replace(place, terms);
    }
    if (seen % 256 === 0) {
      throwIfCancelled(signal, 'Learning the encoder');
      progress({ stage: 'reading texts', done: seen, unit: 'texts' });
      await yieldToEventLoop();
    }
  }
  const { terms, idf, matrix } = counts.weighted(vocabulary);
  if (terms.length === 0) {
    throw new RankError('EMPTY_INPUT', `learnStaticEncoder: ${seen} texts gave no term. Give texts with words, or another analysis.`, {
      texts: seen,
    });
  }
  const { vectors, rank } = await rightSingularVectors(matrix, dim, random.fork('svd'), async (done, total) => {
    throwIfCancelled(signal, 'Learning the encoder');
    progress({ stage: 'factorising', done, total, unit: 'passes' });
    await yieldToEventLoop();
  });
  return new StaticEncoder({ analysis: analyzer.spec, dim: rank, topic, documents: seen, terms, idf, vectors }, analyzer);
}
