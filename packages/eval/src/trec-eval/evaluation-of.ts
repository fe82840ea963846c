import {
  checkInteger,
  checkOneOf,
  type GroupedQrels,
  type Preference,
  type Preferences,
  type QrelsInput,
  RankError,
  type Ranking,
  toQrels,
} from '@rank-rank/core';
import { type TrecSettings, trecMeasures } from '../grammar/trec-names.ts';
import { inOrder, JudgedDocuments, JudgedRanking, judge } from '../judged-ranking.ts';
import { rounded, roundedUp } from '../measures/interpolated-precision.ts';
import { askedFor } from './asked-for.ts';
import { groupMeasures } from './group-measures.ts';
import type { TrecEvalOptions } from './options.ts';
import { countPreferences } from './preference-counts.ts';
import { preferenceMeasures } from './preference-measures.ts';

/** What a query's judgements and ranking come to: the values of measures, by name, and what `relstring` shows. */
export interface QueryValues {
  readonly query: string;
  readonly values: Map<string, number>;
  readonly relstring: string;
}

/** How a value is summed up and printed. */
export interface Column {
  readonly name: string;
  readonly whole: boolean;
  readonly how: 'mean' | 'sum' | 'geometric' | 'count';
}

/** The columns to print and how a query's values come about: what differs between kinds of judgements. */
export interface TrecEvaluation {
  readonly queries: Iterable<string>;
  readonly columns: readonly Column[];
  /** What `relstring` is called, where it is printed; it stands behind the column of this name. */
  readonly relstring: { readonly name: string; readonly behind: string } | undefined;
  readonly runid: boolean;
  query(query: string, ranking: Ranking): QueryValues;
  /** A query without results, which `-c` evaluates as if one document had been found that nobody judged. */
  missing(query: string): QueryValues;
}

export function evaluationOf(judgements: QrelsInput | GroupedQrels | Preferences, options: TrecEvalOptions): TrecEvaluation {
  const format = checkOneOf('trecEval: judgements', options.judgements ?? 'qrels', ['qrels', 'prefs', 'qrels_prefs', 'qrels_jg']);
  const depth = options.depth === undefined ? Number.POSITIVE_INFINITY : checkInteger('trecEval: depth', options.depth, { min: 1 });
  const version = options.version ?? 10;
  if (version !== 9 && version !== 10) throw new RankError('INVALID_ARGUMENT', `trecEval: version is ${version}; expected 9 or 10.`);
  const settings: TrecSettings = {
    level: checkInteger('trecEval: level', options.level ?? 1, { min: 0 }),
    collection: checkInteger('trecEval: collection', options.collection ?? 0, { min: 0 }),
    rounding: version === 9 ? roundedUp : rounded,
  };
  const single = version === 9;
  const names = options.measures ?? ['official'];
  if (format === 'qrels')
    return overGrades(toQrels(judgements as QrelsInput), names, settings, { depth, single, condense: options.judgedOnly ?? false });
  if (format === 'qrels_jg')
    return overGroups(judgements as GroupedQrels, names, settings, { depth, single, condense: options.judgedOnly ?? false });
  const preferences = format === 'prefs' ? (judgements as Preferences) : asPreferences(judgements as GroupedQrels);
  return overPreferences(preferences, names, depth, single);
}

interface Looking {
  readonly depth: number;
  readonly single: boolean;
  readonly condense: boolean;
}

/** A document that nobody judged and nobody asked for: what trec_eval evaluates where a run has no results. */
function nothingFound(documents: JudgedDocuments): JudgedRanking {
  return new JudgedRanking(documents, 1, new Int32Array(0), new Float64Array(0));
}

function overGrades(
  qrels: ReadonlyMap<string, ReadonlyMap<string, number>>,
  names: readonly string[],
  settings: TrecSettings,
  { depth, single, condense }: Looking,
): TrecEvaluation {
  const asked = askedFor(names);
  const columns: Column[] = [];
  const scores: [name: string, score: (ranking: JudgedRanking) => number][] = [];
  let behind = '';
  for (const measure of trecMeasures) {
    if (!asked.has(measure.name)) continue;
    for (const { name, score } of measure.values(asked.get(measure.name), settings)) {
      const how =
        measure.name === 'num_q'
          ? 'count'
          : measure.aggregate === 'geometric-only'
            ? 'geometric'
            : measure.aggregate === 'sum'
              ? 'sum'
              : 'mean';
      columns.push({ name, whole: measure.whole ?? false, how });
      scores.push([name, score]);
      if (trecMeasures.indexOf(measure) <= trecMeasures.findIndex(({ name }) => name === 'P')) behind = name;
    }
  }
  const length = asked.has('relstring') ? Math.trunc(Number(asked.get('relstring') ?? 10)) : 0;
  const documentsOf = (query: string): JudgedDocuments => {
    const grades = qrels.get(query)!;
    return new JudgedDocuments(query, new Map([...grades].map(([id, grade]) => [id, Math.trunc(grade)])));
  };
  const valuesOf = (query: string, ranking: JudgedRanking): QueryValues => {
    const seen = condense ? ranking.condensed() : ranking;
    return { query, values: new Map(scores.map(([name, score]) => [name, score(seen)])), relstring: relevanceString(seen, length) };
  };
  return {
    queries: qrels.keys(),
    columns,
    relstring: asked.has('relstring')
      ? { name: asked.get('relstring') === undefined ? 'relstring' : `relstring_${asked.get('relstring')}`, behind }
      : undefined,
    runid: asked.has('runid'),
    query: (query, ranking) => valuesOf(query, judge(ranking, documentsOf(query), { ties: 'trec_eval', single, depth })),
    missing: (query) => valuesOf(query, nothingFound(documentsOf(query))),
  };
}

