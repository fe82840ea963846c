import { checkOptions, type Explanation } from '@rank-rank/core';
import { explain as explainFusion, type FuseOptions, type FusionMethodName, findMethod, fuse as fuseRuns } from '@rank-rank/fusion';
import { controlsOf } from './controls-of.ts';
import { lineThrough, underLine } from './scaled.ts';
import { type ResultLists, type Results, type Stage, type StageOptions, stageOptionNames } from './stage.ts';

export type FuseStageOptions = FuseOptions & StageOptions<ResultLists, Results>;

/** Fusion works on runs; one query's lists are runs of one query. */
const query = 'q';

/**
 * Result lists → one list, by any method of `@rank-rank/fusion` (reciprocal rank fusion where none is named). Weights go by source name.
 *
 * @example
 * fuse('rrf');
 * fuse({ method: 'weighted-sum', weights: { bm25: 1, dense: 0.2 } });
 */
export function fuse(how: FusionMethodName | FuseStageOptions = {}): Stage<ResultLists, Results> {
  const options = (typeof how === 'string' ? { method: how } : how) as FuseStageOptions;
  checkOptions('fuse', options, Object.keys(options ?? {}));
  const own = Object.keys(options).filter((key) => !(stageOptionNames as readonly string[]).includes(key));
  const fusion = Object.fromEntries(own.map((key) => [key, (options as Record<string, unknown>)[key]])) as FuseOptions;
  if (typeof fusion.method === 'string') findMethod(fusion.method);
  return {
    kind: 'fuse',
    ...controlsOf('fuse', options, own),
    description: { fuse: fusion },
    async run({ lists }, { note }) {
      const names = Object.keys(lists);
      if (names.length === 1) note(`only ${names[0]} answered: nothing was fused`);
      return { hits: fuseRuns(runsOf(lists), forNames(fusion, names)).get(query) ?? [], space: 'fused' };
    },
    async explain(id, { input: { lists }, sources = {} }) {
      const explained = explainFusion(runsOf(lists), query, forNames(fusion, Object.keys(lists)));
      const hit = explained.find((candidate) => candidate.id === id);
      if (hit === undefined) return undefined;
      const parts = hit.sources.map(({ run, rank, score, normalized, contribution }): Explanation => {
        const description =
          rank === undefined
            ? 'does not have it'
            : `rank ${rank}, score ${score}${normalized === undefined ? '' : `, normalized ${normalized}`}`;
        const raw = sources[run];
        // Where the contribution is a straight line of the score, what made up the score makes up the contribution.
        const line =
          raw !== undefined && score !== undefined && Math.abs(raw.value - score) <= 1e-6 * Math.max(1, Math.abs(score))
            ? lineThrough(
                explained.flatMap((other) =>
                  other.sources
                    .filter((source) => source.run === run && source.score !== undefined)
                    .map((source) => [source.score!, source.contribution] as const),
                ),
              )
            : undefined;
        return {
          name: run,
          value: contribution,
          description,
          ...(line !== undefined && { parts: underLine(raw!, score!, line) }),
        };
      });
      return {
        name: typeof fusion.method === 'string' ? fusion.method : 'rrf',
        value: hit.score,
        space: 'fused',
        description: `rank ${hit.rank}`,
        parts,
      };
    },
  };
}

function runsOf(lists: ResultLists['lists']): Record<string, Map<string, Results['hits']>> {
  return Object.fromEntries(Object.entries(lists).map(([name, { hits }]) => [name, new Map([[query, hits]])]));
}

/** Weights of sources that were left out are left out too. */
function forNames(fusion: FuseOptions, names: readonly string[]): FuseOptions {
  const weights = (fusion as { weights?: unknown }).weights;
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) return fusion;
  return { ...fusion, weights: Object.fromEntries(Object.entries(weights).filter(([name]) => names.includes(name))) } as FuseOptions;
}
