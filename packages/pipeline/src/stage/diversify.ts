import { checkInteger, RankError, shown, type Tokens } from '@rank-rank/core';
import { type DiverseCandidate, dpp, type MmrOptions, mmr } from '@rank-rank/rerank';
import { controlsOf } from './controls-of.ts';
import type { Results, Stage, StageOptions } from './stage.ts';

/** What documents are compared by. */
export interface Likeness {
  vectorsOf?(ids: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
  tokensOf?(ids: readonly string[]): Promise<readonly (Tokens | undefined)[]>;
}

export interface DiversifyOptions extends StageOptions<Results, Results> {
  /** `mmr` by default. */
  readonly method?: 'mmr' | 'dpp';
  /** For MMR: the weight of relevance against novelty, or `auto` to choose it from the results. 0.7 by default. */
  readonly lambda?: number | 'auto';
  /** For DPP: how much relevance counts. 1 by default. */
  readonly alpha?: number;
  /** How many of the best are chosen from; the rest follow in their order. 50 by default. */
  readonly depth?: number;
}

/**
 * Puts near-repetitions further down.
 *
 * @example diversify(denseIndex, { lambda: 'auto' })
 */
export function diversify(likeness: Likeness, options: DiversifyOptions = {}): Stage<Results, Results> {
  const shared = controlsOf('diversify', options, ['method', 'lambda', 'alpha', 'depth']);
  if (typeof likeness?.vectorsOf !== 'function' && typeof likeness?.tokensOf !== 'function') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `diversify: documents cannot be compared by ${shown(likeness)}; expected an index with vectorsOf() or tokensOf().`,
    );
  }
  const { method = 'mmr', lambda = 0.7, alpha = 1 } = options;
  if (method !== 'mmr' && method !== 'dpp')
    throw new RankError('INVALID_ARGUMENT', `diversify: method is ${shown(method)}; expected "mmr" or "dpp".`);
  const depth = checkInteger('diversify: depth', options.depth ?? 50, { min: 1 });
  return {
    kind: 'diversify',
    ...shared,
    async run({ hits }, { k, note }) {
      const head = hits.slice(0, Math.max(depth, k));
      const ids = head.map(({ id }) => id);
      const vectors = likeness.vectorsOf === undefined ? undefined : await likeness.vectorsOf(ids);
      const tokens = vectors === undefined ? await likeness.tokensOf!(ids) : undefined;
      const known = head.flatMap((hit, i): DiverseCandidate[] => {
        const vector = vectors?.[i];
        const matrix = tokens?.[i];
        return vector !== undefined ? [{ ...hit, vector }] : matrix !== undefined ? [{ ...hit, tokens: matrix }] : [];
      });
      if (known.length < head.length) note(`${head.length - known.length} have nothing to compare by and follow below`);
      const chosen =
        method === 'mmr' ? mmr(known, { k: known.length, lambda } satisfies MmrOptions) : dpp(known, { k: known.length, alpha });
      const placed = new Set(chosen.map(({ id }) => id));
      // Marginal values are no scores of documents, so places stand for them: the list keeps one order from head to tail.
      const order = [...chosen.map(({ id }) => id), ...hits.filter(({ id }) => !placed.has(id)).map(({ id }) => id)];
      return { hits: order.map((id, i) => ({ id, score: 1 / (i + 1) })), space: 'rank' };
    },
    async explain(id, { input, output, before }) {
      const from = input.hits.findIndex((hit) => hit.id === id) + 1;
      const to = output.hits.findIndex((hit) => hit.id === id) + 1;
      if (to === 0) return undefined;
      const was = before === undefined ? '' : ` by ${before.name} ${before.value}`;
      return { name: 'diversify', value: output.hits[to - 1]!.score, space: 'rank', description: `place ${to}; was place ${from}${was}` };
    },
  };
}
