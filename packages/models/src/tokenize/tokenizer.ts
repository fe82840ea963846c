import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { checkInteger, checkOneOf, checkOptions, checkString, RankError } from '@rank-rank/core';
import { readJson } from '../configuration/read-json.ts';
import type { LibraryNormalizer } from './normalization.ts';
import type { LibraryPreTokenizer } from './pre-tokenization.ts';
import { readTemplate, specialCount, type Template } from './template.ts';
import { type LibraryModel, type Segment, TextSegmenter } from './text-segmenter.ts';
import { checkTokenizerJson, type TokenizerConfig, type TokenizerJson, tokenContent, wordPieceJson } from './tokenizer-files.ts';
import { type PairTruncation, pairTruncations, truncatedLengths } from './truncation.ts';

/** A text, or a pair of texts, as a model reads it. */
export interface Encoding {
  readonly ids: Int32Array;
  /** Which of the two texts of a pair each token belongs to, for models that are told; absent where all are 0. */
  readonly typeIds?: Uint8Array;
  /** 0 for tokens of the first text, 1 for those of the second, -1 for special tokens. */
  readonly sources: Int8Array;
  /** Start and end of each token in its text, in turn; special tokens have start = end. */
  readonly spans?: Uint32Array;
  /** Whether tokens were cut off. */
  readonly truncated: boolean;
}

export interface EncodingOptions {
  /** The most tokens, special ones included; all by default. */
  readonly maxLength?: number;
  /** Whether the template's special tokens are put around the text; true by default. */
  readonly specialTokens?: boolean;
  /** Whether each token's place in the text is wanted. */
  readonly spans?: boolean;
}

export interface PairEncodingOptions extends EncodingOptions {
  /** How a pair that is too long is cut; `longest-first` by default, as models are trained. */
  readonly truncation?: PairTruncation;
}

const encodingOptions = ['maxLength', 'specialTokens', 'spans'] as const;

/**
 * Text → token ids, as the reference tokenizers give them, with what `@huggingface/tokenizers` leaves to its caller: truncation
 * that keeps the final separator, pairs, windows, and the place of every token in the text as written.
 *
 * @example
 * const tokenizer = await Tokenizer.open('models/all-MiniLM-L6-v2');
 * tokenizer.encode('laminar flow', { maxLength: 256, spans: true });
 */
export class Tokenizer {
  readonly vocabularySize: number;
  /** The model's own limit, where its configuration names one. */
  readonly modelMaxLength: number | undefined;
  readonly padId: number;
  readonly unknownId: number | undefined;
  readonly maskId: number | undefined;
  readonly eosId: number | undefined;
  readonly padsLeft: boolean;
  /** Whether a text that is too long loses its beginning rather than its end. */
  readonly cutsLeft: boolean;
  /** The ids of all special tokens. */
  readonly specialIds: ReadonlySet<number>;
  readonly #library: { decode(ids: number[], options: object): string; id_to_token(id: number): string | undefined };
  readonly #model: LibraryModel;
  readonly #segmenter: TextSegmenter;
  readonly #template: Template;
  readonly #usesTypes: boolean;

