import { type GroupedQrels, type QrelsInput, RankError, shown, toQrels } from '@rank-rank/core';
import { JudgedDocuments } from './judged-ranking.ts';

/** What measures are computed against: grades, or grades by subtopic (`parseGroupedQrels`). */
export type JudgementsInput = QrelsInput | GroupedQrels;

/**
 * Judgements made ready for any number of runs. Grouped ones keep their groups; a document's grade for measures that know no groups
 * is its highest.
 */
export function prepareJudgements(qrels: JudgementsInput): JudgedDocuments[] {
  if (!isGrouped(qrels)) {
    const prepared = [...toQrels(qrels as QrelsInput)].map(([query, grades]) => new JudgedDocuments(query, grades));
    return notEmpty(prepared);
  }
  const prepared: JudgedDocuments[] = [];
  for (const [query, groups] of qrels) {
    const grades = new Map<string, number>();
    for (const [group, judged] of groups) {
      if (!(judged instanceof Map)) {
        throw new RankError(
          'INVALID_ARGUMENT',
          `qrels[${shown(query)}][${shown(group)}] is ${shown(judged)}; expected a map from document id to grade.`,
        );
      }
      for (const [id, grade] of judged) grades.set(id, Math.max(grade, grades.get(id) ?? Number.NEGATIVE_INFINITY));
    }
    prepared.push(new JudgedDocuments(query, toQrels(new Map([[query, grades]])).get(query)!, groups));
  }
  return notEmpty(prepared);
}

function notEmpty(prepared: JudgedDocuments[]): JudgedDocuments[] {
  if (prepared.length === 0) throw new RankError('EMPTY_INPUT', 'The judgements hold no query; expected at least one.');
  return prepared;
}

function isGrouped(qrels: JudgementsInput): qrels is GroupedQrels {
  if (!(qrels instanceof Map)) return false;
  for (const value of qrels.values()) {
    if (!(value instanceof Map)) return false;
    for (const inner of value.values()) return inner instanceof Map;
  }
  return false;
}
