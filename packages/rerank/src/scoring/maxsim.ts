import { checkInteger, checkOneOf, checkOptions, RankError, type ScoreSpace, type Tokens } from '@rank-rank/core';
import { maxSim, maxSimPositions, quantise, type Rows } from '@rank-rank/kernels';
import { checkCounted, checkTokens } from '../tokens/check-tokens.ts';
import { checkMask } from '../tokens/counted.ts';
import { type PackedTokens, packTokens } from '../tokens/pack.ts';
import { checkWeights } from '../tokens/weights.ts';
import { signRows } from './sign-rows.ts';
import { checkSmooth, type Smooth, smoothMaxSim } from './smooth-maxsim.ts';

/** The score of a document without a counted row, where it is asked for: finite, and below every real score (Sentence Transformers' value). */
export const emptyDocumentScore: number = -1e9;

export interface MaxSimOptions {
  /** `dot` by default, which for rows of length 1 is the cosine. */
  readonly similarity?: 'dot' | 'cosine';
  /**
   * `sum` (by default); `mean` divides by the weights of the counted query rows, so that scores of long and short queries can be compared;
   * `normalised` divides by `queryLength`, the number of rows the model pads its queries to.
   */
  readonly aggregate?: 'sum' | 'mean' | 'normalised';
  /** For `normalised`: 32 by default. */
  readonly queryLength?: number;
  /** What each query row counts, at least 0: {@link idfWeights}, or learned ones. 1 by default. */
  readonly weights?: Float32Array | readonly number[];
  /** Which query rows count, and for each document which of its rows do: entries that are not 0. All by default. */
  readonly mask?: {
    readonly query?: ArrayLike<number | boolean>;
    readonly documents?: readonly (ArrayLike<number | boolean> | undefined)[];
  };
  /** What rows that do not count do to a maximum; `excluded` by default. See `maskings`. */
  readonly absent?: 'excluded' | 'zero' | 'clipped';
  /** A smooth maximum in place of the largest similarity. */
  readonly smooth?: Smooth;
  /** Compares only the first `dim` dimensions (Matryoshka). Use `cosine` with it, or truncate and normalise first. */
  readonly dim?: number;
  /** `exact` (by default) compares the f32 query with whatever the documents are kept as; `quantised` brings the query to the documents' type first: integer arithmetic, several times as fast. */
  readonly query?: 'exact' | 'quantised';
  /** A document without counted rows: an `EMPTY_INPUT` error (by default), or {@link emptyDocumentScore}. */
  readonly empty?: 'error' | 'lowest';
}

const known = ['similarity', 'aggregate', 'queryLength', 'weights', 'mask', 'absent', 'smooth', 'dim', 'query', 'empty'] as const;

/** What scores made with these options mean. */
export function maxsimSpace({ aggregate = 'sum' }: Pick<MaxSimOptions, 'aggregate'> = {}): ScoreSpace {
  return aggregate === 'sum' ? 'maxsim' : aggregate === 'mean' ? 'meanMaxSim' : 'relative';
}

/**
 * MaxSim of one query and one document: `Σ_i w_i · max_j q_i · d_j` (Khattab and Zaharia, "ColBERT", 2020).
 *
 * @example
 * const rows = (...values: number[][]) => ({ data: Float32Array.from(values.flat()), rows: values.length, dim: 2 });
 * maxsim(rows([1, 0], [0, 1]), rows([0.6, 0.8])); // 0.6 + 0.8
 */
export function maxsim(query: Tokens, document: Tokens, options: MaxSimOptions = {}): number {
  return maxsimScores(query, [document], options)[0]!;
}

/** MaxSim of one query and many documents, in one call: one score a document. Give {@link PackedTokens} where documents are scored more than once. */
export function maxsimScores(query: Tokens, documents: readonly Tokens[] | PackedTokens, options: MaxSimOptions = {}): Float32Array {
  const { packed, weights, divisor, metric, rows, dim, absent } = prepared(query, documents, options);
  const target = dim === packed.dim ? packed.rows : narrowed(packed.rows, dim);
  const given = { rows: target, offsets: packed.offsets };
  let scores: Float32Array;
  if (options.smooth !== undefined) scores = smoothMaxSim(rows, given, weights, metric, options.smooth);
  else if (absent === 'excluded') scores = maxSim(rows, given, { metric, weights });
  else
    scores = clippedMaxSim(
      rows,
      given,
      weights,
      metric,
      absent === 'clipped' ? undefined : (packed.masked ?? new Uint8Array(packed.count)),
    );
  for (let i = 0; i < scores.length; i++) {
    if (packed.offsets[i] === packed.offsets[i + 1]) scores[i] = emptyDocumentScore;
    else scores[i]! /= divisor;
  }
  return scores;
}

