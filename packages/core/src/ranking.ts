import { compareCodePoints } from './code-point-order.ts';
import { RankError } from './error.ts';
import { checkId, shown } from './validate.ts';

/** A document found, and how well it matched: the higher the score the better. */
export interface Hit {
  readonly id: string;
  readonly score: number;
}

/** Hits, best first. Equal scores are ordered by id (code-point order), so a result never depends on insertion order. */
export type Ranking = readonly Hit[];

/** The order of every ranking: higher score first, then id by code point. */
export function compareHits(a: Hit, b: Hit): number {
  return b.score - a.score || compareCodePoints(a.id, b.id);
}

/**
 * Puts hits into ranking order, in a new array.
 *
 * @example toRanking([{ id: 'b', score: 1 }, { id: 'a', score: 1 }, { id: 'c', score: 2 }]) // c, a, b
 */
export function toRanking(hits: Iterable<Hit>): Hit[] {
  return [...hits].sort(compareHits);
}

/** Whether hits are in ranking order already. */
export function isRanking(hits: Ranking): boolean {
  for (let i = 1; i < hits.length; i++) {
    if (compareHits(hits[i - 1]!, hits[i]!) > 0) return false;
  }
  return true;
}

/** Refuses what is no list of hits with unique, non-empty ids and finite scores. The order is not checked. */
export function checkHits(where: string, hits: unknown): Ranking {
  if (!Array.isArray(hits)) throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(hits)}; expected an array of { id, score }.`);
  const seen = new Set<string>();
  for (let i = 0; i < hits.length; i++) {
    const hit = hits[i] as Partial<Hit> | null | undefined;
    if (typeof hit !== 'object' || hit === null) {
      throw new RankError('INVALID_ARGUMENT', `${where}[${i}] is ${shown(hit)}; expected { id, score }.`, { index: i });
    }
    // The place is put into words only where something is wrong: this runs for every hit.
    const id = typeof hit.id === 'string' && hit.id !== '' ? hit.id : checkId(`${where}[${i}].id`, hit.id);
    if (typeof hit.score !== 'number') {
      throw new RankError('INVALID_ARGUMENT', `${where}[${i}].score of document ${shown(id)} is ${shown(hit.score)}; expected a number.`, {
        index: i,
        id,
      });
    }
    if (!Number.isFinite(hit.score)) {
      throw new RankError('NOT_FINITE', `${where}[${i}].score of document ${shown(id)} is ${hit.score}; expected a finite number.`, {
        index: i,
        id,
      });
    }
    if (seen.has(id))
      throw new RankError('DUPLICATE_ID', `${where} has document ${shown(id)} twice. Keep the better of the two.`, { index: i, id });
    seen.add(id);
  }
  return hits as Ranking;
}
