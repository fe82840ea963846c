/**
 * What can be asked, as plain data. A bare string is a bag of words, taken as it is: no character in it is an operator
 * ({@link parseQuery} reads a syntax with operators).
 *
 * | form | finds |
 * |---|---|
 * | `'words'`, `{ text }` | documents with any of the words; `minimumShouldMatch` asks for more |
 * | `{ term }` | one term, exactly as it stands in the index |
 * | `{ phrase, slop }` | the words next to one another, or within `slop` moves; needs positions |
 * | `{ near, distance }` | the words in any order within a stretch of `distance` further words; needs positions |
 * | `{ prefix }`, `{ wildcard }` | terms that begin so; terms of that pattern (`*` any run, `?` one character, `\` takes the next as it is) |
 * | `{ fuzzy, edits }` | terms within so many edits |
 * | `{ must, should, mustNot }` | documents with all, any, none |
 * | `{ id }` | the document of that id, with score 0 |
 * | `{ all: true }` | every document, with score 0 |
 *
 * `field` asks one field (`fields` several); without it all fields are asked. `boost` multiplies the score.
 */
export type LexicalQuery =
  | string
  | TextQuery
  | TermQuery
  | PhraseQuery
  | NearQuery
  | PrefixQuery
  | WildcardQuery
  | FuzzyQuery
  | BooleanQuery
  | { readonly id: string }
  | { readonly all: true };

interface Asked {
  readonly field?: string;
  readonly fields?: readonly string[];
  readonly boost?: number;
}

export interface TextQuery extends Asked {
  readonly text: string;
  /** How many of the words a document must have: a number, or a share such as `'75%'` (rounded down; at least one). Negative: how many may be missing. */
  readonly minimumShouldMatch?: number | string;
}

export interface TermQuery extends Asked {
  readonly term: string;
}

export interface PhraseQuery extends Asked {
  readonly phrase: string;
  /** How many places the words may be moved in all. 0 */
  readonly slop?: number;
}

export interface NearQuery extends Asked {
  readonly near: string;
  /** How many other words may stand among them. 5 */
  readonly distance?: number;
}

/** Terms that a pattern stands for. At most `limit` (the most frequent) are taken; a warning says so where there are more. */
interface Expanded extends Asked {
  readonly limit?: number;
}

export interface PrefixQuery extends Expanded {
  readonly prefix: string;
}

export interface WildcardQuery extends Expanded {
  readonly wildcard: string;
}

export interface FuzzyQuery extends Expanded {
  readonly fuzzy: string;
  /** Insertions, deletions, substitutions, swaps of neighbours: 0, 1 or 2; by default 0 up to two characters, 1 up to five, else 2. */
  readonly edits?: 0 | 1 | 2;
  /** How many characters must agree at the start. 1 */
  readonly prefixLength?: number;
}

export interface BooleanQuery {
  readonly must?: readonly LexicalQuery[];
  readonly should?: readonly LexicalQuery[];
  readonly mustNot?: readonly LexicalQuery[];
  /** How many of `should` a document must match. 0 where there is a `must`, else 1. */
  readonly minimumShouldMatch?: number | string;
  readonly boost?: number;
}
