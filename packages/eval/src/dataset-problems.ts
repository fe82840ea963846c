import type { Qrels, Query, Run } from '@rank-rank/core';
import type { SeenDocuments } from './dataset-report.ts';

/** Something of a data set that looks wrong. */
export interface Problem {
  readonly code:
    | 'no-relevant'
    | 'negative-grades'
    | 'fractional-grades'
    | 'queries-without-text'
    | 'empty-queries'
    | 'judged-not-in-collection'
    | 'duplicate-documents'
    | 'empty-documents'
    | 'run-of-other-queries'
    | 'run-misses-queries'
    | 'run-of-other-documents'
    | 'run-shallow'
    | 'run-all-tied'
    | 'run-finds-itself';
  /** Nothing can be measured, figures will mislead, or it is worth knowing. */
  readonly severity: 'error' | 'warning' | 'note';
  /** In a sentence. */
  readonly message: string;
  readonly count: number;
  /** Some of what it is about: ids of queries or documents. */
  readonly examples: readonly string[];
}

interface NamedAnswers {
  readonly name: string;
  readonly run: Run;
}

export function findProblems(
  qrels: Qrels,
  queries: readonly Query[] | undefined,
  documents: SeenDocuments | undefined,
  runs: readonly NamedAnswers[],
): Problem[] {
  const problems: Problem[] = [];
  const add = (code: Problem['code'], severity: Problem['severity'], found: Iterable<string>, message: (count: number) => string): void => {
    const all = [...found];
    if (all.length > 0) problems.push({ code, severity, message: message(all.length), count: all.length, examples: all.slice(0, 5) });
  };
  const of = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
  const judgements = [...qrels].flatMap(([query, judged]) => [...judged].map(([id, grade]) => ({ query, id, grade })));
  const queriesWhere = (test: (grades: readonly number[]) => boolean): string[] =>
    [...qrels].filter(([, judged]) => test([...judged.values()])).map(([query]) => query);

  add(
    'no-relevant',
    'warning',
    queriesWhere((grades) => !grades.some((grade) => grade > 0)),
    (count) =>
      `${of(count, 'judged query', 'judged queries')} without a relevant document: most measures are 0 there whatever is retrieved.`,
  );
  add(
    'negative-grades',
    'note',
    new Set(judgements.filter(({ grade }) => grade < 0).map(({ query }) => query)),
    (count) => `Grades below 0 in ${of(count, 'query', 'queries')}: they are taken for documents of the pool that nobody judged.`,
  );
  add(
    'fractional-grades',
    'note',
    new Set(judgements.filter(({ grade }) => !Number.isInteger(grade)).map(({ query }) => query)),
    (count) => `Grades that are no whole numbers in ${of(count, 'query', 'queries')}: trec_eval would cut them.`,
  );
  if (queries !== undefined) {
    const texts = new Map(queries.map(({ id, text }) => [id, text]));
    add(
      'queries-without-text',
      'error',
      [...qrels.keys()].filter((query) => !texts.has(query)),
      (count) => `${count} of ${qrels.size} judged queries are not among the queries: do the ids of both files match?`,
    );
    add(
      'empty-queries',
      'warning',
      queries.filter(({ text }) => text.trim() === '').map(({ id }) => id),
      (count) => `${of(count, 'query', 'queries')} without text.`,
    );
  }
  if (documents !== undefined) {
    add(
      'judged-not-in-collection',
      documents.missing.size > judgements.length / 2 ? 'error' : 'warning',
      documents.missing,
      (count) => `${of(count, 'judged document')} not in the collection: they can never be retrieved.`,
    );
    add('duplicate-documents', 'error', documents.duplicates, (count) => `${of(count, 'document id')} more than once in the collection.`);
    if (documents.empty > 0)
      problems.push({
        code: 'empty-documents',
        severity: 'note',
        message: `${of(documents.empty, 'document')} without text.`,
        count: documents.empty,
        examples: [],
      });
  }
  for (const { name, run } of runs) {
    const answered = [...run.keys()];
    const known = answered.filter((query) => qrels.has(query));
    const other = answered.filter((query) => !qrels.has(query));
    add(
      'run-of-other-queries',
      known.length === 0 ? 'error' : 'note',
      other,
      (count) => `${name} answers ${of(count, 'query', 'queries')} without judgements, which do not count.`,
    );
    add(
      'run-misses-queries',
      'warning',
      [...qrels.keys()].filter((query) => (run.get(query)?.length ?? 0) === 0),
      (count) => `${name} has no results for ${count} of ${qrels.size} judged queries; they count as 0.`,
    );
    add(
      'run-of-other-documents',
      'error',
      foreign(qrels, run, known),
      () => `${name} has not a single judged document in any query: do the ids of documents match?`,
    );
    add(
      'run-all-tied',
      'warning',
      known.filter((query) => allTied(run, query)),
      (count) => `${name} gives all documents the same score in ${of(count, 'query', 'queries')}: their order comes from their ids alone.`,
    );
    add(
      'run-finds-itself',
      'note',
      known.filter((query) => run.get(query)!.some(({ id }) => id === query)),
      (count) => `${name} finds the document with the query's own id in ${of(count, 'query', 'queries')}; BEIR leaves such documents out.`,
    );
    const depths = known.map((query) => run.get(query)!.length).sort((a, b) => a - b);
    const usual = depths[depths.length >> 1] ?? 0;
    add(
      'run-shallow',
      'note',
      known.filter((query) => run.get(query)!.length < usual / 2),
      (count) => `${name} has less than half its usual ${usual} documents in ${of(count, 'query', 'queries')}.`,
    );
  }
  const order = { error: 0, warning: 1, note: 2 };
  return problems.sort((a, b) => order[a.severity] - order[b.severity]);
}

/** The queries of a run that shares no document with the judgements at all. */
function foreign(qrels: Qrels, run: Run, known: readonly string[]): readonly string[] {
  return known.some((query) => run.get(query)!.some(({ id }) => qrels.get(query)!.has(id)))
    ? []
    : known.filter((query) => run.get(query)!.length > 0);
}

function allTied(run: Run, query: string): boolean {
  const ranking = run.get(query)!;
  return ranking.length > 2 && ranking[0]!.score === ranking.at(-1)!.score;
}