  /** `json` and `config` are what tokenizer.json and tokenizer_config.json hold. */
  constructor(json: unknown, config: TokenizerConfig = {}, where = 'tokenizer.json') {
    const parts = checkTokenizerJson(json, where);
    const library = construct(parts, config, where);
    this.#library = library;
    this.#model = library.model;
    this.#segmenter = new TextSegmenter({
      normalizer: library.normalizer,
      preTokenizer: library.pre_tokenizer,
      preTokenizerSettings: parts.pre_tokenizer,
      model: library.model,
      modelSettings: parts.model,
      addedTokens: parts.added_tokens,
    });
    this.#template = readTemplate(parts.post_processor);
    // The generic tokenizer class of transformers 5 does not tell models which text a token is of, whatever its template says.
    this.#usesTypes = config.model_input_names?.includes('token_type_ids') ?? config.tokenizer_class !== 'TokenizersBackend';
    let largest = -1;
    for (const id of library.model.tokens_to_ids.values()) if (id > largest) largest = id;
    this.vocabularySize = largest + 1;
    // A missing limit is written as a huge number.
    const limit = config.model_max_length;
    this.modelMaxLength = limit !== undefined && limit < 1e9 ? Math.floor(limit) : undefined;
    const idOf = (token: string | undefined): number | undefined =>
      token === undefined ? undefined : library.model.tokens_to_ids.get(token);
    this.padId = idOf(tokenContent(config.pad_token)) ?? parts.padding?.pad_id ?? idOf('[PAD]') ?? idOf('<pad>') ?? 0;
    this.maskId = idOf(tokenContent(config.mask_token)) ?? idOf('[MASK]') ?? idOf('<mask>');
    this.eosId = idOf(tokenContent(config.eos_token));
    this.unknownId = library.model.unk_token_id ?? idOf(tokenContent(config.unk_token));
    this.padsLeft = config.padding_side === 'left';
    this.cutsLeft = config.truncation_side === 'left';
    const named = [
      config.pad_token,
      config.mask_token,
      config.cls_token,
      config.sep_token,
      config.bos_token,
      config.eos_token,
      config.unk_token,
    ];
    this.specialIds = new Set(
      [
        ...parts.added_tokens.filter(({ special }) => special).map(({ id }) => id),
        ...named.map((token) => idOf(tokenContent(token))),
      ].filter((id) => id !== undefined),
    );
  }

  /** Reads the tokenizer of a model folder: tokenizer.json, or the vocab.txt of a BERT model. */
  static async open(folder: string): Promise<Tokenizer> {
    const config = (await readJson<TokenizerConfig & { do_lower_case?: boolean }>(folder, 'tokenizer_config.json')) ?? {};
    const path = join(folder, 'tokenizer.json');
    const json = await readJson(folder, 'tokenizer.json');
    if (json !== undefined) return new Tokenizer(json, config, path);
    const vocabulary = await readFile(join(folder, 'vocab.txt'), 'utf8').catch(() => undefined);
    if (vocabulary !== undefined) return new Tokenizer(wordPieceJson(vocabulary, config.do_lower_case ?? true), config, folder);
    throw new RankError(
      'NOT_FOUND',
      `${folder} has no tokenizer.json (and no vocab.txt). Get the complete model folder, or save one in Python with AutoTokenizer.from_pretrained(…).save_pretrained(…).`,
      { folder },
    );
  }

  /** One text with its special tokens. */
  encode(text: string, options: EncodingOptions = {}): Encoding {
    checkOptions('encode', options, encodingOptions);
    const room = this.#room(options, this.#template.single);
    return this.join(
      [this.segment(checkString('encode: text', text), { ...(room < Infinity && { limit: room }), spans: options.spans === true })],
      options,
    );
  }

  /** Two texts as one input, such as a query and a document for a cross-encoder. */
  encodePair(first: string, second: string, options: PairEncodingOptions = {}): Encoding {
    checkOptions('encodePair', options, [...encodingOptions, 'truncation']);
    const spans = options.spans === true;
    const room = this.#room(options, this.#template.pair);
    const limit = room < Infinity && options.truncation !== 'none' ? { limit: room + 1 } : {};
    let a = this.segment(checkString('encodePair: first text', first), { ...limit, spans });
    let b = this.segment(checkString('encodePair: second text', second), { ...limit, spans });
    // Which of two very long texts is the longer decides where an odd token goes.
    if (a.cut && b.cut && room % 2 === 1) [a, b] = [this.segment(first, { spans }), this.segment(second, { spans })];
    return this.join([a, b], options);
  }

  /** The tokens of a text alone, to be joined with others later: a query is read once for all its documents. */
  segment(text: string, options: { limit?: number; spans?: boolean } = {}): Segment {
    const { limit } = options;
    if (!this.cutsLeft || limit === undefined) return this.#segmenter.segment(text, options);
    const whole = this.#segmenter.segment(text, options.spans ? { spans: true } : {});
    return whole.ids.length > limit ? { ...part(whole, limit, true), cut: true } : whole;
  }

  /** Where a long text may be cut so that the tokens of the parts are those of the whole. */
  stretches(text: string): Iterable<[from: number, to: number]> {
    return this.#segmenter.stretches(text);
  }

  /** Puts one or two segments into the template, cutting them to `maxLength`. */
  join(segments: readonly [Segment] | readonly [Segment, Segment], options: PairEncodingOptions = {}): Encoding {
    const slots = segments.length === 1 ? this.#template.single : this.#template.pair;
    const room = this.#room(options, slots);
    const how = checkOneOf('truncation', options.truncation ?? 'longest-first', pairTruncations);
    const lengths = segments.map(({ ids }) => ids.length);
    const kept =
      segments.length === 1
        ? [how === 'none' ? lengths[0]! : Math.min(lengths[0]!, room)]
        : truncatedLengths(lengths[0]!, lengths[1]!, room, how);
    const cut = segments.map((segment, i) => part(segment, kept[i]!, this.cutsLeft));
    const special = options.specialTokens ?? true;
    const used = special ? slots : slots.filter((slot) => 'text' in slot);
    const length = used.reduce((sum, slot) => sum + ('id' in slot ? 1 : cut[slot.text]!.ids.length), 0);
    const ids = new Int32Array(length);
    const sources = new Int8Array(length).fill(-1);
    const typeIds = this.#usesTypes && used.some(({ type }) => type !== 0) ? new Uint8Array(length) : undefined;
    const spans = segments.every((segment) => segment.spans !== undefined) ? new Uint32Array(2 * length) : undefined;
    let at = 0;
    for (const slot of used) {
      const tokens = 'id' in slot ? [slot.id] : cut[slot.text]!.ids;
      ids.set(tokens, at);
      if (slot.type !== 0) typeIds?.fill(slot.type, at, at + tokens.length);
      if ('text' in slot) {
        sources.fill(slot.text, at, at + tokens.length);
        spans?.set(cut[slot.text]!.spans!, 2 * at);
      }
      at += tokens.length;
    }
    const truncated = segments.some((segment, i) => segment.cut || kept[i]! < lengths[i]!);
    return { ids, sources, truncated, ...(typeIds && { typeIds }), ...(spans && { spans }) };
  }

  /** How many tokens the template adds to one text, or to a pair. */
  specialCount(texts: 1 | 2): number {
    return specialCount(texts === 1 ? this.#template.single : this.#template.pair);
  }

  idOf(token: string): number | undefined {
    return this.#model.tokens_to_ids.get(token);
  }

  /** A token as the vocabulary writes it. */
  tokenOf(id: number): string | undefined {
    return this.#library.id_to_token(id);
  }

  decode(ids: Iterable<number>, options: { skipSpecialTokens?: boolean } = {}): string {
    const list = [...ids];
    return list.length === 0 ? '' : this.#library.decode(list, { skip_special_tokens: options.skipSpecialTokens ?? true });
  }

  #room(options: EncodingOptions, slots: Template['single']): number {
    if (options.maxLength === undefined) return Number.POSITIVE_INFINITY;
    const special = (options.specialTokens ?? true) ? specialCount(slots) : 0;
    return checkInteger('maxLength', options.maxLength, { min: special }) - special;
  }
}

function part(segment: Segment, length: number, last: boolean): Segment {
  const { ids, spans, cut } = segment;
  if (ids.length <= length) return segment;
  const from = last ? ids.length - length : 0;
  return { ids: ids.slice(from, from + length), cut, ...(spans && { spans: spans.slice(2 * from, 2 * (from + length)) }) };
}

interface Library {
  readonly normalizer: LibraryNormalizer | null;
  readonly pre_tokenizer: LibraryPreTokenizer | null;
  readonly model: LibraryModel;
  decode(ids: number[], options: object): string;
  id_to_token(id: number): string | undefined;
}

function construct(json: TokenizerJson, config: TokenizerConfig, where: string): Library {
  try {
    return new LibraryTokenizer(json, config) as unknown as Library;
  } catch (cause) {
    throw new RankError('UNSUPPORTED', `${where} cannot be used: ${(cause as Error).message}.`, { file: where }, { cause });
  }
}
