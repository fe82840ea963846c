import { checkHits, checkInteger, checkNumber, checkOneOf, checkOptions, compareCodePoints } from '@rank-rank/core';
import { type Normalisation, normalisations, normaliseScores } from '../scoring/blend.ts';
import type { Chosen } from './mmr.ts';
import { checkSimilarities, type DiverseCandidate, type SimilarityMatrix, similarityMatrix } from './similarity.ts';

export interface DppOptions {
  /** How many to choose; all by default. */
  readonly k?: number;
  /** How much relevance counts: a document's quality is `exp(alpha · relevance / 2)`. 1 by default; 0 chooses by diversity alone. */
  readonly alpha?: number;
  readonly normalise?: Normalisation;
  readonly similarities?: SimilarityMatrix;
}

/** Below this share of what it had a document is a combination of those chosen already, as far as similarities in f32 can tell. */
const dependent = 1e-6;

/**
 * The greedy most probable set of a determinantal point process with `L = diag(q) · S · diag(q)` (Chen, Zhang and Zhou, "Fast greedy MAP
 * inference for determinantal point process", 2018): each choice adds most to `log det L`.
 *
 * Documents that are linear combinations of those chosen have no volume to add; once only such are left they follow by relevance, with
 * `log det` gains of −Infinity shown as the smallest finite gain of the list less what they are behind in relevance.
 *
 * @example dpp(candidates, { k: 10, alpha: 2 })
 */
export function dpp(candidates: readonly DiverseCandidate[], options: DppOptions = {}): Chosen[] {
  checkOptions('dpp', options, ['k', 'alpha', 'normalise', 'similarities']);
  checkHits('dpp: candidates', candidates);
  const n = candidates.length;
  if (n === 0) return [];
  const k = Math.min(n, options.k === undefined ? n : checkInteger('dpp: k', options.k, { min: 1 }));
  const alpha = checkNumber('dpp: alpha', options.alpha ?? 1, { min: 0 });
  const { data } = options.similarities === undefined ? similarityMatrix(candidates) : checkSimilarities('dpp', options.similarities, n);
  const relevance = normaliseScores(
    Float64Array.from(candidates, ({ score }) => score),
    checkOneOf('dpp: normalise', options.normalise ?? 'min-max', normalisations),
  );
  const quality = relevance.map((value) => Math.exp((alpha * value) / 2));

  // Incremental Cholesky factors: row i of `factors` is c_i, and `volume[i]` is d_i², what i would multiply the determinant by.
  const factors = candidates.map(() => new Float64Array(k));
  const volume = Float64Array.from(candidates, (_, i) => data[i * n + i]! * quality[i]! ** 2);
  const scale = Float64Array.from(volume);
  const left = new Set(candidates.keys());
  const spent: number[] = [];
  const chosen: Chosen[] = [];
  const better = (a: number, b: number) => compareCodePoints(candidates[a]!.id, candidates[b]!.id) < 0;
  while (chosen.length < k && left.size > 0) {
    let best = -1;
    for (const i of left) if (best < 0 || volume[i]! > volume[best]! || (volume[i] === volume[best] && better(i, best))) best = i;
    left.delete(best);
    // What is left of it may be the rounding of a high quality, and still be more than all that a modest document has: only it is done with.
    if (!(volume[best]! > dependent * scale[best]!)) {
      spent.push(best);
      continue;
    }
    const root = Math.sqrt(volume[best]!);
    const step = chosen.length;
    for (const i of left) {
      const kernel = data[best * n + i]! * quality[best]! * quality[i]!;
      let product = 0;
      for (let s = 0; s < step; s++) product += factors[best]![s]! * factors[i]![s]!;
      const e = (kernel - product) / root;
      factors[i]![step] = e;
      volume[i] = Math.max(0, volume[i]! - e * e);
    }
    chosen.push({ id: candidates[best]!.id, score: Math.log(root * root), relevance: candidates[best]!.score });
  }
  const floor = (chosen.at(-1)?.score ?? 0) - 1;
  const rest = spent.sort((a, b) => relevance[b]! - relevance[a]! || (better(a, b) ? -1 : 1)).slice(0, k - chosen.length);
  const highest = rest.length === 0 ? 0 : relevance[rest[0]!]!;
  for (const i of rest) chosen.push({ id: candidates[i]!.id, score: floor - (highest - relevance[i]!), relevance: candidates[i]!.score });
  return chosen;
}
