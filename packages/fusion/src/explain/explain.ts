import { type Explanation, type Hit, RankError } from '@rank-rank/core';
import { type FuseOptions, preparedFusion } from '../fuse.ts';
import { eachEntry, listCount } from '../lists/combination.ts';
import { orderedHits } from '../lists/order.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';
import type { FusionMethod } from '../method.ts';
import type { RunsInput } from '../runs.ts';

/** What one run gave to the score of a document. */
export interface SourceContribution {
  readonly run: string;
  /** The place of the document in the run's ranking, from 1; absent where the run does not have it. */
  readonly rank?: number;
  readonly score?: number;
  /** The score after normalization, where the method normalizes. Some normalizations give one to documents that a run does not have. */
  readonly normalized?: number;
  /** What of the fused score is this run's: the contributions of all runs add up to it. */
  readonly contribution: number;
}

/** A fused hit with where its score came from. */
export interface ExplainedHit extends Hit {
  /** Its place in the fused ranking, from 1. */
  readonly rank: number;
  /** The share of the runs with an answer to the query that have the document. */
  readonly consensus: number;
  /** One for each run that has an answer to the query. */
  readonly sources: readonly SourceContribution[];
}

/**
 * The fused ranking of one query, each hit with its rank, score, normalized score and contribution per run. Contributions add up to
 * the fused score. Methods that do not add up numbers share it out: combmax and combmin to the run that gave the value,
 * medians to the middle ones, condorcet in proportion to pairs won, copeland to those who voted for the outcome.
 *
 * @example
 * const [best] = explain({ bm25, dense }, 'q1', { method: 'rrf', topK: 10 });
 * best.sources; // [{ run: 'bm25', rank: 3, score: 12.5, contribution: 0.0158… }, { run: 'dense', rank: 1, … }]
 */
export function explain(runs: RunsInput, query: string, options?: FuseOptions): ExplainedHit[] {
  const { method, parameters, topK, names, queries } = preparedFusion(runs, options, 'explain', [query]);
  for (const [, lists] of queries) {
    if (listCount(lists) === 0) throw new RankError('NOT_FOUND', `No run has the query ${JSON.stringify(query)}.`, { query });
    return explainLists(method, parameters, lists, names, topK);
  }
  return [];
}

function explainLists(
  method: FusionMethod,
  parameters: Readonly<Record<string, unknown>>,
  lists: RankedLists,
  names: readonly string[],
  topK: number | undefined,
): ExplainedHit[] {
  const combination = method.combine(lists, parameters);
  const shares = combination.contributions();
  const candidates = lists.ids.length;
  const places = new Int32Array(shares.length);
  const scores = new Float64Array(shares.length);
  eachEntry(lists, (list, at, position) => {
    places[list * candidates + lists.documents[at]!] = position + 1;
    scores[list * candidates + lists.documents[at]!] = lists.scores[at]!;
  });
  const normalized = new Float64Array(shares.length).fill(Number.NaN);
  if (combination.normalized !== undefined) {
    const { lists: completed, values } = combination.normalized;
    eachEntry(completed, (list, at) => {
      normalized[list * candidates + completed.documents[at]!] = values[at]!;
    });
  }
  const documents = new Map(lists.ids.map((id, document) => [id, document]));
  return orderedHits(lists.ids, combination.scores, topK).map(({ id, score }, i) => {
    const document = documents.get(id)!;
    const sources = lists.runs.map((run, list): SourceContribution => {
      const at = list * candidates + document;
      return {
        run: names[run]!,
        ...(places[at] === 0 ? {} : { rank: places[at]! }),
        ...(places[at] === 0 || lists.unscored.includes(run) ? {} : { score: scores[at]! }),
        ...(Number.isNaN(normalized[at]) ? {} : { normalized: normalized[at]! }),
        contribution: shares[at]!,
      };
    });
    return { id, score, rank: i + 1, consensus: sources.filter(({ rank }) => rank !== undefined).length / sources.length, sources };
  });
}

/**
 * An explained hit as the tree of named parts that every stage explains its scores with.
 *
 * @example explanationOf(explain(runs, 'q1')[0], 'rrf').parts
 */
export function explanationOf(hit: ExplainedHit, method: string): Explanation {
  return {
    name: method,
    value: hit.score,
    space: 'fused',
    combine: 'sum',
    description: `rank ${hit.rank}, found by ${hit.sources.filter(({ rank }) => rank !== undefined).length} of ${hit.sources.length} runs`,
    parts: hit.sources.map(({ run, rank, score, normalized, contribution }) => ({
      name: run,
      value: contribution,
      description:
        rank === undefined
          ? 'does not have it'
          : [`rank ${rank}`, score !== undefined && `score ${score}`, normalized !== undefined && `normalized ${normalized}`]
              .filter(Boolean)
              .join(', '),
    })),
  };
}
