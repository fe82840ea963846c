import { checkOneOf, type Hit, type Ranking, type Run, toRanking } from '@rank-rank/core';
import { namedRuns, type RunsInput } from '../runs.ts';
import { entriesOf, hitsOf, type Limits, type RunProblem, resolveLimits, type ValidateOptions, validateRuns } from './validate-runs.ts';

export interface RepairOptions extends ValidateOptions {
  /** Which of two hits with the same document stays: the `best` scored (the default), or the one that comes `first`. */
  readonly duplicates?: 'best' | 'first';
}

/** Runs that can be fused, and what was wrong with them before. */
export interface RepairedRuns {
  readonly runs: readonly Run[];
  readonly problems: readonly RunProblem[];
}

/**
 * Makes runs such that {@link validateRuns} finds no errors: drops what is no hit and what is not finite, keeps one of each document, sorts,
 * shifts scores to at least 0 where that is asked for, and cuts what is too long. Nothing is dropped in silence: `problems` names it.
 *
 * @example
 * const { runs, problems } = repairRuns([bm25, dense], { method: 'combmnz' });
 * const fused = fuse(runs, { method: 'combmnz' });
 */
export function repairRuns(runs: RunsInput, options: RepairOptions = {}): RepairedRuns {
  const limits = resolveLimits('repairRuns', options, ['duplicates']);
  const duplicates = checkOneOf('repairRuns: duplicates', options.duplicates ?? 'best', ['best', 'first']);
  const { duplicates: _, ...validation } = options;
  const { problems } = validateRuns(runs, validation);
  const { inputs } = namedRuns(runs, 'repairRuns');
  return {
    problems,
    runs: inputs.map((input) => {
      const repaired = new Map<string, Ranking>();
      for (const [query, ranking] of entriesOf(input)) {
        const hits = hitsOf(ranking);
        if (query !== '' && hits !== undefined) repaired.set(query, repairRanking(hits, limits, duplicates));
      }
      return repaired;
    }),
  };
}

function repairRanking(hits: readonly unknown[], { nonNegative, bounds, maxHits }: Limits, duplicates: 'best' | 'first'): Ranking {
  const kept = new Map<string, number>();
  for (const hit of hits) {
    const { id, score } = (typeof hit === 'object' && hit !== null ? hit : {}) as Partial<Hit>;
    if (typeof id !== 'string' || id === '' || typeof score !== 'number' || !Number.isFinite(score)) continue;
    if (bounds && (score < bounds[0] || score > bounds[1])) continue;
    const before = kept.get(id);
    if (before === undefined || (duplicates === 'best' && score > before)) kept.set(id, score);
  }
  let least = 0;
  for (const score of kept.values()) least = Math.min(least, score);
  const shift = nonNegative ? -least : 0;
  const ranking = toRanking(Array.from(kept, ([id, score]) => ({ id, score: score + shift })));
  return maxHits === undefined ? ranking : ranking.slice(0, maxHits);
}
