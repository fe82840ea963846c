import { compareCodePoints, type Preference, RankError, type Ranking } from '@rank-rank/core';

/**
 * What a ranking makes of preferences (trec_eval's `-R prefs`). Documents are numbered by their place: those retrieved in the order
 * of the ranking, the others behind them in order of id. A preference is fulfilled where the preferred document has the lower
 * number, and counts as `ret` where both were retrieved, as `imp` (implied) where one was, as `notOccurring` where none was.
 */
export interface PreferenceCounts {
  readonly groups: readonly GroupCounts[];
  /** How many documents the preferences name, and how many of them were retrieved. */
  readonly named: number;
  readonly retrieved: number;
  /** `pairs[i * named + j]`: in how many groups document i is preferred to document j. */
  readonly pairs: Uint16Array;
}

/** The preferences of one judgement group: one information need of one user. */
export interface GroupCounts {
  fulfilledRet: number;
  possibleRet: number;
  fulfilledImp: number;
  possibleImp: number;
  notOccurring: number;
  nonRelevant: number;
  nonRelevantRet: number;
  relevant: number;
  relevantRet: number;
  /** Equivalence classes of documents, the preferred first, where the group orders all of its documents… */
  readonly classes?: readonly (readonly number[])[];
  /** …or, where it has subgroups, the relation itself (`relation[i * named + j]`: i is preferred to j) with each document's level. */
  readonly relation?: Uint8Array;
  readonly levels?: Float64Array;
}

interface Line {
  readonly group: string;
  readonly subgroup: string;
  readonly level: number;
  readonly id: string;
  readonly number: number;
}

/** `ranking` has equal scores by ascending id here, unlike everywhere else in trec_eval; and so it comes. */
export function countPreferences(preferences: readonly Preference[], ranking: Ranking, depth: number): PreferenceCounts {
  const named = new Set(preferences.map(({ id }) => id));
  const numbers = new Map<string, number>();
  for (let i = 0; i < ranking.length && i < depth; i++) if (named.has(ranking[i]!.id)) numbers.set(ranking[i]!.id, numbers.size);
  const retrieved = numbers.size;
  for (const id of [...named].filter((id) => !numbers.has(id)).sort(compareCodePoints)) numbers.set(id, numbers.size);

  const lines: Line[] = preferences.map(({ group, subgroup, id, level }) => ({ group, subgroup, id, level, number: numbers.get(id)! }));
  lines.sort(
    (a, b) => compareCodePoints(a.group, b.group) || compareCodePoints(a.subgroup, b.subgroup) || b.level - a.level || a.number - b.number,
  );
  const pairs = new Uint16Array(numbers.size * numbers.size);
  const groups: GroupCounts[] = [];
  for (let start = 0; start < lines.length; ) {
    let end = start;
    while (end < lines.length && lines[end]!.group === lines[start]!.group) end++;
    const group = lines.slice(start, end);
    const whole = group.every(({ subgroup }) => subgroup === group[0]!.subgroup);
    groups.push(whole ? classesOf(group, retrieved, numbers.size, pairs) : relationOf(group, retrieved, numbers.size, pairs));
    start = end;
  }
  return { groups, named: numbers.size, retrieved, pairs };
}

function emptyCounts(): GroupCounts {
  return {
    fulfilledRet: 0,
    possibleRet: 0,
    fulfilledImp: 0,
    possibleImp: 0,
    notOccurring: 0,
    nonRelevant: 0,
    nonRelevantRet: 0,
    relevant: 0,
    relevantRet: 0,
  };
}

/** Counts that document i is preferred to document j. */
function count(counts: GroupCounts, i: number, j: number, retrieved: number): void {
  if (i < j) {
    if (j < retrieved) counts.fulfilledRet++;
    else if (i < retrieved) counts.fulfilledImp++;
    else counts.notOccurring++;
  } else if (i < retrieved) counts.possibleRet++;
  else if (j < retrieved) counts.possibleImp++;
  else counts.notOccurring++;
}

function countRelevance(counts: GroupCounts, level: number, isRetrieved: boolean): void {
  if (level > 0) {
    counts.relevant++;
    if (isRetrieved) counts.relevantRet++;
  } else {
    counts.nonRelevant++;
    if (isRetrieved) counts.nonRelevantRet++;
  }
}

/** What is possible includes what is fulfilled. */
function closed(counts: GroupCounts): GroupCounts {
  counts.possibleRet += counts.fulfilledRet;
  counts.possibleImp += counts.fulfilledImp;
  return counts;
}

function classesOf(group: readonly Line[], retrieved: number, named: number, pairs: Uint16Array): GroupCounts {
  const counts = emptyCounts();
  const classes: number[][] = [];
  group.forEach(({ level, number }, at) => {
    if (at === 0 || level !== group[at - 1]!.level) classes.push([]);
    classes.at(-1)!.push(number);
    countRelevance(counts, level, number < retrieved);
  });
  for (let better = 0; better < classes.length; better++) {
    for (let worse = better + 1; worse < classes.length; worse++) {
      for (const i of classes[better]!) {
        for (const j of classes[worse]!) {
          if (i === j) throw conflict(group, i);
          pairs[i * named + j]!++;
          count(counts, i, j, retrieved);
        }
      }
    }
  }
  return { ...closed(counts), classes };
}

function relationOf(group: readonly Line[], retrieved: number, named: number, pairs: Uint16Array): GroupCounts {
  const counts = emptyCounts();
  const levels = new Float64Array(named).fill(-1);
  const relation = new Uint8Array(named * named);
  for (let at = 0; at < group.length; at++) {
    const { number, level, subgroup } = group[at]!;
    const before = levels[number]!;
    if ((before > 0 && level === 0) || (before === 0 && level > 0)) throw conflict(group, number);
    levels[number] = level;
    for (let other = at + 1; other < group.length && group[other]!.subgroup === subgroup; other++) {
      if (group[other]!.level !== level) relation[number * named + group[other]!.number] = 1;
    }
  }
  closeTransitively(relation, named);
  for (let number = 0; number < named; number++) if (levels[number]! >= 0) countRelevance(counts, levels[number]!, number < retrieved);
  for (let i = 0; i < named; i++) {
    for (let j = 0; j < named; j++) {
      if (relation[i * named + j] === 0) continue;
      if (i === j || relation[j * named + i] === 1) throw conflict(group, i);
      pairs[i * named + j]!++;
      count(counts, i, j, retrieved);
    }
  }
  return { ...closed(counts), relation, levels };
}

/** Adds what follows from two preferences in a row (Warshall, "A theorem on Boolean matrices", 1962). */
function closeTransitively(relation: Uint8Array, size: number): void {
  for (let through = 0; through < size; through++) {
    for (let i = 0; i < size; i++) {
      if (relation[i * size + through] === 0) continue;
      for (let j = 0; j < size; j++) if (relation[through * size + j] === 1) relation[i * size + j] = 1;
    }
  }
}

function conflict(group: readonly Line[], number: number): RankError {
  const { id, group: name } = group.find((line) => line.number === number)!;
  return new RankError(
    'INVALID_ARGUMENT',
    `Group ${JSON.stringify(name)} contradicts itself about document ${JSON.stringify(id)}; put preferences that disagree into different groups.`,
    { group: name, id },
  );
}
