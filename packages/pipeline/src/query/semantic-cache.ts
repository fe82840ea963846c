import {
  checkInteger,
  checkNumber,
  checkOptions,
  type DenseEncoder,
  RankError,
  type Ranking,
  type Retriever,
  type SearchOptions,
  shown,
} from '@rank-rank/core';

export interface SemanticCacheOptions {
  readonly encoder: DenseEncoder;
  /** The cosine from which two queries count as the same: choose it with {@link calibrateCache}. */
  readonly threshold: number;
  /** Queries that are remembered; 1,000 by default. */
  readonly entries?: number;
}

/** Two queries, and whether they want the same. */
export interface QueryPair {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

/** A threshold with what it costs. */
export interface CacheCalibration {
  readonly threshold: number;
  /** The share of pairs of different queries that would be taken for the same. */
  readonly falseHitRate: number;
  /** The share of pairs that want the same which are recognised. */
  readonly hitRate: number;
  /** How many pairs of different queries the rate rests on: with few, it is little more than a guess. */
  readonly pairs: number;
}

/** A cached retriever, with its counts. */
export interface SemanticCache extends Retriever {
  readonly hits: number;
  readonly misses: number;
}

interface Kept {
  readonly vector: Float32Array;
  readonly k: number;
  readonly filter: string;
  readonly ranking: Ranking;
}

/**
 * Remembers rankings and gives them again for queries that mean the same: of one filter, with at least as many hits, and a cosine above the threshold.
 *
 * @example
 * const { threshold, falseHitRate } = await calibrateCache(encoder, pairs, { falseHitRate: 0.01 });
 * const cached = semanticCache(search, { encoder, threshold });
 */
export function semanticCache(retriever: Retriever, options: SemanticCacheOptions): SemanticCache {
  checkOptions('semanticCache', options, ['encoder', 'threshold', 'entries']);
  const { encoder } = options;
  if (typeof encoder?.encode !== 'function')
    throw new RankError('INVALID_ARGUMENT', `semanticCache: the encoder is ${shown(encoder)}; expected a DenseEncoder.`);
  const threshold = checkNumber('semanticCache: threshold', options.threshold, { min: -1, max: 1 });
  const entries = checkInteger('semanticCache: entries', options.entries ?? 1000, { min: 1 });
  const kept: Kept[] = [];
  const counts = { hits: 0, misses: 0 };
  return {
    get hits() {
      return counts.hits;
    },
    get misses() {
      return counts.misses;
    },
    async search(query: string, k: number, search: SearchOptions = {}): Promise<Ranking> {
      const { data } = await encoder.encode([query], 'query', search.signal && { signal: search.signal });
      const vector = unit(data);
      const filter = JSON.stringify(search.filter ?? null);
      let best: Kept | undefined;
      let bestCosine = threshold;
      for (const entry of kept) {
        if (entry.k < k || entry.filter !== filter) continue;
        const cosine = dot(entry.vector, vector);
        if (cosine < bestCosine) continue;
        bestCosine = cosine;
        best = entry;
      }
      if (best !== undefined) {
        counts.hits++;
        return best.ranking.slice(0, k);
      }
      counts.misses++;
      const ranking = await retriever.search(query, k, search);
      // A query without a known word is like every other such query, and like none.
      if (vector.some((value) => value !== 0)) kept.push({ vector, k, filter, ranking });
      if (kept.length > entries) kept.shift();
      return ranking;
    },
  };
}

/**
 * The lowest threshold at which no more than the given share of different queries is taken for the same, on labelled pairs of one's own queries.
 */
export async function calibrateCache(
  encoder: DenseEncoder,
  pairs: readonly QueryPair[],
  { falseHitRate = 0.01 }: { readonly falseHitRate?: number } = {},
): Promise<CacheCalibration> {
  checkNumber('calibrateCache: falseHitRate', falseHitRate, { min: 0, max: 1 });
  const different = pairs.filter(({ same }) => !same);
  const alike = pairs.filter(({ same }) => same);
  if (different.length === 0 || alike.length === 0) {
    throw new RankError(
      'EMPTY_INPUT',
      `calibrateCache: ${alike.length} pairs that want the same and ${different.length} that do not; expected some of both.`,
    );
  }
  const cosines = async (list: readonly QueryPair[]): Promise<number[]> => {
    const { data, dim } = await encoder.encode(
      list.flatMap(({ a, b }) => [a, b]),
      'query',
    );
    return list.map((_, i) =>
      dot(unit(data.subarray(2 * i * dim, (2 * i + 1) * dim)), unit(data.subarray((2 * i + 1) * dim, (2 * i + 2) * dim))),
    );
  };
  const wrong = (await cosines(different)).sort((a, b) => b - a);
  const right = await cosines(alike);
  const allowed = Math.floor(falseHitRate * wrong.length);
  // Just above the highest cosine that must not count as the same.
  const limit = wrong[allowed];
  const threshold = limit === undefined ? -1 : Math.min(1, limit + 1e-6);
  const share = (values: readonly number[]): number => values.filter((value) => value >= threshold).length / values.length;
  return { threshold, falseHitRate: share(wrong), hitRate: share(right), pairs: wrong.length };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector.slice() : vector.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
