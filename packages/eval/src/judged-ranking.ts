import { compareCodePoints, type Hit, type Ranking } from '@rank-rank/core';

/**
 * In which order equal scores are looked at. `trec_eval`: by id in descending order, which is what every published figure rests on;
 * `ranking`: by id in ascending order, as rankings of this library stand.
 */
export type TieOrder = 'trec_eval' | 'ranking';

/** What the judgements of a query hold, made once for all runs. */
export class JudgedDocuments {
  readonly query: string;
  readonly grades: ReadonlyMap<string, number>;
  /** Grades above 0, the best first. */
  readonly positive: Float64Array;
  /** How many grades are 0 or more. Grades below 0 mark documents of the pool that nobody looked at. */
  readonly judged: number;
  /** Subtopic (or assessor) → document → grade, where judgements came in groups. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;

  constructor(query: string, grades: ReadonlyMap<string, number>, groups?: ReadonlyMap<string, ReadonlyMap<string, number>>) {
    this.query = query;
    this.grades = grades;
    this.groups = groups;
    const positive: number[] = [];
    let judged = 0;
    for (const grade of grades.values()) {
      if (grade >= 0) judged++;
      if (grade > 0) positive.push(grade);
    }
    this.positive = Float64Array.from(positive).sort().reverse();
    this.judged = judged;
  }

  /** How many documents have at least this grade, of those judged. */
  relevant(level: number): number {
    if (level <= 0) return this.judged;
    let count = 0;
    while (count < this.positive.length && this.positive[count]! >= level) count++;
    return count;
  }
}

/** The relevant documents of a ranking at one level of relevance. */
export interface Relevant {
  /** Their places in the ranking, counted from 0, ascending. */
  readonly places: Int32Array;
  /** How many relevant documents the query has, retrieved or not. */
  readonly total: number;
}

/**
 * A ranking seen through the judgements of its query: all that measures look at, in flat arrays. Only the places of judged
 * documents are held; everything else in the ranking is unjudged. Measures therefore cost what the judged documents cost, not
 * what the depth of the ranking does.
 */
export class JudgedRanking {
  readonly documents: JudgedDocuments;
  /** How many documents were retrieved. */
  readonly retrieved: number;
  /** The places, counted from 0, of the retrieved documents that are in the judgements, ascending. */
  readonly places: Int32Array;
  /** The grades at those places. */
  readonly grades: Float64Array;
  readonly #ids: (() => readonly string[]) | undefined;
  readonly #relevant: [level: number, relevant: Relevant][] = [];
  #condensed: JudgedRanking | undefined;

  constructor(documents: JudgedDocuments, retrieved: number, places: Int32Array, grades: Float64Array, ids?: () => readonly string[]) {
    this.documents = documents;
    this.retrieved = retrieved;
    this.places = places;
    this.grades = grades;
    this.#ids = ids;
  }

  /** The ids of the ranking, for measures that have to tell documents apart. */
  ids(): readonly string[] {
    return this.#ids?.() ?? [];
  }

  relevant(level: number): Relevant {
    for (const [known, relevant] of this.#relevant) if (known === level) return relevant;
    const { places, grades } = this;
    // A grade below 0 says that nobody judged: such a document is relevant at no level.
    const least = Math.max(level, 0);
    let count = 0;
    for (let i = 0; i < grades.length; i++) if (grades[i]! >= least) count++;
    const found = new Int32Array(count);
    for (let i = 0, at = 0; at < count; i++) if (grades[i]! >= least) found[at++] = places[i]!;
    const relevant = { places: found, total: this.documents.relevant(level) };
    this.#relevant.push([level, relevant]);
    return relevant;
  }

  /** How many relevant documents stand among the first `cutoff`. */
  relevantWithin(level: number, cutoff: number): number {
    const { places } = this.relevant(level);
    let count = 0;
    while (count < places.length && places[count]! < cutoff) count++;
    return count;
  }

  /** The ranking without the documents that were not judged, as `judged_only` and `-J` have it (condensed list, Sakai 2007). */
  condensed(): JudgedRanking {
    if (this.#condensed === undefined) {
      const kept = this.grades.filter((grade) => grade >= 0);
      const from = this.places.filter((_, i) => this.grades[i]! >= 0);
      const ids = (): string[] => {
        const all = this.ids();
        return Array.from(from, (place) => all[place]!);
      };
      this.#condensed = new JudgedRanking(
        this.documents,
        kept.length,
        Int32Array.from(kept, (_, i) => i),
        kept,
        ids,
      );
    }
    return this.#condensed;
  }
}

export interface JudgeOptions {
  readonly ties: TieOrder;
  /** Single precision is what scores had in trec_eval before version 10. */
  readonly single?: boolean;
  /** Documents beyond this many are not looked at. */
  readonly depth?: number;
}

let scratchPlaces = new Int32Array(1024);
let scratchGrades = new Float64Array(1024);

/** Lays judgements over a ranking. */
export function judge(ranking: Ranking, documents: JudgedDocuments, options: JudgeOptions): JudgedRanking {
  const hits = inOrder(ranking, options);
  const retrieved = Math.min(hits.length, options.depth ?? hits.length);
  if (retrieved > scratchPlaces.length) {
    scratchPlaces = new Int32Array(retrieved * 2);
    scratchGrades = new Float64Array(retrieved * 2);
  }
  const { grades } = documents;
  const places = scratchPlaces;
  const found = scratchGrades;
  let count = 0;
  for (let place = 0; place < retrieved; place++) {
    const grade = grades.get(hits[place]!.id);
    if (grade === undefined) continue;
    places[count] = place;
    found[count++] = grade;
  }
  const ids = (): string[] => Array.from({ length: retrieved }, (_, i) => hits[i]!.id);
  return new JudgedRanking(documents, retrieved, places.slice(0, count), found.slice(0, count), ids);
}

/** Hits as the tie order wants them. Rankings come with equal scores by ascending id, so only stretches of equal scores move. */
export function inOrder(ranking: Ranking, { ties, single = false }: Pick<JudgeOptions, 'ties' | 'single'>): Ranking {
  if (ties === 'ranking' && !single) return ranking;
  let ordered: Hit[] | undefined;
  for (let start = 0; start < ranking.length; ) {
    const score = single ? Math.fround(ranking[start]!.score) : ranking[start]!.score;
    let end = start + 1;
    while (end < ranking.length && (single ? Math.fround(ranking[end]!.score) : ranking[end]!.score) === score) end++;
    if (end - start > 1) {
      ordered ??= [...ranking];
      const stretch = ranking.slice(start, end);
      stretch.sort((a, b) => (ties === 'trec_eval' ? compareCodePoints(b.id, a.id) : compareCodePoints(a.id, b.id)));
      for (let i = start; i < end; i++) ordered[i] = stretch[i - start]!;
    }
    start = end;
  }
  return ordered ?? ranking;
}
