import { checkHits, checkInteger, checkNumber, checkOneOf, checkOptions, compareCodePoints, type Hit } from '@rank-rank/core';
import { type Normalisation, normalisations, normaliseScores } from '../scoring/blend.ts';
import { checkSimilarities, type DiverseCandidate, type SimilarityMatrix, similarityMatrix } from './similarity.ts';

export interface MmrOptions {
  /** How many to choose; all by default. */
  readonly k?: number;
  /** The weight of relevance against novelty, 0–1: 0.5 by default; `auto` takes {@link chooseLambda}'s. */
  readonly lambda?: number | 'auto';
  /** How relevance is scaled, so that it can be set against similarities: `min-max` by default. */
  readonly normalise?: Normalisation;
  /** In place of the candidates' vectors or tokens. */
  readonly similarities?: SimilarityMatrix;
}

/** A chosen document: `score` is its marginal value when it was chosen, which never rises down the list. */
export interface Chosen extends Hit {
  /** The score it came with. */
  readonly relevance: number;
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): chooses, one after the other, the document with the largest
 * `λ · relevance − (1 − λ) · max similarity to those chosen`.
 *
 * @example mmr(candidates, { k: 10, lambda: 0.7 })
 */
export function mmr(candidates: readonly DiverseCandidate[], options: MmrOptions = {}): Chosen[] {
  checkOptions('mmr', options, ['k', 'lambda', 'normalise', 'similarities']);
  checkHits('mmr: candidates', candidates);
  if (candidates.length === 0) return [];
  const k = options.k === undefined ? candidates.length : checkInteger('mmr: k', options.k, { min: 1 });
  const similarities =
    options.similarities === undefined ? similarityMatrix(candidates) : checkSimilarities('mmr', options.similarities, candidates.length);
  const normalise = checkOneOf('mmr: normalise', options.normalise ?? 'min-max', normalisations);
  const relevance = normaliseScores(
    Float64Array.from(candidates, ({ score }) => score),
    normalise,
  );
  const lambda =
    options.lambda === 'auto'
      ? chooseLambda(candidates, { k, normalise, similarities }).lambda
      : checkNumber('mmr: lambda', options.lambda ?? 0.5, { min: 0, max: 1 });
  return greedyMmr(candidates, relevance, similarities, lambda, k).map(([at, score]) => ({
    id: candidates[at]!.id,
    score,
    relevance: candidates[at]!.score,
  }));
}

export interface LambdaChoice {
  readonly lambda: number;
  /** What each λ keeps of the relevance of the top k, and its diversity (1 − mean similarity of the chosen), both as shares of the best possible on the grid. */
  readonly curve: readonly { readonly lambda: number; readonly relevance: number; readonly diversity: number }[];
}

/**
 * A λ from the data: of 0, 0.05 … 1 the one whose choice has the largest harmonic mean of relevance kept and diversity gained; the
 * largest such λ, so that results without redundancy keep their order.
 */
export function chooseLambda(
  candidates: readonly DiverseCandidate[],
  options: Pick<MmrOptions, 'normalise' | 'similarities'> & { readonly k: number },
): LambdaChoice {
  checkOptions('chooseLambda', options, ['k', 'normalise', 'similarities']);
  checkHits('chooseLambda: candidates', candidates);
  const k = Math.min(checkInteger('chooseLambda: k', options.k, { min: 1 }), candidates.length);
  const similarities = options.similarities ?? similarityMatrix(candidates);
  const relevance = normaliseScores(
    Float64Array.from(candidates, ({ score }) => score),
    options.normalise ?? 'min-max',
  );
  const points = Array.from({ length: 21 }, (_, step) => {
    const lambda = step / 20;
    const chosen = greedyMmr(candidates, relevance, similarities, lambda, k).map(([at]) => at);
    let pairs = 0;
    let alike = 0;
    for (let a = 0; a < chosen.length; a++) {
      for (let b = 0; b < a; b++) {
        alike += similarities.data[chosen[a]! * similarities.size + chosen[b]!]!;
        pairs++;
      }
    }
    const kept = chosen.reduce((sum, at) => sum + relevance[at]!, 0);
    return { lambda, relevance: kept, diversity: pairs === 0 ? 1 : 1 - alike / pairs };
  });
  const most = (of: 'relevance' | 'diversity') => Math.max(...points.map((point) => point[of]), Number.MIN_VALUE);
  const [bestRelevance, bestDiversity] = [most('relevance'), most('diversity')];
  const curve = points.map((point) => ({
    lambda: point.lambda,
    relevance: point.relevance / bestRelevance,
    diversity: point.diversity / bestDiversity,
  }));
  let lambda = 1;
  let best = Number.NEGATIVE_INFINITY;
  for (const point of curve) {
    const sum = point.relevance + point.diversity;
    const mean = sum <= 0 ? 0 : (2 * point.relevance * point.diversity) / sum;
    if (mean >= best - 1e-12) {
      best = Math.max(best, mean);
      lambda = point.lambda;
    }
  }
  return { lambda, curve };
}

/** Positions and marginal values, in the order of choice. */
function greedyMmr(
  candidates: readonly Hit[],
  relevance: Float64Array,
  { data, size }: SimilarityMatrix,
  lambda: number,
  k: number,
): [at: number, value: number][] {
  const nearest = new Float64Array(size).fill(0);
  const left = new Set(candidates.keys());
  const chosen: [number, number][] = [];
  while (chosen.length < k && left.size > 0) {
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const at of left) {
      const value = lambda * relevance[at]! - (1 - lambda) * nearest[at]!;
      if (value > bestValue || (value === bestValue && compareCodePoints(candidates[at]!.id, candidates[best]!.id) < 0)) {
        best = at;
        bestValue = value;
      }
    }
    left.delete(best);
    for (const at of left) {
      const similarity = data[best * size + at]!;
      // The first choice sets the level: similarities may be negative.
      nearest[at] = chosen.length === 0 ? similarity : Math.max(nearest[at]!, similarity);
    }
    chosen.push([best, bestValue]);
  }
  return chosen;
}