function overGroups(
  qrels: GroupedQrels,
  names: readonly string[],
  settings: TrecSettings,
  { depth, single, condense }: Looking,
): TrecEvaluation {
  const asked = askedFor(
    names,
    groupMeasures.map(({ name }) => name),
    { qrels_jg: ['runid', 'num_q', ...groupMeasures.map(({ name }) => name)] },
  );
  const columns: Column[] = [];
  const scores: [string, (ranking: JudgedRanking) => number][] = [];
  for (const measure of groupMeasures) {
    if (!asked.has(measure.name)) continue;
    for (const { name, score } of measure.values(asked.get(measure.name), settings)) {
      columns.push({ name, whole: false, how: 'mean' });
      scores.push([name, score]);
    }
  }
  const valuesOf = (query: string, rankingOf: (documents: JudgedDocuments) => JudgedRanking): QueryValues => {
    const rankings = [...qrels.get(query)!].map(([, grades]) => {
      const ranking = rankingOf(new JudgedDocuments(query, new Map([...grades].map(([id, grade]) => [id, Math.trunc(grade)]))));
      return condense ? ranking.condensed() : ranking;
    });
    const mean = (score: (ranking: JudgedRanking) => number): number =>
      rankings.reduce((sum, ranking) => sum + score(ranking), 0) / rankings.length;
    return { query, values: new Map([['num_q', 1], ...scores.map(([name, score]) => [name, mean(score)] as const)]), relstring: '' };
  };
  return {
    queries: qrels.keys(),
    columns: asked.has('num_q') ? [numQ, ...columns] : columns,
    relstring: undefined,
    runid: asked.has('runid'),
    query: (query, ranking) => valuesOf(query, (documents) => judge(ranking, documents, { ties: 'trec_eval', single, depth })),
    missing: (query) => valuesOf(query, nothingFound),
  };
}

function overPreferences(preferences: Preferences, names: readonly string[], depth: number, single: boolean): TrecEvaluation {
  const all = preferenceMeasures.map(({ name }) => name);
  const asked = askedFor(names, all, { all_prefs: ['runid', 'num_q', ...all], prefs: ['runid', 'num_q', ...all.slice(0, 6)] });
  const measures = preferenceMeasures.filter(({ name }) => asked.has(name));
  const valuesOf = (query: string, ranking: Ranking): QueryValues => {
    const counts = countPreferences(preferences.get(query)!, inOrder(ranking, { ties: 'ranking', single }), depth);
    return { query, values: new Map([['num_q', 1], ...measures.map(({ name, score }) => [name, score(counts)] as const)]), relstring: '' };
  };
  const columns: Column[] = measures.map(({ name, whole = false }) => ({ name, whole, how: whole ? 'sum' : 'mean' }));
  return {
    queries: preferences.keys(),
    columns: asked.has('num_q') ? [numQ, ...columns] : columns,
    relstring: undefined,
    runid: asked.has('runid'),
    query: valuesOf,
    missing: (query) => valuesOf(query, []),
  };
}

const numQ: Column = { name: 'num_q', whole: true, how: 'count' };

/** Grades in groups as preferences: in each group a higher grade is preferred to a lower one. */
function asPreferences(qrels: GroupedQrels): Preferences {
  const preferences = new Map<string, Preference[]>();
  for (const [query, groups] of qrels) {
    const lines: Preference[] = [];
    for (const [group, grades] of groups) for (const [id, level] of grades) lines.push({ group, subgroup: '0', id, level });
    preferences.set(query, lines);
  }
  return preferences;
}

/** The grades of the first documents, a character each: `-` was not in the pool, `.` was and nobody judged it. */
function relevanceString(ranking: JudgedRanking, length: number): string {
  const characters = Array.from({ length: Math.max(0, Math.min(length, ranking.retrieved)) }, () => '-');
  for (let i = 0; i < ranking.places.length && ranking.places[i]! < characters.length; i++) {
    const grade = ranking.grades[i]!;
    characters[ranking.places[i]!] = grade < 0 ? '.' : grade > 9 ? '>' : String(grade);
  }
  return characters.join('');
}
