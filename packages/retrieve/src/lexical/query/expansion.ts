import type { TermDictionary } from '../dictionary/term-dictionary.ts';

/** A term that a prefix, a pattern or a misspelling stands for. */
export interface ExpandedTerm {
  readonly term: string;
  readonly documentFrequency: number;
  /** How many edits away; 0 where it is not about edits. */
  readonly edits: number;
}

const encoder = new TextEncoder();

/** Terms of several dictionaries (one a segment), each with its frequency in all. */
export class Expansion {
  readonly #found = new Map<string, { documentFrequency: number; edits: number }>();

  add(term: string, documentFrequency: number, edits: number): void {
    const known = this.#found.get(term);
    if (known === undefined) this.#found.set(term, { documentFrequency, edits });
    else known.documentFrequency += documentFrequency;
  }

  get size(): number {
    return this.#found.size;
  }

  /** Fewest edits first, then the most frequent; equals in code-point order of UTF-16 units. */
  best(limit: number): ExpandedTerm[] {
    return [...this.#found]
      .map(([term, rest]) => ({ term, ...rest }))
      .sort((a, b) => a.edits - b.edits || b.documentFrequency - a.documentFrequency || (a.term < b.term ? -1 : 1))
      .slice(0, limit);
  }
}

/** Terms that begin so. */
export function expandPrefix(dictionary: TermDictionary, prefix: string, into: Expansion): void {
  const start = encoder.encode(prefix);
  const walk = dictionary.walk(start);
  while (walk.next() && startsWith(walk.term(), start)) into.add(walk.text(), walk.documentFrequency, 0);
}

/** Terms that a pattern fits: `*` stands for any run of characters, `?` for one; `\` takes the next as it is. */
export function expandWildcard(dictionary: TermDictionary, pattern: string, into: Expansion): void {
  const parts = parsePattern(pattern);
  let literal = '';
  for (const part of parts) {
    if (typeof part === 'number') break;
    literal += part;
  }
  const start = encoder.encode(literal);
  const walk = dictionary.walk(start);
  while (walk.next() && startsWith(walk.term(), start)) {
    const text = walk.text();
    if (fits([...text], parts)) into.add(text, walk.documentFrequency, 0);
  }
}

const anyRun = 0;
const anyOne = 1;

function parsePattern(pattern: string): (string | number)[] {
  const parts: (string | number)[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === '\\' && i + 1 < characters.length) parts.push(characters[++i]!);
    else if (character === '*') {
      if (parts.at(-1) !== anyRun) parts.push(anyRun);
    } else parts.push(character === '?' ? anyOne : character);
  }
  return parts;
}

/** Only the last run is ever tried again, so the time is at most characters × parts: no pattern explodes. */
function fits(characters: readonly string[], parts: readonly (string | number)[]): boolean {
  let c = 0;
  let p = 0;
  let runAt = -1;
  let runFrom = 0;
  while (c < characters.length) {
    const part = parts[p];
    if (part === anyRun) {
      runAt = p++;
      runFrom = c;
    } else if (part === anyOne || part === characters[c]) {
      c++;
      p++;
    } else if (runAt >= 0) {
      p = runAt + 1;
      c = ++runFrom;
    } else return false;
  }
  while (parts[p] === anyRun) p++;
  return p === parts.length;
}

/**
 * Terms within so many edits (insertions, deletions, substitutions, swaps of neighbours). The rows of the edit matrix are kept for the
 * characters that a term shares with the one before it, and terms that begin as one that is out of reach are passed over.
 */
export function expandFuzzy(dictionary: TermDictionary, word: string, edits: number, prefixLength: number, into: Expansion): void {
  const wanted = Array.from(word, (character) => character.codePointAt(0)!);
  const kept = Math.min(prefixLength, wanted.length);
  const start = encoder.encode(String.fromCodePoint(...wanted.slice(0, kept)));
  const walk = dictionary.walk(start);
  const width = wanted.length + 1;
  // Row r: the distances of the term's first r characters to all beginnings of the word.
  const rows: Int32Array[] = [Int32Array.from({ length: width }, (_, i) => i)];
  let before: number[] = [];
  /** So many first characters of the term before are already too far. */
  let deadLength = Number.POSITIVE_INFINITY;
  while (walk.next()) {
    const bytes = walk.term();
    if (!startsWith(bytes, start)) break;
    const term = codePoints(bytes);
    let row = 0;
    while (row < before.length && row < term.length && before[row] === term[row]) row++;
    before = term;
    if (row >= deadLength) continue;
    deadLength = Number.POSITIVE_INFINITY;
    for (; row < term.length; row++) {
      if (fillRow(rows, row + 1, term, wanted) > edits) {
        deadLength = row + 1;
        break;
      }
    }
    if (row < term.length) continue;
    const distance = rows[term.length]![width - 1]!;
    if (distance <= edits) into.add(walk.text(), walk.documentFrequency, distance);
  }
}

/** Fills row r and gives the least that any longer term can come to. */
function fillRow(rows: Int32Array[], r: number, term: readonly number[], wanted: readonly number[]): number {
  const width = wanted.length + 1;
  const row = (rows[r] ??= new Int32Array(width));
  const above = rows[r - 1]!;
  row[0] = r;
  let least = r;
  for (let i = 1; i < width; i++) {
    const same = term[r - 1] === wanted[i - 1];
    let cost = Math.min(above[i]! + 1, row[i - 1]! + 1, above[i - 1]! + (same ? 0 : 1));
    if (r > 1 && i > 1 && term[r - 1] === wanted[i - 2] && term[r - 2] === wanted[i - 1]) cost = Math.min(cost, rows[r - 2]![i - 2]! + 1);
    row[i] = cost;
    if (cost < least) least = cost;
  }
  // A swap with the next character may still lead from the row above.
  return r > 1 ? Math.min(least, leastOf(above) + 1) : least;
}

function leastOf(row: Int32Array): number {
  let least = row[0]!;
  for (let i = 1; i < row.length; i++) if (row[i]! < least) least = row[i]!;
  return least;
}

function codePoints(bytes: Uint8Array): number[] {
  const points: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point = size === 1 ? first : first & (0xff >> (size + 1));
    for (let j = 1; j < size; j++) point = (point << 6) | (bytes[i + j]! & 0x3f);
    points.push(point);
    i += size;
  }
  return points;
}

function startsWith(term: Uint8Array, start: Uint8Array): boolean {
  if (term.length < start.length) return false;
  for (let i = 0; i < start.length; i++) if (term[i] !== start[i]) return false;
  return true;
}
