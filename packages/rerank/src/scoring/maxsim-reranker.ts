import {
  type Candidate,
  checkId,
  checkInteger,
  checkNumber,
  checkOptions,
  checkString,
  RankError,
  type Ranking,
  type Reranker,
  type RerankOptions,
  type ScoreSpace,
  shown,
  type TokenEncoder,
  type Tokens,
  throwIfCancelled,
  topK,
} from '@rank-rank/core';
import { type BlendOptions, blend, checkBlend } from './blend.ts';
import { countedWeights, type MaxSimOptions, maxsimScores, maxsimSpace } from './maxsim.ts';

/** Where the tokens of documents are kept: a `TokenStore`, or an index. */
export interface StoredTokens {
  has(id: string): boolean;
  /** MaxSim of the query and each of these documents, in their order. */
  scores(query: Tokens, ids: readonly string[], options?: StoredScoreOptions): Float32Array;
}

/** What a store can do without the matrices at hand. */
export type StoredScoreOptions = Pick<MaxSimOptions, 'similarity' | 'aggregate' | 'queryLength' | 'weights'>;

export interface MaxSimRerankerOptions extends Omit<MaxSimOptions, 'mask' | 'weights' | 'empty'> {
  /** Makes tokens of the query, and of candidates that bring none and are not in the store. */
  readonly encoder: TokenEncoder;
  /** Where candidates' tokens are looked up first. */
  readonly store?: StoredTokens;
  /** Which query rows count, and by how much, seen from their tokens: `(query) => idfWeights(query, frequencies)`. 1 by default. */
  readonly weigh?: (query: Tokens) => Float32Array | readonly number[];
  /** Blends with the score of the stage before. Every candidate then needs one. */
  readonly blend?: BlendOptions;
  /** Candidates below this score are left out. */
  readonly atLeast?: number;
  /**
   * Scores in the order of the stage before, `batch` at a time, and stops once no candidate left can reach the best `topK`: the result is the same.
   * `longestRow` bounds the length of document rows (1 for models that normalise). Needs `topK`, and a blend without normalisation of the
   * new scores (`alpha` below 1); without a blend the bound is the same for all and nothing is saved.
   */
  readonly earlyStop?: { readonly longestRow: number; readonly batch?: number };
}

const known = [
  'encoder',
  'store',
  'weigh',
  'blend',
  'atLeast',
  'earlyStop',
  'similarity',
  'aggregate',
  'queryLength',
  'absent',
  'smooth',
  'dim',
  'query',
] as const;

/**
 * Reranks by late interaction: encodes the query, takes each candidate's tokens from where they are (the candidate, the store, the encoder),
 * and orders by MaxSim.
 *
 * @example
 * const reranker = maxsimReranker({ encoder, blend: { alpha: 0.7 } });
 * const ranking = await reranker.rerank('what is late interaction', candidates, { topK: 10 });
 */
