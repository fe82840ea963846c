import { type Hit, RankError, shown, toRanking } from '@rank-rank/core';
import { controlsOf } from './controls-of.ts';
import type { Results, Stage, StageOptions } from './stage.ts';

export interface ParentsOptions extends StageOptions<Results, Results> {
  /** The document that a passage belongs to. */
  readonly parentOf: (passage: string) => string;
}

/**
 * From passages to their documents: each has the score of its best passage (MaxP; Dai and Callan, "Deeper text understanding for IR with contextual neural
 * language modeling", SIGIR 2019).
 *
 * @example pipeline(retrieve(passages), rerank(crossEncoder), parents({ parentOf: (id) => id.split('#')[0] }))
 */
export function parents(options: ParentsOptions): Stage<Results, Results> {
  const shared = controlsOf('parents', options, ['parentOf']);
  const { parentOf } = options;
  if (typeof parentOf !== 'function')
    throw new RankError(
      'INVALID_ARGUMENT',
      `parents: parentOf is ${shown(parentOf)}; expected a function from a passage's id to its document's.`,
    );
  return {
    kind: 'parents',
    ...shared,
    async run({ hits, space }, context) {
      const best = new Map<string, Hit>();
      for (const { id, score } of hits) {
        const parent = parentOf(id);
        if (!best.has(parent)) best.set(parent, { id: parent, score });
      }
      context.note(`${hits.length} passages of ${best.size} documents`);
      // Hits come best first, so a document stands where its best passage stood; equal scores are ordered anew by the documents' ids.
      return { hits: toRanking(best.values()), space };
    },
    async explain(id, { input, before }) {
      const passage = input.hits.find((hit) => parentOf(hit.id) === id);
      if (passage === undefined) return undefined;
      return {
        name: 'best passage',
        value: passage.score,
        space: input.space,
        description: passage.id,
        ...(before && { parts: [before] }),
      };
    },
    explainedAs: (id, { hits }) => hits.find((hit) => parentOf(hit.id) === id)?.id,
  };
}