function prepared(query: Tokens, documents: readonly Tokens[] | PackedTokens, options: MaxSimOptions) {
  checkOptions('maxsim', options, known);
  checkTokens('query', query);
  const metric = checkOneOf('maxsim: similarity', options.similarity ?? 'dot', ['dot', 'cosine']);
  const aggregate = checkOneOf('maxsim: aggregate', options.aggregate ?? 'sum', ['sum', 'mean', 'normalised']);
  const absent = checkOneOf('maxsim: absent', options.absent ?? 'excluded', ['excluded', 'zero', 'clipped']);
  const empty = checkOneOf('maxsim: empty', options.empty ?? 'error', ['error', 'lowest']);
  const exactness = checkOneOf('maxsim: query', options.query ?? 'exact', ['exact', 'quantised']);
  if (options.smooth !== undefined) checkSmooth(options.smooth);
  const masks = options.mask?.documents;
  let packed: PackedTokens;
  if ('offsets' in documents) {
    packed = documents;
    if (masks !== undefined) {
      throw new RankError(
        'INVALID_ARGUMENT',
        'maxsim: mask.documents cannot be applied to packed documents. Give the masks to packTokens.',
      );
    }
  } else packed = packTokens(documents, masks === undefined ? {} : { masks });
  if (query.dim !== packed.dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `The query has ${query.dim} dimensions and the documents have ${packed.dim}. Encode both with one model.`,
      { query: query.dim, documents: packed.dim },
    );
  }
  const dim = options.dim === undefined ? packed.dim : checkInteger('maxsim: dim', options.dim, { min: 1, max: packed.dim });
  const weights = countedWeights(query, options);
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  if (total === 0) checkCounted('The query', { ...query, rows: 0 });
  for (let i = 0; empty === 'error' && i < packed.count; i++) {
    if (packed.offsets[i] === packed.offsets[i + 1]) {
      throw new RankError('EMPTY_INPUT', `Document ${i} has no counted token. Leave it out, or score it with empty: 'lowest'.`, {
        index: i,
      });
    }
  }
  const length = checkInteger('maxsim: queryLength', options.queryLength ?? 32, { min: 1 });
  const divisor = aggregate === 'sum' ? 1 : aggregate === 'mean' ? total : length;
  const full = { type: 'f32', data: query.data, dim, stride: query.dim } as const;
  const rows: Rows =
    exactness === 'exact' || packed.type === 'f32'
      ? full
      : packed.rows.type === 'bits'
        ? signRows(full)
        : quantise(full, packed.rows.type === 'i8' ? 'i8' : 'f16');
  return { packed, weights, divisor, metric, rows, dim, absent };
}

/** The query's weights, 0 for rows that its mask leaves out. */
export function countedWeights(query: Tokens, { weights, mask }: Pick<MaxSimOptions, 'weights' | 'mask'>): Float32Array {
  const given = weights === undefined ? new Float32Array(query.rows).fill(1) : checkWeights('weights', weights, query.rows).slice();
  if (mask?.query !== undefined) {
    const counted = checkMask('mask.query', mask.query, query.rows);
    for (let i = 0; i < query.rows; i++) if (!counted[i]) given[i] = 0;
  }
  return given;
}

/** Fewer dimensions of the same rows, in place where the layout allows. */
export function narrowed(rows: Rows, dim: number): Rows {
  if (rows.type === 'bits' || rows.type === 'residual') {
    throw new RankError(
      'UNSUPPORTED',
      `maxsim: dim cannot be applied to ${rows.type} rows: they have no prefix that stands alone. Truncate before packing.`,
    );
  }
  return { ...rows, dim, stride: rows.stride ?? rows.dim };
}

/** Maxima that are never below 0: for every document, or for those that `which` marks. */
function clippedMaxSim(
  query: Rows,
  documents: { rows: Rows; offsets: Uint32Array },
  weights: Float32Array,
  metric: 'dot' | 'cosine',
  which: Uint8Array | undefined,
): Float32Array {
  const { scores, similarities } = maxSimPositions(query, documents, { metric, weights });
  const width = weights.length;
  for (let d = 0; d < scores.length; d++) {
    if (which !== undefined && which[d] === 0) continue;
    let sum = 0;
    for (let i = 0; i < width; i++) if (weights[i]! > 0) sum += weights[i]! * Math.max(0, similarities[d * width + i]!);
    scores[d] = sum;
  }
  return scores;
}
