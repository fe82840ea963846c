import { RankError } from './error.ts';
import { checkId, shown } from './validate.ts';

/** Judgements: query id → document id → grade. A grade of 0 or less is judged and not relevant; a document that is absent is unjudged. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What functions accept as qrels: {@link Qrels}, or plain objects. */
export type QrelsInput = Qrels | Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Maps of judgements found valid. They are read-only, so once is enough. */
const checked = new WeakSet<ReadonlyMap<string, number>>();

/** Validates judgements: ids are non-empty, grades finite. Maps come back as they are. */
export function toQrels(input: QrelsInput, where = 'qrels'): Qrels {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(input)}; expected a map or an object from query id to judgements.`);
  }
  const isMap = input instanceof Map;
  const qrels = new Map<string, ReadonlyMap<string, number>>();
  let untouched = isMap;
  for (const [query, value] of isMap ? (input as Qrels) : Object.entries(input)) {
    checkId(`${where}: a query id`, query);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${where}[${shown(query)}] is ${shown(value)}; expected a map or an object from document id to grade.`,
        { query },
      );
    }
    const judged: ReadonlyMap<string, number> = value instanceof Map ? value : new Map(Object.entries(value as Record<string, number>));
    untouched &&= judged === value;
    for (const [id, grade] of checked.has(judged) ? [] : judged) {
      checkId(`${where}[${shown(query)}]: a document id`, id);
      if (typeof grade !== 'number' || !Number.isFinite(grade)) {
        throw new RankError(
          typeof grade === 'number' ? 'NOT_FINITE' : 'INVALID_ARGUMENT',
          `${where}[${shown(query)}][${shown(id)}] is ${shown(grade)}; expected a grade, a finite number.`,
          { query, id },
        );
      }
    }
    checked.add(judged);
    qrels.set(query, judged);
  }
  return untouched ? (input as Qrels) : qrels;
}