export function maxsimReranker(options: MaxSimRerankerOptions): Reranker & { readonly space: ScoreSpace } {
  checkOptions('maxsimReranker', options, known);
  const { encoder, store, weigh, blend: blending, atLeast, earlyStop, ...scoring } = options;
  if (typeof encoder?.encode !== 'function') {
    throw new RankError('INVALID_ARGUMENT', `maxsimReranker: encoder is ${shown(encoder)}; expected a TokenEncoder.`);
  }
  const blended = blending && checkBlend('maxsimReranker: blend', blending);
  if (atLeast !== undefined) checkNumber('maxsimReranker: atLeast', atLeast);
  if (earlyStop !== undefined) {
    checkOptions('maxsimReranker: earlyStop', earlyStop, ['longestRow', 'batch']);
    checkNumber('maxsimReranker: earlyStop.longestRow', earlyStop.longestRow, { above: 0 });
    checkInteger('maxsimReranker: earlyStop.batch', earlyStop.batch ?? 16, { min: 1 });
    if (blended?.score !== 'none' || blended.first !== 'none' || scoring.smooth !== undefined) {
      throw new RankError(
        'UNSUPPORTED',
        "maxsimReranker: earlyStop needs blend: { alpha, normalise: 'none' } and no smooth maximum, because scores that are normalised over all candidates cannot be bounded before all are known.",
      );
    }
  }
  const space: ScoreSpace = blended === undefined ? maxsimSpace(scoring) : 'relative';

  async function scoresOf(
    query: Tokens,
    candidates: readonly Candidate[],
    weights: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const out = new Float32Array(candidates.length);
    const stored: number[] = [];
    const given: number[] = [];
    const toEncode: number[] = [];
    candidates.forEach((candidate, i) => {
      (candidate.tokens !== undefined ? given : store?.has(candidate.id) ? stored : toEncode).push(i);
    });
    const tokens = new Map(given.map((i) => [i, candidates[i]!.tokens!]));
    if (toEncode.length > 0) {
      const texts = toEncode.map((i) => textOf(candidates[i]!));
      const encoded = await encoder.encode(texts, 'document', signal && { signal });
      toEncode.forEach((i, j) => {
        tokens.set(i, encoded[j]!);
      });
    }
    const matrices = [...tokens.keys()].sort((a, b) => a - b);
    for (const i of matrices) {
      if (tokens.get(i)!.rows === 0) {
        throw new RankError(
          'EMPTY_INPUT',
          `Candidate ${shown(candidates[i]!.id)} has no counted token, so MaxSim says nothing about it. Leave it out.`,
          { id: candidates[i]!.id },
        );
      }
    }
    if (matrices.length > 0) {
      const scores = maxsimScores(
        query,
        matrices.map((i) => tokens.get(i)!),
        { ...scoring, weights },
      );
      matrices.forEach((i, j) => {
        out[i] = scores[j]!;
      });
    }
    if (stored.length > 0) {
      const { similarity, aggregate, queryLength } = scoring;
      const scores = store!.scores(
        query,
        stored.map((i) => candidates[i]!.id),
        {
          ...(similarity && { similarity }),
          ...(aggregate && { aggregate }),
          ...(queryLength && { queryLength }),
          weights,
        },
      );
      stored.forEach((i, j) => {
        out[i] = scores[j]!;
      });
    }
    return out;
  }

  return {
    space,
    async rerank(query: string, candidates: readonly Candidate[], rerankOptions: RerankOptions = {}): Promise<Ranking> {
      checkOptions('rerank', rerankOptions, ['signal', 'topK']);
      const { signal } = rerankOptions;
      checkString('rerank: query', query);
      checkCandidates(candidates, blended !== undefined);
      if (candidates.length === 0) return [];
      const k = rerankOptions.topK === undefined ? candidates.length : checkInteger('rerank: topK', rerankOptions.topK, { min: 1 });
      throwIfCancelled(signal, 'Reranking');
      const [tokens] = await encoder.encode([query], 'query', signal && { signal });
      if (tokens === undefined || tokens.rows === 0) throw new RankError('EMPTY_INPUT', `The query ${shown(query)} has no counted token.`);
      const weights = countedWeights(tokens, weigh === undefined ? {} : { weights: weigh(tokens) });
      const hits: { id: string; score: number }[] = [];
      if (earlyStop === undefined || k >= candidates.length) {
        const scores = await scoresOf(tokens, candidates, weights, signal);
        const final =
          blending === undefined
            ? scores
            : blend(
                scores,
                Float64Array.from(candidates, ({ score }) => score!),
                blending,
              );
        candidates.forEach(({ id }, i) => {
          hits.push({ id, score: final[i]! });
        });
      } else {
        const { alpha } = blended!;
        const bound = alpha * maxsimBound(tokens, weights, earlyStop.longestRow, scoring);
        const order = [...candidates].sort((a, b) => b.score! - a.score!);
        const batch = earlyStop.batch ?? 16;
        for (let at = 0; at < order.length; at += batch) {
          throwIfCancelled(signal, 'Reranking');
          // What comes next has at most this score; equal scores are still looked at, because ids decide between them.
          if (hits.length >= k && bound + (1 - alpha) * order[at]!.score! < topK(hits, k)[k - 1]!.score) break;
          const part = order.slice(at, at + batch);
          const scores = await scoresOf(tokens, part, weights, signal);
          part.forEach(({ id, score }, i) => {
            hits.push({ id, score: alpha * scores[i]! + (1 - alpha) * score! });
          });
        }
      }
      return topK(atLeast === undefined ? hits : hits.filter(({ score }) => score >= atLeast), k);
    },
  };
}

/** The largest score that a document can have whose rows are at most so long. */
function maxsimBound(
  query: Tokens,
  weights: Float32Array,
  longestRow: number,
  { similarity, aggregate = 'sum', queryLength = 32 }: Pick<MaxSimOptions, 'similarity' | 'aggregate' | 'queryLength'>,
): number {
  let bound = 0;
  let total = 0;
  for (let i = 0; i < query.rows; i++) {
    let square = 0;
    for (let j = i * query.dim; j < (i + 1) * query.dim; j++) square += query.data[j]! ** 2;
    bound += weights[i]! * (similarity === 'cosine' ? 1 : Math.sqrt(square) * longestRow);
    total += weights[i]!;
  }
  // A hair above, for the rounding of f32 sums.
  const safe = bound * (1 + 1e-5);
  return aggregate === 'sum' ? safe : safe / (aggregate === 'mean' ? total : queryLength);
}

function textOf({ id, text, title }: Candidate): string {
  if (text === undefined) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `Candidate ${shown(id)} has neither tokens nor a text, and is not in the store. Give one of them.`,
      { id },
    );
  }
  return title ? `${title} ${text}` : text;
}

function checkCandidates(candidates: readonly Candidate[], needScore: boolean): void {
  if (!Array.isArray(candidates))
    throw new RankError('INVALID_ARGUMENT', `rerank: candidates are ${shown(candidates)}; expected an array.`);
  const seen = new Set<string>();
  candidates.forEach((candidate, i) => {
    const id = checkId(`candidates[${i}].id`, candidate?.id);
    if (seen.has(id)) throw new RankError('DUPLICATE_ID', `candidates has document ${shown(id)} twice.`, { id });
    seen.add(id);
    if (needScore) checkNumber(`The first-stage score of candidate ${shown(id)}, which blending needs,`, candidate.score);
  });
}
