import { checkOptions, type Document, type QrelsInput, type Query, type RunInput, toQrels, toRun } from '@rank-rank/core';
import { findProblems, type Problem } from './dataset-problems.ts';
import { mean, quantileOfSorted } from './statistics/moments.ts';

export interface DatasetReportInput {
  readonly qrels: QrelsInput;
  readonly queries?: Iterable<Query>;
  /** Documents, or only their ids. They are gone through once and not kept. */
  readonly documents?: Iterable<Document | string> | AsyncIterable<Document | string>;
  readonly runs?: Readonly<Record<string, RunInput>>;
}

/** Five points of a distribution. */
export interface Spread {
  readonly lowest: number;
  readonly median: number;
  readonly mean: number;
  readonly highest: number;
}

/**
 * What kind of test collection judgements make: `known-item` (about one relevant document a query, hardly anything else judged, as
 * MS MARCO's), `shallow` (hardly any but relevant documents listed), `pooled` (non-relevant ones too, as TREC's).
 */
export type DatasetKind = 'known-item' | 'shallow' | 'pooled';

export interface DatasetReport {
  readonly kind: DatasetKind;
  readonly grades: 'binary' | 'graded';
  readonly queries: { readonly judged: number; readonly withRelevant: number; readonly total?: number; readonly words?: Spread };
  readonly documents?: { readonly total: number; readonly words?: Spread; readonly empty: number };
  readonly judgements: {
    readonly total: number;
    /** Grade → how many judgements have it. */
    readonly histogram: Readonly<Record<string, number>>;
    readonly perQuery: Spread;
    readonly relevantPerQuery: Spread;
    /** The share of the collection that was judged for any query. */
    readonly coverage?: number;
  };
  readonly runs: readonly RunReport[];
  /** What looks wrong, the worst first. */
  readonly problems: readonly Problem[];
}

export interface RunReport {
  readonly name: string;
  readonly queries: number;
  readonly depth: Spread;
  /** The share of the first 10 documents that nobody judged. */
  readonly unjudgedAt10: number;
  /** The share of hits whose score another hit of the query has too. */
  readonly tied: number;
}

/**
 * Looks through a test collection and its runs: sizes, grades, what was not judged, and what looks wrong.
 *
 * @example
 * const report = await datasetReport({ qrels, queries, documents: beir.documents(), runs: { bm25 } });
 * for (const { message } of report.problems) console.warn(message);
 */
export async function datasetReport(input: DatasetReportInput): Promise<DatasetReport> {
  checkOptions('datasetReport', input, ['qrels', 'queries', 'documents', 'runs']);
  const qrels = toQrels(input.qrels);
  const runs = Object.entries(input.runs ?? {}).map(([name, run]) => ({ name, run: toRun(run, name) }));
  const queries = input.queries === undefined ? undefined : [...input.queries];

  const histogram = new Map<number, number>();
  const judgedIds = new Set<string>();
  const perQuery: number[] = [];
  const relevant: number[] = [];
  for (const judged of qrels.values()) {
    let count = 0;
    for (const [id, grade] of judged) {
      judgedIds.add(id);
      histogram.set(grade, (histogram.get(grade) ?? 0) + 1);
      if (grade > 0) count++;
    }
    perQuery.push(judged.size);
    relevant.push(count);
  }
  const total = perQuery.reduce((sum, count) => sum + count, 0);
  const positive = relevant.reduce((sum, count) => sum + count, 0);

  const seen = input.documents === undefined ? undefined : await goThrough(input.documents, judgedIds);
  const runReports = runs.map(({ name, run }): RunReport => {
    let tied = 0;
    let hits = 0;
    let looked = 0;
    let unjudged = 0;
    for (const [query, ranking] of run) {
      hits += ranking.length;
      ranking.forEach(({ score }, at) => {
        if (score === ranking[at - 1]?.score || score === ranking[at + 1]?.score) tied++;
      });
      const judged = qrels.get(query);
      if (judged === undefined) continue;
      for (const { id } of ranking.slice(0, 10)) {
        looked++;
        if (!judged.has(id)) unjudged++;
      }
    }
    return {
      name,
      queries: run.size,
      depth: spreadOf([...run.values()].map((ranking) => ranking.length)),
      unjudgedAt10: looked === 0 ? 0 : unjudged / looked,
      tied: hits === 0 ? 0 : tied / hits,
    };
  });
  const grades = [...histogram.keys()].filter((grade) => grade > 0);
  return {
    kind: positive < 0.75 * total ? 'pooled' : mean(relevant) < 1.5 ? 'known-item' : 'shallow',
    grades: grades.length > 1 ? 'graded' : 'binary',
    queries: {
      judged: qrels.size,
      withRelevant: relevant.filter((count) => count > 0).length,
      ...(queries === undefined ? {} : { total: queries.length, words: spreadOf(queries.map(({ text }) => wordsIn(text))) }),
    },
    ...(seen === undefined
      ? {}
      : { documents: { total: seen.ids, empty: seen.empty, ...(seen.words.length === 0 ? {} : { words: spreadOf(seen.words) }) } }),
    judgements: {
      total,
      histogram: Object.fromEntries([...histogram].sort(([a], [b]) => a - b)),
      perQuery: spreadOf(perQuery),
      relevantPerQuery: spreadOf(relevant),
      ...(seen === undefined ? {} : { coverage: seen.ids === 0 ? 0 : (judgedIds.size - seen.missing.size) / seen.ids }),
    },
    runs: runReports,
    problems: findProblems(qrels, queries, seen, runs),
  };
}

/** What one pass over the documents tells. */
export interface SeenDocuments {
  readonly ids: number;
  readonly duplicates: readonly string[];
  readonly empty: number;
  readonly words: number[];
  /** Judged documents that are not in the collection. */
  readonly missing: ReadonlySet<string>;
}

async function goThrough(documents: NonNullable<DatasetReportInput['documents']>, judged: ReadonlySet<string>): Promise<SeenDocuments> {
  const ids = new Set<string>();
  const missing = new Set(judged);
  const duplicates: string[] = [];
  const words: number[] = [];
  let empty = 0;
  for await (const document of documents as AsyncIterable<Document | string>) {
    const id = typeof document === 'string' ? document : document.id;
    if (ids.has(id)) duplicates.push(id);
    ids.add(id);
    missing.delete(id);
    if (typeof document === 'string') continue;
    const count = wordsIn(document.title ?? '') + wordsIn(document.text);
    words.push(count);
    if (count === 0) empty++;
  }
  return { ids: ids.size, duplicates, empty, words, missing };
}

function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return { lowest: 0, median: 0, mean: 0, highest: 0 };
  return { lowest: sorted[0]!, median: quantileOfSorted(sorted, 0.5), mean: mean(sorted), highest: sorted.at(-1)! };
}
