import { checkInteger, checkNumber, checkOptions, compareCodePoints, RankError, shown } from '@rank-rank/core';
import type { FuseOptions } from '../fuse.ts';
import { toMethod } from '../registry.ts';
import { namedRuns, type RunsInput } from '../runs.ts';

/** What can be wrong with a run. Errors keep runs from being fused, warnings do not. */
export type RunProblemKind =
  /** Hits that are not in the order of their scores, best first; fusing puts them in order. Equal scores in another order than by id are no problem. */
  | 'unsorted'
  /** A document twice in one ranking. */
  | 'duplicate'
  /** A score that is NaN or infinite. */
  | 'not-finite'
  /** A score that is no number, an id that is no text or empty, or something that is no hit at all. */
  | 'not-a-hit'
  /** A query whose value is no list of hits. */
  | 'not-a-ranking'
  /** A score below 0 where the method cannot take it. */
  | 'negative'
  /** A score outside the bounds that were asked for. */
  | 'out-of-bounds'
  /** More hits than were asked for. */
  | 'too-long'
  /** A ranking without hits. */
  | 'empty'
  /** A ranking whose scores are all equal: its order is that of the ids. */
  | 'all-tied'
  /** A query that another run answers and this one does not: it counts as no evidence. */
  | 'missing-query';

export interface RunProblem {
  readonly kind: RunProblemKind;
  readonly severity: 'error' | 'warning';
  readonly run: string;
  readonly query: string;
  /** How many hits of the query are concerned. */
  readonly count: number;
  /** The first of them, from 1. */
  readonly position?: number;
  readonly id?: string;
  /** What was found, and what {@link repairRuns} does about it. */
  readonly message: string;
}

export interface RunReport {
  /** Whether the runs can be fused: there are no errors. */
  readonly valid: boolean;
  readonly problems: readonly RunProblem[];
}

export interface ValidateOptions {
  /** The method that is meant to take the runs: negative scores are an error to those that multiply by how often a document is found. */
  readonly method?: NonNullable<FuseOptions['method']>;
  /** Whether scores must be at least 0; follows from `method` by default. */
  readonly nonNegative?: boolean;
  /** Scores outside are errors. */
  readonly bounds?: readonly [min: number, max: number];
  /** Rankings longer than this are warned of. */
  readonly maxHits?: number;
}

const severities: Readonly<Record<RunProblemKind, RunProblem['severity']>> = {
  unsorted: 'warning',
  duplicate: 'error',
  'not-finite': 'error',
  'not-a-hit': 'error',
  'not-a-ranking': 'error',
  negative: 'error',
  'out-of-bounds': 'error',
  'too-long': 'warning',
  empty: 'warning',
  'all-tied': 'warning',
  'missing-query': 'warning',
};

/**
 * Everything that is wrong with runs, named, instead of the first thing as an error.
 *
 * @example
 * const { valid, problems } = validateRuns({ bm25, dense }, { method: 'combmnz' });
 * for (const { message } of problems) console.error(message);
 */
export function validateRuns(runs: RunsInput, options: ValidateOptions = {}): RunReport {
  const limits = resolveLimits('validateRuns', options);
  const { inputs, names } = namedRuns(runs, 'validateRuns');
  const problems: RunProblem[] = [];
  const queries = new Set<string>();
  for (const input of inputs) for (const [query] of entriesOf(input)) queries.add(query);
  inputs.forEach((input, run) => {
    const answers = new Map(entriesOf(input));
    for (const query of queries) {
      const report = (kind: RunProblemKind, message: string, where: Partial<Pick<RunProblem, 'count' | 'position' | 'id'>> = {}): void => {
        const place = `run ${shown(names[run])}, query ${shown(query)}`;
        problems.push({ kind, severity: severities[kind], run: names[run]!, query, count: 1, ...where, message: `${place}: ${message}` });
      };
      if (query === '') {
        if (answers.has(query)) report('not-a-ranking', 'has a query without an id. Repair drops the query.');
      } else if (!answers.has(query)) report('missing-query', 'has no answer to it; it counts as no evidence about the query.');
      else inspectRanking(answers.get(query), limits, report);
    }
  });
  return { valid: problems.every(({ severity }) => severity === 'warning'), problems };
}

export interface Limits {
  readonly nonNegative: boolean;
  readonly bounds: readonly [number, number] | undefined;
  readonly maxHits: number | undefined;
}

