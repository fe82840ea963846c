import { type AddedToken, AddedTokenSplitter } from './added-tokens.ts';
import { alignedTo, slice } from './aligned-text.ts';
import { alignSteps, applySteps, type LibraryNormalizer, type NormalizationStep, normalizationSteps } from './normalization.ts';
import { type PieceSpelling, pieceLengths } from './piece-lengths.ts';
import {
  alignPreTokenization,
  applyPreTokenization,
  type LibraryPreTokenizer,
  type PreTokenizationStep,
  preTokenizationSteps,
} from './pre-tokenization.ts';

/** What a model of the library shows. Called with words, it gives their pieces. */
export interface LibraryModel {
  (words: string[]): string[];
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token_id?: number | undefined;
  readonly unk_token?: string | undefined;
}

/** The token ids of a text without the special tokens around it. */
export interface Segment {
  readonly ids: number[];
  /** Start and end of each token in the text, in turn, where they were asked for. */
  readonly spans?: number[];
  /** Whether the text has more tokens than were asked for. */
  readonly cut: boolean;
}

export interface SegmenterParts {
  readonly normalizer: LibraryNormalizer | null;
  readonly preTokenizer: LibraryPreTokenizer | null;
  readonly preTokenizerSettings: unknown;
  readonly model: LibraryModel;
  readonly modelSettings: { readonly type?: string; readonly continuing_subword_prefix?: string; readonly end_of_word_suffix?: string };
  readonly addedTokens: readonly AddedToken[];
}

interface Word {
  readonly pieces: readonly string[];
  readonly ids: readonly number[];
}

/** Long texts are read in stretches of about this many units, cut where a word begins. */
const stretch = 8192;
/** How much further a place to cut is looked for; a word longer than all that is cut anywhere. */
const patience = 65_536;
const cachedWords = 65_536;

/**
 * Text → token ids: added tokens found, then normalised, cut into words, and each word into pieces.
 *
 * The stages are the library's. What is ours: words are looked up in a cache of those seen before, long texts are read no
 * further than asked for, and every token knows its place in the text as written.
 */
export class TextSegmenter {
  readonly #parts: SegmenterParts;
  readonly #normalization: readonly NormalizationStep[];
  readonly #preTokenization: readonly PreTokenizationStep[];
  readonly #asWritten: AddedTokenSplitter;
  readonly #normalized: AddedTokenSplitter;
  readonly #spelling: PieceSpelling;
  readonly #stretches: boolean;
  /** Added tokens with a space in them. */
  readonly #spaced: readonly string[];
  readonly #words = new Map<string, Word>();

