import { RankError, type TextRole } from '@rank-rank/core';
import type { TokensDescription } from '../configuration/description.ts';
import type { TokenRow } from '../run/batch.ts';
import { lowercase } from '../tokenize/bert-normalization.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import type { Segment } from '../tokenize/text-segmenter.ts';
import type { Tokenizer } from '../tokenize/tokenizer.ts';

/** A text as a late-interaction model reads it. */
export interface TokenInput extends TokenRow {
  readonly keep: Uint8Array;
  /** Start and end in the text of each token, in turn, where asked for. */
  readonly spans?: Uint32Array;
}

interface Side {
  /** The marker as one token, put after the first special token. */
  readonly marker: number | undefined;
  /** What of the prompt is text. */
  readonly prefix: string;
  readonly length: number;
}

/**
 * Reads texts the way ColBERT models were trained: a marker of the side after the first token, queries filled up with mask tokens
 * that are scored like the others, punctuation of documents read but not scored.
 */
export class TokenInputs {
  readonly #tokenizer: Tokenizer;
  readonly #description: TokensDescription;
  readonly #sides: Readonly<Record<TextRole, Side>>;
  readonly #skipped: ReadonlySet<number>;
  readonly #expansionId: number;

  constructor(tokenizer: Tokenizer, description: TokensDescription) {
    this.#tokenizer = tokenizer;
    this.#description = description;
    const { expansion, lengths, prompts } = description;
    this.#sides = {
      query: { ...markerOf(tokenizer, prompts.query), length: expansion && !expansion.minimum ? expansion.length : lengths.query },
      document: { ...markerOf(tokenizer, prompts.document), length: lengths.document },
    };
    // A word the vocabulary does not have as one token would stand for every unknown word: it is left out instead.
    const ids = description.skipList.map((word) => tokenizer.idOf(word));
    this.#skipped = new Set(ids.filter((id) => id !== undefined && id !== tokenizer.unknownId) as number[]);
    const token = expansion?.token;
    const named = token === undefined ? undefined : tokenizer.idOf(token);
    if (token !== undefined && named === undefined) {
      throw new RankError(
        'CORRUPT',
        `${description.folder}: queries are filled up with ${JSON.stringify(token)}, which the tokenizer does not have.`,
      );
    }
    this.#expansionId = named ?? tokenizer.maskId ?? tokenizer.eosId ?? tokenizer.padId;
  }

  async read(
    texts: readonly string[],
    as: TextRole,
    options: { spans?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<TokenInput[]> {
    const { marker, prefix, length } = this.#sides[as];
    const special = this.#tokenizer.specialCount(1) + (marker === undefined ? 0 : 1);
    const limit = Math.max(0, length - special);
    const written = texts.map((text) => prefix + (this.#description.lowercase ? lowercase(text) : text));
    const segments = await segmentAll(this.#tokenizer, written, {
      limit,
      spans: options.spans === true,
      ...(options.signal && { signal: options.signal }),
    });
    return segments.map((segment) => this.#input(segment, as));
  }

  #input(segment: Segment, as: TextRole): TokenInput {
    const { marker, prefix } = this.#sides[as];
    const joined = this.#tokenizer.join([segment]);
    const marked = marker === undefined ? 0 : 1;
    const read = joined.ids.length + marked;
    const { expansion } = this.#description;
    const expanded = as === 'query' && expansion !== undefined ? Math.max(read, expansion.length) : read;
    const ids = new Int32Array(expanded).fill(this.#expansionId);
    ids.set(joined.ids.subarray(0, 1));
    if (marker !== undefined) ids[1] = marker;
    ids.set(joined.ids.subarray(1), 1 + marked);
    const keep = new Uint8Array(expanded).fill(1);
    if (this.#description.skipRoles.includes(as)) {
      for (let i = 0; i < read; i++) if (this.#skipped.has(ids[i]!)) keep[i] = 0;
    }
    const attended = expanded > read && !expansion!.attend ? { attended: read } : {};
    if (joined.spans === undefined) return { ids, keep, truncated: joined.truncated, ...attended };
    const spans = new Uint32Array(2 * expanded);
    for (let i = 1; i < joined.ids.length; i++) {
      // Places are those of the caller's text, which begins after the prompt; what is of the prompt has no place.
      spans[2 * (i + marked)] = Math.max(0, joined.spans[2 * i]! - prefix.length);
      spans[2 * (i + marked) + 1] = Math.max(0, joined.spans[2 * i + 1]! - prefix.length);
    }
    return { ids, keep, spans, truncated: joined.truncated, ...attended };
  }
}

/** A prompt that is a token of the vocabulary, or begins with one, is inserted as that token: as text it would fall to pieces. */
function markerOf(tokenizer: Tokenizer, prompt: string): { marker: number | undefined; prefix: string } {
  if (prompt.trim() === '') return { marker: undefined, prefix: prompt };
  const first = prompt.trim().split(/\s/)[0]!;
  for (const candidate of [prompt, first]) {
    const id = tokenizer.idOf(candidate);
    if (id !== undefined && id !== tokenizer.unknownId) {
      return { marker: id, prefix: prompt.slice(prompt.indexOf(candidate) + candidate.length).trimStart() };
    }
  }
  return { marker: undefined, prefix: prompt };
}
