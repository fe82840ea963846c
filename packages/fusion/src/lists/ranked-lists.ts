import { checkHits, checkId, compareCodePoints, type Hit, isRanking, RankError, type Ranking, shown, toRanking } from '@rank-rank/core';

/** What stands for one ranking: hits, an object from document id to score, or ids alone, best first, where a method needs only ranks. */
export type RankingInput = Ranking | Readonly<Record<string, number>> | readonly string[];

/** The rankings that several runs gave for one query. `undefined` is a run that has no answer to this query: it counts as no evidence. */
export type Rankings = readonly (RankingInput | undefined)[] | Readonly<Record<string, RankingInput | undefined>>;

/**
 * The rankings of one query with ids replaced by numbers: what every method computes on.
 *
 * A list is the ranking of one run; runs that are absent for the query have none.
 */
export interface RankedLists {
  /** Document number → id, in the order of first appearance. */
  readonly ids: readonly string[];
  /** Where each list begins in `documents` and `scores`; one entry more than there are lists. */
  readonly starts: Int32Array;
  /** Document numbers, list after list, each best first. */
  readonly documents: Int32Array;
  /** The score of each entry of `documents`. */
  readonly scores: Float64Array;
  /** Which run each list came from, as its place among all runs. */
  readonly runs: readonly number[];
  /** How many runs there are, those absent for this query included. */
  readonly runCount: number;
  /** Runs that gave ids without scores. */
  readonly unscored: readonly number[];
}

/** How many characters at the end of an id its hash looks at: ids of one collection differ there, and looking at all of a long id costs more than a rare collision. */
const hashedSuffix = 8;

// Scratch that grows with the largest query seen. Interning is synchronous and calls nobody, so it is never shared by two queries at once.
let table = new Int32Array(1024);
let hashes = new Int32Array(1024);
let lastList = new Int32Array(1024);

/**
 * Room for the entries of one query after another. Lists that were made in it are valid until the next are; who keeps lists makes them
 * without. It spares the collector two large arrays a query.
 */
export class ListRoom {
  documents: Int32Array = new Int32Array(0);
  scores: Float64Array = new Float64Array(0);

  reserve(total: number): void {
    if (this.documents.length >= total) return;
    const room = 2 ** Math.ceil(Math.log2(total));
    this.documents = new Int32Array(room);
    this.scores = new Float64Array(room);
  }
}

/** Validates the rankings of one query, puts each into ranking order, and numbers the documents. `placeOf` names a run in messages. */
export function toRankedLists(
  inputs: readonly (RankingInput | undefined)[],
  placeOf: (run: number) => string,
  room?: ListRoom,
): RankedLists {
  const lists: Ranking[] = [];
  const runs: number[] = [];
  let unscored: number[] | undefined;
  for (let run = 0; run < inputs.length; run++) {
    const input = inputs[run];
    if (input === undefined) continue;
    runs.push(run);
    if (Array.isArray(input)) {
      if (typeof input[0] === 'string') {
        (unscored ??= []).push(run);
        lists.push(hitsOfIds(input as readonly string[], placeOf(run)));
      } else lists.push(input as Ranking);
    } else lists.push(hitsOfScores(input as Readonly<Record<string, number>>, placeOf(run)));
  }
  const known = { runs, runCount: inputs.length, unscored: unscored ?? none };
  let hashed = hashedSuffix;
  for (;;) {
    const outcome = intern(lists, known, hashed, room);
    if (typeof outcome !== 'number') return outcome;
    if (outcome === collides) {
      // Ids that share their last characters: look at all of each; and where even that collides, leave it to the engine's own hashing.
      if (hashed === Number.MAX_SAFE_INTEGER) return internWithMap(lists, known);
      hashed = Number.MAX_SAFE_INTEGER;
      continue;
    }
    const hits = checkHits(placeOf(runs[outcome]!), lists[outcome]);
    lists[outcome] = toRanking(hits);
  }
}

const none: readonly number[] = [];
const collides = -1;

type Known = Pick<RankedLists, 'runs' | 'runCount' | 'unscored'>;

