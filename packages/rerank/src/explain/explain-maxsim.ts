import {
  checkInteger,
  checkOptions,
  checkString,
  type Explanation,
  type Matrix,
  RankError,
  type ScoreSpace,
  type Tokens,
} from '@rank-rank/core';
import { scores as scoreMatrix } from '@rank-rank/kernels';
import { countedWeights, type MaxSimOptions, maxsimSpace } from '../scoring/maxsim.ts';
import { checkSmooth, smoothMaximum } from '../scoring/smooth-maxsim.ts';
import { checkCounted, checkTokens } from '../tokens/check-tokens.ts';
import { checkMask } from '../tokens/counted.ts';
import { type Snippet, snippetsOf } from './snippets.ts';
import { type Word, wordsOf } from './words.ts';

/** What one query row found in the document. */
export interface TokenMatch {
  readonly queryRow: number;
  /** The document row with the largest similarity; -1 where none took part (a clipped maximum). */
  readonly documentRow: number;
  readonly similarity: number;
  readonly weight: number;
  /** What it adds to the score: weight · similarity, divided as the score is. */
  readonly contribution: number;
  /** The part of the score it makes up; the shares add up to 1 (all are 0 where the score is 0). */
  readonly share: number;
}

/** What one query word found: its rows' matches together. */
export interface WordMatch {
  readonly word: Word;
  /** The document's words that its rows found, the one that adds most first. */
  readonly found: readonly { readonly word: Word; readonly contribution: number }[];
  readonly contribution: number;
  readonly share: number;
}

/** Why a document has its MaxSim score. */
export interface MaxSimExplanation {
  readonly score: number;
  readonly space: ScoreSpace;
  /** One a query row that counts. */
  readonly matches: readonly TokenMatch[];
  /** One a query word, in the query's order. */
  readonly words: readonly WordMatch[];
  /** The document's words with what they add to the score; words that no query row found have 0. */
  readonly documentWords: readonly { readonly word: Word; readonly contribution: number }[];
  /** The passages that match best, best first. */
  readonly snippets: readonly Snippet[];
  /** Query rows × document rows, on request. */
  readonly similarities?: Matrix;
  readonly query: { readonly text?: string; readonly tokens: Tokens };
  readonly document: { readonly text?: string; readonly tokens: Tokens };
}

export interface ExplainOptions extends Pick<MaxSimOptions, 'similarity' | 'aggregate' | 'queryLength' | 'weights' | 'smooth' | 'absent'> {
  readonly mask?: { readonly query?: ArrayLike<number | boolean>; readonly document?: ArrayLike<number | boolean> };
  readonly queryText?: string;
  readonly documentText?: string;
  /** Whether the similarity matrix comes along; false by default. */
  readonly matrix?: boolean;
  /** How many snippets; 3 by default. */
  readonly snippets?: number;
  /** How many words a snippet has; 16 by default. */
  readonly snippetWords?: number;
}

const known = [
  'similarity',
  'aggregate',
  'queryLength',
  'weights',
  'smooth',
  'absent',
  'mask',
  'queryText',
  'documentText',
  'matrix',
  'snippets',
  'snippetWords',
] as const;

/**
 * Explains a MaxSim score: for every query row its best document row, the similarity and its share of the score, the same by words and
 * character spans, and the passages that match best.
 *
 * @example
 * const why = explainMaxSim(query, document, { documentText: text });
 * why.words[0].found[0].word.text; // the word that matched the query's first word
 */
