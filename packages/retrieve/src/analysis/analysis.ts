/** A normalisation form of Unicode. */
export type NormalizationForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Rewrites the text before it is cut; what follows keeps the offsets of the original. */
export type CharFilterSpec =
  /** Markup is blanked out, its common entities decoded. */
  | { readonly type: 'html' }
  | { readonly type: 'normalize'; readonly form: NormalizationForm }
  /** Literal replacements; the longest key that fits wins. */
  | { readonly type: 'mapping'; readonly map: Readonly<Record<string, string>> };

/** Cuts text into tokens. */
export type TokenizerSpec =
  /** Unicode word breaks (UAX #29) as Lucene's StandardTokenizer has them. Longer tokens are cut at `maxLength` (255). */
  | { readonly type: 'standard'; readonly maxLength?: number }
  | { readonly type: 'whitespace' }
  /** The whole text is one token. */
  | { readonly type: 'keyword' }
  /** Words as the runtime's dictionaries know them, for languages written without spaces. */
  | { readonly type: 'segmenter'; readonly locale?: string }
  /** Identifiers as wholes and as parts: camelCase, snake_case, dotted and slashed paths; runs of symbols on request. */
  | { readonly type: 'code'; readonly wholes?: boolean; readonly symbols?: boolean }
  /** Every run of `min` to `max` characters within words. */
  | { readonly type: 'ngram'; readonly min: number; readonly max: number };

/** Changes, drops or adds tokens. */
export type TokenFilterSpec =
  | { readonly type: 'lowercase'; readonly locale?: string }
  /** NFKC, then full case folding: what counts as the same word in any script. */
  | { readonly type: 'fold' }
  /** Accents are taken off: é → e, ё → е; also ß → ss, æ → ae, ø → o, đ → d, ł → l. */
  | { readonly type: 'unaccent' }
  | { readonly type: 'normalize'; readonly form: NormalizationForm }
  /** A trailing 's is taken off. */
  | { readonly type: 'possessive' }
  /** What follows an apostrophe is taken off with it: İstanbul'da → İstanbul. */
  | { readonly type: 'apostrophe' }
  /** Articles joined by an apostrophe are taken off: l'avion → avion. */
  | { readonly type: 'elision'; readonly articles: readonly string[] }
  /** A list of words, or the name of a list that comes with the package. */
  | { readonly type: 'stop'; readonly words: readonly string[] | string }
  /** `porter`, or the name of a Snowball language. Words in `except` stay as they are. */
  | { readonly type: 'stem'; readonly algorithm: string; readonly except?: readonly string[] }
  /** Tokens shorter or longer (in code points) are dropped. */
  | { readonly type: 'length'; readonly min?: number; readonly max?: number }
  /** Neighbouring Han, kana and Hangul tokens become overlapping pairs; a lone one stays. */
  | { readonly type: 'cjkBigrams'; readonly unigrams?: boolean }
  | { readonly type: 'ngrams'; readonly min: number; readonly max: number }
  | { readonly type: 'edgeNgrams'; readonly min: number; readonly max: number }
  /**
   * Rules as `a, b c => d` (what stands on the left becomes what stands on the right) or `a, b c, d` (each finds all).
   * Multi-word sides are matched on tokens, longest first.
   */
  | { readonly type: 'synonyms'; readonly rules: readonly string[] }
  /** Compounds get their parts beside them: Wetterbericht → wetterbericht, wetter, bericht. */
  | {
      readonly type: 'decompound';
      readonly dictionary: readonly string[];
      readonly minWord?: number;
      readonly minPart?: number;
      readonly maxPart?: number;
    };

/** How text becomes terms, as plain data: it is stored in the index, so that a reopened index analyses as it was built. */
export interface AnalysisSpec {
  readonly charFilters?: readonly CharFilterSpec[];
  readonly tokenizer: TokenizerSpec;
  readonly filters?: readonly TokenFilterSpec[];
}

/** What a token is written in, as far as filters need to know. */
export type TokenKind = 'word' | 'number' | 'ideographic' | 'hiragana' | 'katakana' | 'hangul' | 'southeastAsian' | 'emoji';

/** A term where it stands in the text. */
export interface Token {
  readonly term: string;
  /** Character offsets (UTF-16 units) into the text as it was given. */
  readonly start: number;
  readonly end: number;
  /** Counted in tokens; dropped stop words leave a hole, parts and synonyms share the position of what they stand for. */
  readonly position: number;
  readonly kind: TokenKind;
}

/** Receives the spans that a tokenizer finds. */
export type OnSpan = (start: number, end: number, kind: TokenKind) => void;
