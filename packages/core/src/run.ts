import { RankError } from './error.ts';
import { checkHits, isRanking, type Ranking, toRanking } from './ranking.ts';
import { checkId, shown } from './validate.ts';

/** What a system answered: query id → ranking. */
export type Run = ReadonlyMap<string, Ranking>;

/** What functions accept as a run: a {@link Run}, or plain objects with hits or with document id → score. */
export type RunInput = Run | Readonly<Record<string, Ranking | Readonly<Record<string, number>>>>;

/** Rankings found valid and in order. They are read-only, so once is enough: checking costs as much as evaluating. */
const checked = new WeakSet<Ranking>();

/** Remembers a ranking that a reader built unique, finite and in order, so that it is not checked again. */
export function markChecked(ranking: Ranking): Ranking {
  checked.add(ranking);
  return ranking;
}

/**
 * Validates a run and puts each ranking into order. A run that is a map of ordered rankings already comes back as it is.
 *
 * @example toRun({ q1: { d1: 0.4, d2: 0.9 } }).get('q1') // d2, d1
 */
export function toRun(input: RunInput, where = 'run'): Run {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(input)}; expected a map or an object from query id to hits.`);
  }
  const isMap = input instanceof Map;
  const run = new Map<string, Ranking>();
  let untouched = isMap;
  for (const [query, value] of isMap ? (input as Run) : Object.entries(input)) {
    checkId(`${where}: a query id`, query);
    const place = `${where}[${shown(query)}]`;
    if (checked.has(value as Ranking)) {
      run.set(query, value as Ranking);
      continue;
    }
    let hits: Ranking;
    if (Array.isArray(value)) {
      hits = checkHits(place, value);
    } else if (typeof value === 'object' && value !== null) {
      hits = hitsOf(place, value as Readonly<Record<string, number>>);
    } else {
      throw new RankError('INVALID_ARGUMENT', `${place} is ${shown(value)}; expected hits, or an object from document id to score.`, {
        query,
      });
    }
    const ordered = isRanking(hits);
    if (!ordered) hits = toRanking(hits);
    untouched &&= ordered;
    run.set(query, markChecked(hits));
  }
  return untouched ? (input as Run) : run;
}

/**
 * The hits of an object from document id to score. Its keys are unique, so only the scores are looked at; and they are listed rather
 * than looked up by key, which takes six times as long in objects of this size.
 */
function hitsOf(place: string, scores: Readonly<Record<string, number>>): Ranking {
  const ids = Object.keys(scores);
  const values = Object.values(scores);
  let sound = true;
  const hits = ids.map((id, i) => {
    const score = values[i]!;
    sound &&= id !== '' && Number.isFinite(score);
    return { id, score };
  });
  return sound ? hits : checkHits(place, hits);
}