/** The lists with their documents numbered; or the place of a list that must be checked and ordered first; or that hashes collide too often. */
function intern(lists: readonly Ranking[], known: Known, hashed: number, room: ListRoom | undefined): RankedLists | number {
  const starts = new Int32Array(lists.length + 1);
  let total = 0;
  for (let list = 0; list < lists.length; list++) {
    total += lists[list]!.length;
    starts[list + 1] = total;
  }
  let capacity = 16;
  while (capacity < 2 * total) capacity *= 2;
  if (table.length < capacity) {
    table = new Int32Array(capacity);
    hashes = new Int32Array(capacity);
    lastList = new Int32Array(capacity);
  }
  const mask = capacity - 1;
  const slots = table;
  const hashOf = hashes;
  const lastListOf = lastList;
  slots.fill(0, 0, capacity);
  const ids = new Array<string>(total);
  room?.reserve(total);
  const documents = room === undefined ? new Int32Array(total) : room.documents.subarray(0, total);
  const scores = room === undefined ? new Float64Array(total) : room.scores.subarray(0, total);
  let count = 0;
  let at = 0;
  let patience = 8 * total + 64;
  for (let list = 0; list < lists.length; list++) {
    const hits = lists[list]!;
    const length = hits.length;
    let previousScore = Number.POSITIVE_INFINITY;
    let previousId = '';
    for (let i = 0; i < length; i++) {
      const hit = hits[i] as Hit | null | undefined;
      if (typeof hit !== 'object' || hit === null) return list;
      const { id, score } = hit;
      // The negated comparison is also false for NaN and for what is no number.
      if (typeof id !== 'string' || typeof score !== 'number' || !(score <= previousScore && score > Number.NEGATIVE_INFINITY)) return list;
      const idLength = id.length;
      if (idLength === 0 || (score === previousScore && compareCodePoints(previousId, id) >= 0)) return list;
      if (score === Number.POSITIVE_INFINITY) return list;
      previousScore = score;
      previousId = id;
      let hash = idLength;
      for (let c = idLength > hashed ? idLength - hashed : 0; c < idLength; c++) hash = Math.imul(hash ^ id.charCodeAt(c), 0x01000193);
      hash ^= hash >>> 15;
      let slot = hash & mask;
      let document = -1;
      for (let taken = slots[slot]!; taken !== 0; taken = slots[slot]!) {
        if (hashOf[taken - 1] === hash && ids[taken - 1] === id) {
          document = taken - 1;
          break;
        }
        slot = (slot + 1) & mask;
        if (--patience < 0) return collides;
      }
      if (document < 0) {
        document = count++;
        ids[document] = id;
        hashOf[document] = hash;
        slots[slot] = document + 1;
      } else if (lastListOf[document] === list) return list;
      lastListOf[document] = list;
      documents[at] = document;
      scores[at++] = score;
    }
  }
  ids.length = count;
  const { runs, runCount, unscored } = known;
  return { ids, starts, documents, scores, runs, runCount, unscored };
}

function internWithMap(lists: readonly Ranking[], known: Known): RankedLists {
  const numbers = new Map<string, number>();
  const starts = Int32Array.from({ length: lists.length + 1 }, (_, list) =>
    lists.slice(0, list).reduce((sum, { length }) => sum + length, 0),
  );
  const documents = new Int32Array(starts[lists.length]!);
  const scores = new Float64Array(documents.length);
  let at = 0;
  for (let list = 0; list < lists.length; list++) {
    const hits = checkHits(`rankings[${known.runs[list]}]`, lists[list]);
    for (const { id, score } of isRanking(hits) ? hits : toRanking(hits)) {
      let document = numbers.get(id);
      if (document === undefined) numbers.set(id, (document = numbers.size));
      documents[at] = document;
      scores[at++] = score;
    }
  }
  return { ids: [...numbers.keys()], starts, documents, scores, ...known };
}

/** Ids alone stand for a ranking whose order is theirs: the scores only keep it. */
function hitsOfIds(ids: readonly string[], where: string): Hit[] {
  return ids.map((id, i) => ({ id: checkId(`${where}[${i}]`, id), score: ids.length - i }));
}

function hitsOfScores(scores: unknown, where: string): Hit[] {
  if (typeof scores !== 'object' || scores === null || scores instanceof Map) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} is ${scores instanceof Map ? 'a map' : shown(scores)}; expected hits { id, score }, an object from document id to score, or ids.`,
    );
  }
  return toRanking(
    checkHits(
      where,
      Object.entries(scores).map(([id, score]) => ({ id, score: score as number })),
    ),
  );
}
