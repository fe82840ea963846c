import { PositionsReader } from '../postings/positions.ts';
import type { PostingsCursor, TermEntry } from '../postings/postings-cursor.ts';
import { noMore } from '../postings/postings-cursor.ts';
import { IntersectionMatches, type Matches, TermMatches } from './matches.ts';

/** One word of a phrase: its cursor, and its place in the phrase. */
export interface PhraseWord {
  readonly cursor: PostingsCursor;
  readonly entry: TermEntry;
  readonly place: number;
}

export interface PhraseRule {
  /** `phrase`: in this order, moved by at most `slop` places in all. `near`: in any order, with at most `slop` other words among them. */
  readonly kind: 'phrase' | 'near';
  readonly slop: number;
}

/**
 * Documents in which the words stand together. What an occurrence counts falls with how far they are apart: 1/(1 + distance), as in
 * Lucene; the score is that of a term which occurs so often.
 */
export class PhraseMatches implements Matches {
  readonly #all: IntersectionMatches;
  readonly #words: readonly PhraseWord[];
  readonly #readers: readonly PositionsReader[];
  readonly #rule: PhraseRule;
  readonly #scoreOf: (document: number, frequency: number) => number;
  /** How often the words stand together in the current document, near ones counting more. */
  frequency = 0;

  constructor(
    words: readonly PhraseWord[],
    positions: Uint8Array,
    rule: PhraseRule,
    scoreOf: (document: number, frequency: number) => number,
  ) {
    this.#words = words;
    this.#readers = words.map(({ entry }) => new PositionsReader(positions, entry));
    this.#rule = rule;
    this.#scoreOf = scoreOf;
    this.#all = new IntersectionMatches(words.map(({ cursor }) => new TermMatches(cursor, () => 0)));
    this.#settle();
  }

  get document(): number {
    return this.#all.document;
  }

  get cost(): number {
    return this.#all.cost;
  }

  next(): number {
    this.#all.next();
    return this.#settle();
  }

  seek(target: number): number {
    if (this.#all.document >= target) return this.#all.document;
    this.#all.seek(target);
    return this.#settle();
  }

  score(): number {
    return this.#scoreOf(this.#all.document, this.frequency);
  }

  #settle(): number {
    while (this.#all.document !== noMore) {
      const lists = this.#words.map(({ cursor }, i) => this.#readers[i]!.read(cursor).subarray(0, cursor.frequency));
      this.frequency = phraseFrequency(
        lists,
        this.#words.map(({ place }) => place),
        this.#rule,
      );
      if (this.frequency > 0) break;
      this.#all.next();
    }
    return this.#all.document;
  }
}

/** How often words stand together, given where each stands. */
export function phraseFrequency(positions: readonly Uint32Array[], places: readonly number[], rule: PhraseRule): number {
  let total = 0;
  occurrences(positions, places, rule, (_, distance) => {
    total += 1 / (1 + distance);
  });
  return total;
}

/**
 * Every group of positions, one a word, that obeys the rule; `at` has the place in each word's list. A group that cannot be made tighter
 * counts once: then the word that stands first moves on to its next position.
 */
export function occurrences(
  positions: readonly Uint32Array[],
  places: readonly number[],
  { kind, slop }: PhraseRule,
  onOccurrence: (at: readonly number[], distance: number) => void,
): void {
  const count = positions.length;
  const at = new Array<number>(count).fill(0);
  const inPlace = kind === 'phrase';
  for (;;) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let lowest = 0;
    for (let i = 0; i < count; i++) {
      const position = positions[i]![at[i]!]! - (inPlace ? places[i]! : 0);
      if (position < low) {
        low = position;
        lowest = i;
      }
      if (position > high) high = position;
    }
    const distance = inPlace ? high - low : high - low - (count - 1);
    if (distance <= slop && distinct(positions, at)) onOccurrence(at, Math.max(0, distance));
    if (++at[lowest]! >= positions[lowest]!.length) return;
  }
}

/** A word that comes twice in the phrase needs two places in the text. */
function distinct(positions: readonly Uint32Array[], at: readonly number[]): boolean {
  for (let i = 1; i < positions.length; i++) {
    for (let j = 0; j < i; j++) if (positions[i]![at[i]!] === positions[j]![at[j]!]) return false;
  }
  return true;
}
