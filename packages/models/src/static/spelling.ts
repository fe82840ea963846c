/** Terms of the vocabulary that are written like an unknown one, and how alike (0 to 1). */
export interface Lookalike {
  readonly term: number;
  readonly likeness: number;
}

/** Below this share of common pieces two words have nothing to do with each other. */
const leastLikeness = 0.45;
const mostLookalikes = 3;
/** A piece that stands in more words than this says too little to be worth following. */
const longestList = 5000;

/**
 * Finds words by their subwords: the runs of two and three characters, with marks for start and end. A misspelt or unseen
 * form of a word shares most of them with the word itself.
 *
 * @example new Spelling(['boundary', 'layer']).lookalikes('boundry') // [{ term: 0, likeness: 0.7… }]
 */
export class Spelling {
  readonly #lists = new Map<string, number[]>();
  readonly #sizes: Uint16Array;
  /** Counts of one call, all 0 between calls. */
  readonly #shared: Uint16Array;

  constructor(terms: readonly string[]) {
    this.#sizes = new Uint16Array(terms.length);
    this.#shared = new Uint16Array(terms.length);
    terms.forEach((term, id) => {
      const pieces = subwords(term);
      this.#sizes[id] = pieces.size;
      for (const piece of pieces) {
        const list = this.#lists.get(piece);
        if (list === undefined) this.#lists.set(piece, [id]);
        else list.push(id);
      }
    });
  }

  /** Dice's coefficient over subwords, best first, at most three. */
  lookalikes(word: string): Lookalike[] {
    const pieces = subwords(word);
    const shared = this.#shared;
    const met: number[] = [];
    for (const piece of pieces) {
      const list = this.#lists.get(piece);
      if (list === undefined || list.length > longestList) continue;
      for (const id of list) if (shared[id]!++ === 0) met.push(id);
    }
    const found: Lookalike[] = [];
    for (const term of met) {
      const likeness = (2 * shared[term]!) / (pieces.size + this.#sizes[term]!);
      shared[term] = 0;
      if (likeness >= leastLikeness) found.push({ term, likeness });
    }
    return found.sort((a, b) => b.likeness - a.likeness || a.term - b.term).slice(0, mostLookalikes);
  }
}

function subwords(word: string): Set<string> {
  const marked = `<${word.slice(0, 40)}>`;
  const pieces = new Set<string>();
  for (const size of [2, 3]) for (let at = 0; at + size <= marked.length; at++) pieces.add(marked.slice(at, at + size));
  return pieces;
}
