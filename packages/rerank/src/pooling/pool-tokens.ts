import { checkInteger, checkNumber, checkOneOf, checkOptions, RankError, type Tokens } from '@rank-rank/core';
import { checkTokens } from '../tokens/check-tokens.ts';
import { normaliseRow } from '../tokens/truncate.ts';
import { type Retention, retention } from './retention.ts';
import { sphericalGroups } from './spherical-k-means.ts';
import { wardGroups } from './ward.ts';

export interface PoolOptions {
  /**
   * `hierarchical` (by default): Ward's clustering of cosine distances, as PyLate and Sentence Transformers have it; `k-means`: spherical k-means, faster for
   * long documents; `sequential`: neighbours in the text.
   */
  readonly method?: 'hierarchical' | 'k-means' | 'sequential';
  /** Keeps about one row in `factor`, at least 1; 2 by default. */
  readonly factor?: number;
  /** Leading rows that stay as they are; 1 by default (`[CLS]`). */
  readonly protect?: number;
  /** Whether all rows are scaled to length 1; true by default. */
  readonly normalise?: boolean;
  /** For `k-means`; 42 by default. */
  readonly seed?: number;
}

export interface PooledTokens {
  /** Each row is the mean of a group. Its span and piece are those of the group's most typical row. */
  readonly tokens: Tokens;
  /** The rows that went into each row. */
  readonly groups: readonly Uint32Array[];
  /** How much of the document is still there. */
  readonly retention: Retention;
}

/** Ward needs a distance for every pair of rows. */
const mostRows = 8192;

/**
 * Token pooling (Clavié, Chaffin and Adams, "Reducing the footprint of multi-vector retrieval with minimal performance impact via token
 * pooling", 2024): groups rows that are alike and stores the mean of each group.
 *
 * @example
 * const { tokens, retention } = poolTokens(document, { factor: 2 });
 * retention.mean; // how similar the rows are, on average, to what is left of them
 */
export function poolTokens(document: Tokens, options: PoolOptions = {}): PooledTokens {
  checkOptions('poolTokens', options, ['method', 'factor', 'protect', 'normalise', 'seed']);
  const method = checkOneOf('poolTokens: method', options.method ?? 'hierarchical', ['hierarchical', 'k-means', 'sequential']);
  const factor = checkNumber('poolTokens: factor', options.factor ?? 2, { min: 1 });
  const { data, rows, dim } = checkTokens('poolTokens: document', document);
  const protect = Math.min(rows, checkInteger('poolTokens: protect', options.protect ?? 1, { min: 0 }));
  const count = rows - protect;
  const clusters = Math.max(1, Math.floor(count / factor));
  const groups = Array.from({ length: protect }, (_, row) => Uint32Array.of(row));
  if (count > 0) {
    const rest = data.subarray(protect * dim);
    if (method === 'hierarchical' && count > mostRows) {
      throw new RankError(
        'OUT_OF_RANGE',
        `poolTokens: hierarchical pooling of ${count} rows needs a distance for every pair; at most ${mostRows} are supported. Use method 'k-means'.`,
      );
    }
    const labels =
      clusters >= count
        ? Uint32Array.from({ length: count }, (_, i) => i)
        : method === 'hierarchical'
          ? wardGroups(rest, count, dim, clusters)
          : method === 'k-means'
            ? sphericalGroups(rest, count, dim, clusters, options.seed ?? 42)
            : Uint32Array.from({ length: count }, (_, i) => Math.floor((i * clusters) / count));
    const members: number[][] = [];
    labels.forEach((label, i) => {
      const list = (members[label] ??= []);
      list.push(protect + i);
    });
    for (const list of members) groups.push(Uint32Array.from(list));
  }
  const tokens = means(document, groups, options.normalise ?? true);
  return { tokens, groups, retention: retention(document, tokens) };
}

function means({ data, dim, spans, pieces }: Tokens, groups: readonly Uint32Array[], normalise: boolean): Tokens {
  const out = new Float32Array(groups.length * dim);
  const typical = groups.map((group, g) => {
    const mean = out.subarray(g * dim, (g + 1) * dim);
    for (const row of group) for (let k = 0; k < dim; k++) mean[k]! += data[row * dim + k]!;
    for (let k = 0; k < dim; k++) mean[k]! /= group.length;
    let best = group[0]!;
    let bestProduct = Number.NEGATIVE_INFINITY;
    for (const row of group) {
      let product = 0;
      for (let k = 0; k < dim; k++) product += data[row * dim + k]! * mean[k]!;
      if (product > bestProduct) {
        bestProduct = product;
        best = row;
      }
    }
    if (normalise) normaliseRow(mean);
    return best;
  });
  return {
    data: out,
    rows: groups.length,
    dim,
    ...(spans && { spans: Uint32Array.from(typical.flatMap((row) => [spans[2 * row]!, spans[2 * row + 1]!])) }),
    ...(pieces && { pieces: typical.map((row) => pieces[row]!) }),
  };
}
