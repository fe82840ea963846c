import { type QrelsInput, type Ranking, type Run, type RunInput, toQrels, toRun } from '@rank-rank/core';

/**
 * A run without the documents that nobody judged (condensed lists): what judgements can speak about, for runs that did not take
 * part in the pool. Grades below 0 count as not judged. Queries without judgements stay as they are.
 *
 * Sakai, "Alternatives to Bpref", SIGIR 2007.
 *
 * @example evaluate(qrels, condense(run, qrels), 'nDCG@10')
 */
export function condense(run: RunInput, qrels: QrelsInput): Run {
  const judgements = toQrels(qrels);
  const condensed = new Map<string, Ranking>();
  for (const [query, ranking] of toRun(run)) {
    const judged = judgements.get(query);
    condensed.set(query, judged === undefined ? ranking : ranking.filter(({ id }) => (judged.get(id) ?? -1) >= 0));
  }
  return condensed;
}