export function explainMaxSim(query: Tokens, document: Tokens, options: ExplainOptions = {}): MaxSimExplanation {
  checkOptions('explainMaxSim', options, known);
  checkTokens('query', query);
  checkCounted('The document', checkTokens('document', document, query.dim));
  const { queryText, documentText, smooth, aggregate = 'sum', absent = 'excluded' } = options;
  for (const [name, text] of Object.entries({ queryText, documentText }))
    if (text !== undefined) checkString(`explainMaxSim: ${name}`, text);
  if (smooth !== undefined) checkSmooth(smooth);
  const weights = countedWeights(query, options);
  const total = weights.reduce((a, b) => a + b, 0);
  if (total === 0) checkCounted('The query', { ...query, rows: 0 });
  const mask = options.mask?.document === undefined ? undefined : checkMask('mask.document', options.mask.document, document.rows);
  const columns = Array.from({ length: document.rows }, (_, row) => row).filter((row) => mask === undefined || mask[row]);
  if (columns.length === 0) checkCounted('The document', { ...document, rows: 0 });
  const divisor = aggregate === 'sum' ? 1 : aggregate === 'mean' ? total : (options.queryLength ?? 32);
  const matrix = scoreMatrix(
    { type: 'f32', data: query.data, dim: query.dim },
    { type: 'f32', data: document.data, dim: document.dim },
    { metric: options.similarity ?? 'dot' },
  );
  const floor = absent === 'clipped' || (absent === 'zero' && columns.length < document.rows) ? 0 : Number.NEGATIVE_INFINITY;

  const found: Omit<TokenMatch, 'share'>[] = [];
  let score = 0;
  for (let i = 0; i < query.rows; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    const row = matrix.subarray(i * document.rows, (i + 1) * document.rows);
    let best = columns[0]!;
    for (const column of columns) if (row[column]! > row[best]!) best = column;
    const clipped = row[best]! < floor;
    let similarity = clipped ? floor : row[best]!;
    if (smooth !== undefined)
      similarity = smoothMaximum(
        Float32Array.from(columns, (column) => row[column]!),
        smooth,
      );
    const contribution = (weight * similarity) / divisor;
    score += contribution;
    found.push({ queryRow: i, documentRow: clipped ? -1 : best, similarity, weight, contribution });
  }
  const share = (contribution: number) => (score === 0 ? 0 : contribution / score);
  const matches = found.map((match) => ({ ...match, share: share(match.contribution) }));

  const queryWords = wordsOf(query, queryText);
  const documentWords = wordsOf(document, documentText);
  const wordOfRow = new Map(documentWords.flatMap((word) => word.rows.map((row) => [row, word] as const)));
  const received = new Map<Word, number>();
  const words = queryWords.flatMap((word): WordMatch[] => {
    const mine = matches.filter(({ queryRow }) => word.rows.includes(queryRow));
    if (mine.length === 0) return [];
    const targets = new Map<Word, number>();
    for (const { documentRow, contribution } of mine) {
      const target = wordOfRow.get(documentRow);
      if (target === undefined) continue;
      targets.set(target, (targets.get(target) ?? 0) + contribution);
      received.set(target, (received.get(target) ?? 0) + contribution);
    }
    const contribution = mine.reduce((sum, match) => sum + match.contribution, 0);
    const order = [...targets]
      .map(([target, value]) => ({ word: target, contribution: value }))
      .sort((a, b) => b.contribution - a.contribution);
    return [{ word, found: order, contribution, share: share(contribution) }];
  });
  return {
    score,
    space: maxsimSpace({ aggregate }),
    matches,
    words,
    documentWords: documentWords.map((word) => ({ word, contribution: received.get(word) ?? 0 })),
    snippets: snippetsOf(matrix, weights, documentWords, mask, {
      count: checkInteger('explainMaxSim: snippets', options.snippets ?? 3, { min: 0 }),
      words: checkInteger('explainMaxSim: snippetWords', options.snippetWords ?? 16, { min: 1 }),
      text: documentText,
      divisor,
    }),
    ...(options.matrix && { similarities: { data: matrix, rows: query.rows, dim: document.rows } }),
    query: { tokens: query, ...(queryText !== undefined && { text: queryText }) },
    document: { tokens: document, ...(documentText !== undefined && { text: documentText }) },
  };
}

/**
 * The explanation as the tree that every stage of a pipeline speaks: the score is the sum of the query words' parts, each the sum of its
 * rows', each the product of a weight and a similarity. Spans are those of the document.
 */
export function maxsimExplanation(why: MaxSimExplanation): Explanation {
  const { tokens } = why.document;
  const byRow = new Map(why.matches.map((match) => [match.queryRow, match]));
  return {
    name: 'maxsim',
    value: why.score,
    space: why.space,
    combine: 'sum',
    parts: why.words.map(({ word, found, contribution }) => ({
      name: word.text,
      value: contribution,
      combine: 'sum',
      ...(found.length > 0 && {
        description: `matched ${found.map((target) => JSON.stringify(target.word.text)).join(', ')}`,
        spans: found.filter(({ word: { start, end } }) => end > start).map(({ word: { start, end } }) => [start, end] as const),
      }),
      parts: word.rows.flatMap((row): Explanation[] => {
        const match = byRow.get(row);
        if (match === undefined) return [];
        const { documentRow, similarity } = match;
        const factor = similarity === 0 ? 0 : match.contribution / similarity;
        const span =
          documentRow < 0 || tokens.spans === undefined
            ? undefined
            : ([tokens.spans[2 * documentRow]!, tokens.spans[2 * documentRow + 1]!] as const);
        return [
          {
            name: why.query.tokens.pieces?.[row] ?? `row ${row}`,
            value: match.contribution,
            combine: 'product',
            ...(span !== undefined && span[1] > span[0] && { spans: [span] }),
            parts: [
              { name: 'weight', value: similarity === 0 ? match.weight : factor },
              { name: `similarity to ${tokens.pieces?.[documentRow] ?? `row ${documentRow}`}`, value: similarity },
            ],
          },
        ];
      }),
    })),
  };
}

/** Refuses an explanation without the matrix that a drawing needs. */
export function matrixOf(where: string, why: MaxSimExplanation): Matrix {
  if (why.similarities === undefined) {
    throw new RankError('INVALID_ARGUMENT', `${where} needs the similarity matrix: call explainMaxSim with matrix: true.`);
  }
  return why.similarities;
}
