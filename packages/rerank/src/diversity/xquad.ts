import {
  checkHits,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  compareCodePoints,
  type Hit,
  RankError,
  shown,
  type Tokens,
} from '@rank-rank/core';
import { type Normalisation, normalisations, normaliseScores } from '../scoring/blend.ts';
import { maxsimScores } from '../scoring/maxsim.ts';
import { packTokens } from '../tokens/pack.ts';
import type { Chosen } from './mmr.ts';

/** One thing the query may mean: how likely it is, and how well each candidate answers it. */
export interface Aspect {
  readonly name?: string;
  /** Its importance; all equal by default. They are scaled to add up to 1. */
  readonly weight?: number;
  /** For each candidate, in their order, how well it covers the aspect: 0–1. */
  readonly coverage: ArrayLike<number>;
}

export interface XquadOptions {
  readonly k?: number;
  /** The weight of coverage against relevance, 0–1; 0.5 by default. */
  readonly lambda?: number;
  readonly normalise?: Normalisation;
}

/**
 * Explicit diversification by aspects (xQuAD; Santos, Macdonald and Ounis 2010): chooses the document with the largest
 * `(1 − λ) · relevance + λ · Σ_a P(a) · cover(d, a) · Π_chosen (1 − cover(c, a))`.
 *
 * @example xquad(hits, aspectCoverage([jaguarTheCar, jaguarTheCat], documents), { k: 10 })
 */
export function xquad(candidates: readonly Hit[], aspects: readonly Aspect[], options: XquadOptions = {}): Chosen[] {
  checkOptions('xquad', options, ['k', 'lambda', 'normalise']);
  checkHits('xquad: candidates', candidates);
  if (candidates.length === 0) return [];
  const k = options.k === undefined ? candidates.length : checkInteger('xquad: k', options.k, { min: 1 });
  const lambda = checkNumber('xquad: lambda', options.lambda ?? 0.5, { min: 0, max: 1 });
  const relevance = normaliseScores(
    Float64Array.from(candidates, ({ score }) => score),
    checkOneOf('xquad: normalise', options.normalise ?? 'min-max', normalisations),
  );
  const importance = checkAspects(aspects, candidates.length);
  const uncovered = new Float64Array(aspects.length).fill(1);
  const left = new Set(candidates.keys());
  const chosen: Chosen[] = [];
  while (chosen.length < k && left.size > 0) {
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const at of left) {
      let novelty = 0;
      for (let a = 0; a < aspects.length; a++) novelty += importance[a]! * aspects[a]!.coverage[at]! * uncovered[a]!;
      const value = (1 - lambda) * relevance[at]! + lambda * novelty;
      if (value > bestValue || (value === bestValue && compareCodePoints(candidates[at]!.id, candidates[best]!.id) < 0)) {
        best = at;
        bestValue = value;
      }
    }
    left.delete(best);
    for (let a = 0; a < aspects.length; a++) uncovered[a]! *= 1 - aspects[a]!.coverage[best]!;
    chosen.push({ id: candidates[best]!.id, score: bestValue, relevance: candidates[best]!.score });
  }
  return chosen;
}

/** How well documents cover aspects that are given as queries: mean MaxSim over cosines, negative values as 0. */
export function aspectCoverage(aspects: readonly Tokens[], documents: readonly Tokens[]): Aspect[] {
  const packed = packTokens(documents);
  return aspects.map((aspect) => {
    const scores = maxsimScores(aspect, packed, { similarity: 'cosine', aggregate: 'mean' });
    return { coverage: scores.map((score) => Math.min(1, Math.max(0, score))) };
  });
}

function checkAspects(aspects: readonly Aspect[], count: number): Float64Array {
  if (!Array.isArray(aspects) || aspects.length === 0)
    throw new RankError('EMPTY_INPUT', `xquad: aspects are ${shown(aspects)}; expected at least one.`);
  const weights = Float64Array.from(aspects, ({ weight = 1, coverage, name }: Aspect, a) => {
    const called = name ?? String(a);
    if (coverage?.length !== count) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `xquad: aspect ${called} covers ${coverage?.length} candidates; expected a number for each of ${count}.`,
      );
    }
    for (let i = 0; i < count; i++) checkNumber(`xquad: aspect ${called}, coverage[${i}]`, coverage[i], { min: 0, max: 1 });
    return checkNumber(`xquad: weight of aspect ${called}`, weight, { min: 0 });
  });
  const total = weights.reduce((a, b) => a + b, 0);
  if (total === 0) throw new RankError('OUT_OF_RANGE', 'xquad: every aspect has weight 0.');
  return weights.map((weight) => weight / total);
}
