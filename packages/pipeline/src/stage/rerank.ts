import { checkInteger, type Explanation, type Hit, RankError, type Reranker, shown, toRanking } from '@rank-rank/core';
import { type BlendOptions, blend, checkBlend, normaliseScores } from '@rank-rank/rerank';
import { candidatesOf } from './candidates.ts';
import { controlsOf } from './controls-of.ts';
import { exactly, lineThrough, underLine } from './scaled.ts';
import type { Results, Stage, StageContext, StageOptions } from './stage.ts';

/** A reranker that may know more than the contract asks for. */
export interface StageReranker extends Reranker {
  /** How a document comes by the score that `rerank` gives it. */
  explain?(
    query: string,
    candidate: { readonly id: string; readonly text?: string; readonly title?: string },
  ): Promise<Explanation | undefined>;
}

export interface RerankStageOptions extends StageOptions<Results, Results> {
  /** How many of the best are reranked; 100 by default, and never fewer than the request wants. */
  readonly depth?: number;
  /**
   * What becomes of the hits below: `keep` (by default) leaves them below in their order, with scores that go on falling from the worst
   * reranked one; `drop` ends the list there.
   */
  readonly rest?: 'keep' | 'drop';
  /** Blends the new scores with those of the stage before: `alpha` is the share of the new ones. Without it they replace them. */
  readonly blend?: BlendOptions;
  /** Whether the reranker reads texts; true by default. One with stored tokens does not. */
  readonly texts?: boolean;
}

/**
 * Orders the best hits anew.
 *
 * @example rerank(crossEncoder, { depth: 20, timeout: 200, fallback: 'previous' })
 */
export function rerank(reranker: StageReranker, options: RerankStageOptions = {}): Stage<Results, Results> {
  const shared = controlsOf('rerank', options, ['depth', 'rest', 'blend', 'texts']);
  if (typeof reranker?.rerank !== 'function')
    throw new RankError('INVALID_ARGUMENT', `rerank: the reranker is ${shown(reranker)}; expected an object with rerank().`);
  const depth = checkInteger('rerank: depth', options.depth ?? 100, { min: 1 });
  const { rest = 'keep', texts = true, blend: blending } = options;
  if (blending !== undefined) checkBlend('rerank: blend', blending);
  if (rest !== 'keep' && rest !== 'drop')
    throw new RankError('INVALID_ARGUMENT', `rerank: rest is ${shown(rest)}; expected "keep" or "drop".`);
  return {
    kind: 'rerank',
    ...shared,
    async run({ hits }, context) {
      const { head, tail } = split(hits, context);
      const scored = await scoresOf(head, context);
      const ranked = blending === undefined ? scored : blendWith(scored, head, blending);
      if (tail.length > 0) context.note(`${tail.length} below were kept in their order`);
      const space = blending === undefined && tail.length === 0 ? (reranker.space ?? 'relative') : 'relative';
      return { hits: [...ranked, ...continued(ranked, head, tail)], space };
    },
    async explain(id, { input, output, before }, context) {
      const hit = output.hits.find((candidate) => candidate.id === id);
      const { head } = split(input.hits, context);
      const at = head.findIndex((candidate) => candidate.id === id);
      if (hit === undefined) return undefined;
      const whole = { name: 'rerank', value: hit.score, space: output.space };
      if (at < 0) return { ...whole, description: `below the ${head.length} that were reranked; its place is that of the stage before` };
      const [candidate] = await candidatesOf([head[at]!], context, false);
      const own = await reranker.explain?.(context.query.text, candidate!);
      if (blending === undefined) return own === undefined ? whole : exactly(own, hit.score);
      const scored = new Map((await scoresOf(head, context)).map((other) => [other.id, other.score]));
      return {
        ...whole,
        parts: blendParts(
          head.map((other) => scored.get(other.id)!),
          head.map(({ score }) => score),
          at,
          blending,
          own,
          before,
        ),
      };
    },
  };

  function split(hits: readonly Hit[], { k }: StageContext): { head: readonly Hit[]; tail: readonly Hit[] } {
    const at = rest === 'drop' ? Math.max(depth, k) : depth;
    return { head: hits.slice(0, at), tail: rest === 'keep' ? hits.slice(at) : [] };
  }

  async function scoresOf(head: readonly Hit[], context: StageContext): Promise<readonly Hit[]> {
    if (head.length === 0) return [];
    const candidates = texts ? await candidatesOf(head, context, true) : head;
    return reranker.rerank(context.query.text, candidates, { signal: context.signal });
  }
}

function blendWith(scored: readonly Hit[], head: readonly Hit[], blending: BlendOptions): Hit[] {
  const first = new Map(head.map(({ id, score }) => [id, score]));
  const scores = blend(
    scored.map(({ score }) => score),
    scored.map(({ id }) => first.get(id)!),
    blending,
  );
  return toRanking(scored.map(({ id }, i) => ({ id, score: scores[i]! })));
}

/** The two shares of a blended score, each taken apart as far as its normalisation is a straight line. */
function blendParts(
  scores: readonly number[],
  first: readonly number[],
  at: number,
  blending: BlendOptions,
  own: Explanation | undefined,
  before: Explanation | undefined,
): Explanation[] {
  const names = checkBlend('rerank: blend', blending);
  const share = (
    name: string,
    values: readonly number[],
    weight: number,
    normalisation: typeof names.score,
    raw: Explanation | undefined,
  ): Explanation => {
    const normalised = normaliseScores(values, normalisation);
    const line = raw === undefined ? undefined : lineThrough(values.map((value, i) => [value, weight * normalised[i]!] as const));
    return {
      name,
      value: weight * normalised[at]!,
      description: `${weight} × ${normalisation} of ${values[at]}`,
      ...(line !== undefined && { parts: underLine(raw!, values[at]!, line) }),
    };
  };
  return [share('reranked', scores, names.alpha, names.score, own), share('before', first, 1 - names.alpha, names.first, before)];
}

/** The tail with scores that go on from the worst reranked one by the same steps as before, so that the list stays in order. */
function continued(ranked: readonly Hit[], head: readonly Hit[], tail: readonly Hit[]): Hit[] {
  const worst = ranked.at(-1);
  const last = head.at(-1);
  if (worst === undefined || last === undefined || tail.length === 0) return [];
  // A step below, so that no tie can lift a document of the tail over a reranked one.
  const step = Math.max(Math.abs(worst.score), 1) * 2 ** -20;
  return tail.map(({ id, score }) => ({ id, score: worst.score - step + (score - last.score) }));
}