  constructor(parts: SegmenterParts) {
    this.#parts = parts;
    this.#normalization = normalizationSteps(parts.normalizer);
    this.#preTokenization = preTokenizationSteps(parts.preTokenizer, parts.preTokenizerSettings);
    const asWritten = new Map<string, AddedToken>();
    const normalized = new Map<string, AddedToken>();
    for (const token of parts.addedTokens) {
      if ((token.normalized ?? !token.special) && parts.normalizer !== null) {
        normalized.set(applySteps(this.#normalization, token.content), token);
      } else asWritten.set(token.content, token);
    }
    this.#asWritten = new AddedTokenSplitter(asWritten);
    this.#normalized = new AddedTokenSplitter(normalized);
    const { continuing_subword_prefix: prefix, end_of_word_suffix: suffix } = parts.modelSettings;
    this.#spelling = { continuing: prefix ?? '', ending: suffix ?? '', unknown: parts.model.unk_token };
    this.#stretches = mayBeCut(parts.normalizer, parts.addedTokens);
    this.#spaced = parts.addedTokens.map(({ content }) => content).filter((content) => content.includes(' '));
  }

  /** The tokens of a whole text, or of as much of it as has more than `limit` tokens. */
  segment(text: string, options: { limit?: number; spans?: boolean } = {}): Segment {
    const { limit = Number.POSITIVE_INFINITY, spans = false } = options;
    // An unpaired surrogate has no UTF-8 form; the replacement character is as long, so places stay.
    const wellFormed = text.toWellFormed();
    const ids: number[] = [];
    const places: number[] | undefined = spans ? [] : undefined;
    if (text.length <= stretch) this.#read(wellFormed, 0, ids, places);
    else {
      for (const [from, to] of this.stretches(wellFormed)) {
        this.#read(wellFormed.slice(from, to), from, ids, places);
        if (ids.length > limit) break;
      }
    }
    const cut = ids.length > limit;
    if (cut) {
      ids.length = limit;
      if (places !== undefined) places.length = 2 * limit;
    }
    return places === undefined ? { ids, cut } : { ids, spans: places, cut };
  }

  /** Where a long text may be cut without its tokens changing. */
  *stretches(text: string): Generator<[from: number, to: number]> {
    let from = 0;
    while (this.#stretches && text.length - from > stretch) {
      let to = text.indexOf(' ', from + stretch);
      while (to >= 0 && to < from + patience && !this.#isGap(text, to)) to = text.indexOf(' ', to + 1);
      if (to < 0 || to >= from + patience) {
        if (text.length - from <= patience) break;
        to = from + patience;
        if ((text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
      }
      yield [from, to];
      from = to;
    }
    yield [from, text.length];
  }

  /** Whether a single space between words stands there, and no added token lies across it. */
  #isGap(text: string, at: number): boolean {
    if (!isSolid(text, at - 1) || !isSolid(text, at + 1)) return false;
    return !this.#spaced.some((content) => {
      const found = text.indexOf(content, Math.max(0, at - content.length + 1));
      return found >= 0 && found <= at;
    });
  }

  #read(text: string, base: number, ids: number[], places: number[] | undefined): void {
    const sections = this.#asWritten.split(text);
    for (let number = 0; number < sections.length; number++) {
      const { from, to, token } = sections[number]!;
      if (token !== undefined) {
        ids.push(token.id);
        places?.push(base + from, base + to);
      } else if (places === undefined) this.#readSection(text.slice(from, to), number, ids);
      else this.#readSectionWithPlaces(text.slice(from, to), base + from, number, ids, places);
    }
  }

  #readSection(written: string, number: number, ids: number[]): void {
    const text = applySteps(this.#normalization, written);
    for (const { from, to, token } of this.#normalized.split(text)) {
      if (token !== undefined) ids.push(token.id);
      else {
        const section = from === 0 && to === text.length ? text : text.slice(from, to);
        for (const word of applyPreTokenization(this.#preTokenization, section, number)) {
          const { ids: found } = this.#word(word);
          for (let i = 0; i < found.length; i++) ids.push(found[i]!);
        }
      }
    }
  }

  #readSectionWithPlaces(written: string, base: number, number: number, ids: number[], places: number[]): void {
    const source = alignSteps(this.#normalization, alignedTo(written, base));
    for (const { from, to, token } of this.#normalized.split(source.text)) {
      if (token !== undefined) {
        ids.push(token.id);
        places.push(source.starts[from]!, source.ends[to - 1]!);
        continue;
      }
      for (const word of alignPreTokenization(this.#preTokenization, slice(source, from, to), number)) {
        const { ids: found, pieces } = this.#word(word.text);
        const lengths = pieceLengths(word.text, pieces, this.#spelling);
        for (let i = 0; i < found.length; i++) {
          ids.push(found[i]!);
          places.push(...trimmed(written, base, word.starts, word.ends, lengths[i]!));
        }
      }
    }
  }

  #word(word: string): Word {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const { model } = this.#parts;
    const pieces: string[] = [];
    const ids: number[] = [];
    for (const piece of model([word])) {
      const id = model.tokens_to_ids.get(piece) ?? model.unk_token_id;
      if (id === undefined) continue;
      pieces.push(piece);
      ids.push(id);
    }
    const read = { pieces, ids };
    if (word.length <= 64) {
      if (this.#words.size >= cachedWords) this.#words.clear();
      this.#words.set(word, read);
    }
    return read;
  }
}

/** The span of a piece in the original, without white space around it: the space that a piece begins with is no part of what it says. */
function trimmed(
  written: string,
  base: number,
  starts: Int32Array,
  ends: Int32Array,
  [from, to]: readonly [number, number],
): [start: number, end: number] {
  if (from >= to) {
    const place = from < starts.length ? starts[from]! : from > 0 ? ends[from - 1]! : base;
    return [place, place];
  }
  let start = starts[from]!;
  let end = ends[to - 1]!;
  while (start < end && isSpace(written, start - base)) start++;
  while (end > start && isSpace(written, end - 1 - base)) end--;
  return [start, end];
}

function isSpace(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit === 32 || (unit >= 9 && unit <= 13) || (unit > 127 && /\s/.test(text[at]!));
}

function isSolid(text: string, at: number): boolean {
  return at >= 0 && at < text.length && !isSpace(text, at);
}

/** Whether stretches of a text give the same tokens as the whole: not where something is put before or taken from the ends of a text. */
function mayBeCut(normalizer: LibraryNormalizer | null, addedTokens: readonly AddedToken[]): boolean {
  const acts = (step: LibraryNormalizer | null): boolean =>
    step !== null &&
    (step.config.type === 'Prepend' || step.config.type === 'Strip' || (step.normalizers ?? []).some((part) => acts(part)));
  return !acts(normalizer) && !addedTokens.some(({ rstrip }) => rstrip);
}