export function resolveLimits(where: string, options: ValidateOptions, alsoKnown: readonly string[] = []): Limits {
  checkOptions(where, options, ['method', 'nonNegative', 'bounds', 'maxHits', ...alsoKnown]);
  const method = options.method === undefined ? undefined : toMethod(options.method, `${where}: method`);
  let bounds: readonly [number, number] | undefined;
  if (options.bounds !== undefined) {
    if (!Array.isArray(options.bounds) || options.bounds.length !== 2) {
      throw new RankError('INVALID_ARGUMENT', `${where}: bounds are ${shown(options.bounds)}; expected [min, max].`);
    }
    bounds = [checkNumber(`${where}: bounds[0]`, options.bounds[0]), checkNumber(`${where}: bounds[1]`, options.bounds[1])];
    if (bounds[0] > bounds[1])
      throw new RankError('OUT_OF_RANGE', `${where}: bounds are [${bounds.join(', ')}]; expected the smaller one first.`);
  }
  return {
    nonNegative: options.nonNegative ?? (method !== undefined && 'negative' in method.parameters),
    bounds,
    maxHits: options.maxHits === undefined ? undefined : checkInteger(`${where}: maxHits`, options.maxHits, { min: 1 }),
  };
}

/** The queries of something that should be a run, with what it has for each. */
export function entriesOf(run: unknown): [string, unknown][] {
  return run instanceof Map ? [...run] : Object.entries(run as object);
}

/** What should be hits, as a list: an object from document id to score is one too. Undefined where it is neither. */
export function hitsOf(ranking: unknown): readonly unknown[] | undefined {
  if (Array.isArray(ranking)) return ranking;
  if (typeof ranking !== 'object' || ranking === null || ranking instanceof Map) return undefined;
  return Object.entries(ranking)
    .map(([id, score]) => ({ id, score: score as number }))
    .sort((a, b) => b.score - a.score || compareCodePoints(a.id, b.id));
}

type Report = (kind: RunProblemKind, message: string, where?: Partial<Pick<RunProblem, 'count' | 'position' | 'id'>>) => void;

function inspectRanking(ranking: unknown, limits: Limits, report: Report): void {
  const hits = hitsOf(ranking);
  if (hits === undefined) {
    report('not-a-ranking', `is ${shown(ranking)}; expected hits. Repair drops the query.`);
    return;
  }
  if (hits.length === 0) report('empty', 'has no hits.');
  const found = new Map<RunProblemKind, { count: number; position: number; id: string | undefined; value: unknown }>();
  const note = (kind: RunProblemKind, position: number, id: string | undefined, value: unknown): void => {
    const known = found.get(kind);
    if (known) known.count++;
    else found.set(kind, { count: 1, position: position + 1, id, value });
  };
  const seen = new Set<string>();
  const scores: number[] = [];
  hits.forEach((hit, i) => {
    const { id, score } = (typeof hit === 'object' && hit !== null ? hit : {}) as { id?: unknown; score?: unknown };
    if (typeof id !== 'string' || id === '' || typeof score !== 'number') {
      note('not-a-hit', i, undefined, hit);
      return;
    }
    if (seen.has(id)) note('duplicate', i, id, id);
    seen.add(id);
    if (!Number.isFinite(score)) {
      note('not-finite', i, id, score);
      return;
    }
    if (score > (scores.at(-1) ?? Number.POSITIVE_INFINITY)) note('unsorted', i, id, score);
    if (limits.nonNegative && score < 0) note('negative', i, id, score);
    if (limits.bounds && (score < limits.bounds[0] || score > limits.bounds[1])) note('out-of-bounds', i, id, score);
    scores.push(score);
  });
  if (scores.length > 1 && scores.every((score) => score === scores[0])) {
    report('all-tied', `gives all ${scores.length} documents the score ${scores[0]}, so their order is that of their ids.`, {
      count: scores.length,
    });
  }
  if (limits.maxHits !== undefined && hits.length > limits.maxHits) {
    report('too-long', `has ${hits.length} hits, more than ${limits.maxHits}. Repair keeps the best.`, {
      count: hits.length - limits.maxHits,
    });
  }
  for (const [kind, { count, position, id, value }] of found) {
    report(kind, messageOf(kind, count, position, value, limits), { count, position, ...(id === undefined ? {} : { id }) });
  }
}

function messageOf(kind: RunProblemKind, count: number, position: number, value: unknown, { bounds }: Limits): string {
  const hits = count === 1 ? `hit ${position}` : `${count} hits, the first at ${position},`;
  switch (kind) {
    case 'unsorted':
      return `${hits} scored above the one before (${shown(value)}). Fusing and repair put them in order.`;
    case 'duplicate':
      return `${hits} with a document that is there already (${shown(value)}). Repair keeps the better of the two.`;
    case 'not-finite':
      return `${hits} with the score ${shown(value)}. Repair drops them.`;
    case 'negative':
      return `${hits} scored below 0 (${shown(value)}), which the method cannot take. Repair shifts the scores so that the least is 0.`;
    case 'out-of-bounds':
      return `${hits} scored outside [${bounds!.join(', ')}] (${shown(value)}). Repair drops them.`;
    default:
      return `${hits} that cannot be read (${shown(value)}); expected { id, score }. Repair drops them.`;
  }
}
