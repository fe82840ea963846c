import { checkId, type Metadata, RankError, shown, type Tokens } from '@rank-rank/core';
import { checkMetadata } from '@rank-rank/retrieve';
import { duplicate, type NewDocument } from '@rank-rank/retrieve/segments';
import { checkTokens } from '../tokens/check-tokens.ts';
import { normaliseRow } from '../tokens/truncate.ts';
import type { TokenPayload } from './row-source.ts';

/** A document of a token store. */
export interface TokenDocument {
  readonly id: string;
  readonly tokens: Tokens;
  readonly metadata?: Metadata | undefined;
}

/** What `add` takes: one document, or any number of them. */
export type TokenInput<D extends TokenDocument = TokenDocument> = D | Iterable<D> | AsyncIterable<D>;

/** Documents that are checked at a time. */
const chunkDocuments = 512;

export interface InputRules {
  readonly dim: number;
  /** Scale rows to length 1. */
  readonly unit: boolean;
  /** Whether documents without rows are taken. */
  readonly empty: boolean;
  readonly spans: boolean;
}

/** What was given to `add` as chunks of checked documents. An array is checked whole before anything of it is taken. */
export function tokenChunks(
  input: TokenInput,
  rules: InputRules,
): { chunks: Iterable<NewDocument<TokenPayload>[]> | AsyncIterable<NewDocument<TokenPayload>[]>; total?: number } {
  if (typeof input !== 'object' || input === null) {
    throw new RankError('INVALID_ARGUMENT', `add: documents are ${shown(input)}; expected { id, tokens } or any number of them.`);
  }
  if (Array.isArray(input)) {
    const documents = checkDocuments(input as TokenDocument[], rules);
    return { chunks: [documents], total: documents.length };
  }
  if (Symbol.iterator in input || Symbol.asyncIterator in input) return { chunks: chunked(input as Iterable<TokenDocument>, rules) };
  return { chunks: [checkDocuments([input as TokenDocument], rules)], total: 1 };
}

async function* chunked(
  input: Iterable<TokenDocument> | AsyncIterable<TokenDocument>,
  rules: InputRules,
): AsyncGenerator<NewDocument<TokenPayload>[]> {
  let waiting: TokenDocument[] = [];
  for await (const document of input) {
    waiting.push(document);
    if (waiting.length < chunkDocuments) continue;
    yield checkDocuments(waiting, rules);
    waiting = [];
  }
  yield checkDocuments(waiting, rules);
}

function checkDocuments(input: readonly TokenDocument[], { dim, unit, empty, spans }: InputRules): NewDocument<TokenPayload>[] {
  const seen = new Set<string>();
  return input.map((document, i) => {
    if (typeof document !== 'object' || document === null) {
      throw new RankError('INVALID_ARGUMENT', `add: document ${i} is ${shown(document)}; expected { id, tokens }.`, { index: i });
    }
    const id = checkId(`add: the id of document ${i}`, document.id).toWellFormed();
    if (seen.has(id)) throw duplicate(id);
    seen.add(id);
    const tokens = checkTokens(`add: the tokens of document ${shown(id)}`, document.tokens, dim);
    if (tokens.rows === 0 && !empty) {
      throw new RankError(
        'EMPTY_INPUT',
        `add: document ${shown(id)} has no tokens, so no query could find it. Leave it out, or open the store with empty: true.`,
        { id },
      );
    }
    if (document.metadata !== undefined) checkMetadata(`add: the metadata of document ${shown(id)}`, document.metadata);
    // Copied: the caller may use the arrays again.
    const data = tokens.data.slice();
    if (unit) for (let row = 0; row < tokens.rows; row++) normaliseRow(data.subarray(row * dim, (row + 1) * dim));
    const payload: TokenPayload = { data, rows: tokens.rows, dim, ...(spans && tokens.spans && { spans: tokens.spans.slice() }) };
    return { id, payload, metadata: document.metadata };
  });
}
