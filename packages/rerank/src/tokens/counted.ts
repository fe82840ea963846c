import { checkOneOf, checkOptions, RankError, shown, type TextRole, type Tokens } from '@rank-rank/core';
import { checkTokens } from './check-tokens.ts';
import { maskedRows } from './select-rows.ts';

/** What a row stands for, as far as scoring is concerned. */
export type TokenClass = 'text' | 'special' | 'prefix' | 'expansion' | 'padding' | 'skipped';

/** Which rows count in a score. Every rule says what is kept; all default to what {@link maskings} has under `sentence-transformers`. */
export interface CountingRule {
  /** `[CLS]`, `[SEP]`, `<s>` and their like. */
  readonly special?: boolean;
  /** The markers that say "query" or "document": `[Q] `, `[D] `, `[unused0]`, `[unused1]`. */
  readonly prefix?: boolean;
  /** The `[MASK]` rows that ColBERT pads a query with. */
  readonly expansion?: boolean;
  readonly padding?: boolean;
  /** Pieces that never count: `punctuation`, or a list of pieces as the tokenizer writes them. */
  readonly skip?: 'punctuation' | 'none' | readonly string[];
}

/** How a family of implementations treats rows that do not count. */
export interface Masking {
  readonly query: CountingRule;
  readonly document: CountingRule;
  /**
   * What a document's rows that do not count do to a maximum: `excluded` takes no notice of them; `zero` lets them take part with
   * similarity 0; `clipped` means that no maximum is ever below 0, masked rows or not.
   */
  readonly absent: 'excluded' | 'zero' | 'clipped';
}

const queryRule: CountingRule = { special: true, prefix: true, expansion: true, padding: false, skip: 'none' };
const documentRule: CountingRule = { special: true, prefix: true, expansion: false, padding: false, skip: 'none' };

/**
 * The semantics of masks by the name of who has them, read from their code.
 *
 * - `sentence-transformers` (6): rows that do not count are excluded from the maximum; a skiplist only where the model brings one.
 * - `pylate`: documents drop punctuation; in a padded batch similarities are multiplied by the mask, so a padding row beats negative similarities.
 * - `stanford` (ColBERT on a GPU): documents drop punctuation, padding is excluded; every one of the query's 32 rows counts.
 * - `stanford-cpu` (its PLAID on a CPU): the same, but maxima start at 0, so that no query row counts less than 0.
 */
export const maskings: Readonly<Record<'sentence-transformers' | 'pylate' | 'stanford' | 'stanford-cpu', Masking>> = {
  'sentence-transformers': { query: queryRule, document: documentRule, absent: 'excluded' },
  pylate: { query: queryRule, document: { ...documentRule, skip: 'punctuation' }, absent: 'zero' },
  stanford: { query: queryRule, document: { ...documentRule, skip: 'punctuation' }, absent: 'excluded' },
  'stanford-cpu': { query: queryRule, document: { ...documentRule, skip: 'punctuation' }, absent: 'clipped' },
};

export type MaskingName = keyof typeof maskings;

const classes: ReadonlyMap<string, TokenClass> = new Map<string, TokenClass>([
  ...['[CLS]', '[SEP]', '<s>', '</s>', '<bos>', '<eos>', '<|endoftext|>', '<cls>', '<sep>'].map((piece) => [piece, 'special'] as const),
  ...['[Q]', '[D]', '[Q] ', '[D] ', '[unused0]', '[unused1]', '[QueryMarker]', '[DocumentMarker]'].map(
    (piece) => [piece, 'prefix'] as const,
  ),
  ...['[MASK]', '<mask>', '<|mask|>'].map((piece) => [piece, 'expansion'] as const),
  ...['[PAD]', '<pad>'].map((piece) => [piece, 'padding'] as const),
]);

/** What a piece stands for. ASCII punctuation (Python's `string.punctuation`) is `skipped`, with the marks tokenizers put before words taken off. */
export function tokenClass(piece: string): TokenClass {
  const known = classes.get(piece);
  if (known !== undefined) return known;
  const bare = piece.replace(/^(##|▁|Ġ)/u, '');
  return bare.length === 1 && /[!-/:-@[-`{-~]/.test(bare) ? 'skipped' : 'text';
}

/**
 * Which rows of a token matrix count in a score: 1 where they do. Needs `tokens.pieces`.
 *
 * @example maskedRows(tokens, countedRows(tokens, 'document', 'stanford')) // without punctuation
 */
export function countedRows(tokens: Tokens, as: TextRole, masking: MaskingName | CountingRule = 'sentence-transformers'): Uint8Array {
  checkTokens('countedRows: tokens', tokens);
  checkOneOf('countedRows: as', as, ['query', 'document']);
  const base = maskings['sentence-transformers'][as];
  let rule = base;
  if (typeof masking === 'string') rule = maskings[checkOneOf('countedRows: masking', masking, Object.keys(maskings) as MaskingName[])][as];
  else {
    checkOptions('countedRows', masking, ['special', 'prefix', 'expansion', 'padding', 'skip']);
    rule = { ...base, ...masking };
  }
  const { pieces } = tokens;
  if (pieces === undefined) {
    throw new RankError(
      'INVALID_ARGUMENT',
      'countedRows: the tokens have no pieces, so nothing is known of their rows. Encode with pieces, or give a mask.',
    );
  }
  const skip = Array.isArray(rule.skip) ? new Set(rule.skip as readonly string[]) : undefined;
  if (skip === undefined) checkOneOf('countedRows: skip', rule.skip, ['punctuation', 'none']);
  const counted = new Uint8Array(tokens.rows);
  for (let row = 0; row < tokens.rows; row++) {
    const piece = pieces[row]!;
    const kind = tokenClass(piece);
    if (skip?.has(piece)) continue;
    counted[row] = kind === 'text' ? 1 : kind === 'skipped' ? Number(rule.skip !== 'punctuation') : Number(rule[kind] ?? true);
  }
  return counted;
}

/** Only the rows that count: what is stored, and what queries are scored with. */
export function countedTokens(tokens: Tokens, as: TextRole, masking: MaskingName | CountingRule = 'sentence-transformers'): Tokens {
  return maskedRows(tokens, countedRows(tokens, as, masking));
}

/** Refuses a mask that does not have one number or boolean a row. */
export function checkMask(where: string, mask: unknown, rows: number): ArrayLike<number | boolean> {
  const list = mask as ArrayLike<number | boolean> | undefined | null;
  if (typeof list !== 'object' || list === null || list.length !== rows) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where} is ${shown(mask)}${list?.length === undefined ? '' : ` of ${list.length}`}; expected one entry for each of ${rows} rows.`,
    );
  }
  return list;
}
