import { checkInteger, checkOneOf, checkOptions, RankError, shown, unknownName } from '@rank-rank/core';
import type { AnalysisSpec, CharFilterSpec, OnSpan, Token, TokenFilterSpec, TokenizerSpec } from './analysis.ts';
import { type CharFilter, charFilter, filterText } from './char-filters.ts';
import { cjkBigrams } from './filters/cjk-bigrams.ts';
import { stem } from './filters/stem.ts';
import { synonyms } from './filters/synonyms.ts';
import {
  apostrophe,
  decompound,
  elision,
  fold,
  lengthBetween,
  lowercase,
  ngrams,
  possessive,
  stop,
  type TermFilter,
  unaccent,
} from './filters/term-filters.ts';
import { analysisPreset, analysisPresets } from './presets.ts';
import { stopWords } from './stop-words.ts';
import { codeSpans } from './tokenizers/code.ts';
import { segmenterSpans } from './tokenizers/segmenter.ts';
import { wordSpans } from './tokenizers/word-break.ts';
import { UnitBuffer } from './units.ts';

/** Cuts a text, given as a string and as its units. */
export type Tokenize = (text: string, units: Uint16Array, length: number, onSpan: OnSpan) => void;

/** Longer tokens are cut there. */
const longestWord = 255;

/** Words whose terms {@link Analyzer.terms} remembers. */
const rememberedWords = 1 << 13;

type Stage = { readonly term: TermFilter } | { readonly stream: (tokens: readonly Token[]) => readonly Token[] };

/**
 * Text → terms, by a chain that is plain data.
 *
 * @example
 * const english = await Analyzer.create('english');
 * english.terms("The runner's shoes"); // ['runner', 'shoe']
 */
export class Analyzer {
  /** The chain itself: store it, and the same analyzer can be made again. */
  readonly spec: AnalysisSpec;
  readonly #charFilters: readonly CharFilter[];
  readonly #tokenize: Tokenize;
  readonly #stages: readonly Stage[];
  readonly #stopWords: ReadonlySet<string>;
  readonly #units: UnitBuffer = new UnitBuffer();
  readonly #remembered = new Map<string, readonly string[]>();
  #wordwise: Analyzer['wordwise'] | null;

  private constructor(
    spec: AnalysisSpec,
    charFilters: readonly CharFilter[],
    tokenize: Tokenize,
    stages: readonly Stage[],
    stopped: ReadonlySet<string>,
  ) {
    this.spec = spec;
    this.#charFilters = charFilters;
    this.#tokenize = tokenize;
    this.#stages = stages;
    this.#stopWords = stopped;
  }

  /** From the name of a preset, or a chain of one's own. Snowball languages load their stemmer, hence the promise. */
  static async create(analysis: string | AnalysisSpec): Promise<Analyzer> {
    const spec = typeof analysis === 'string' ? analysisPreset(analysis) : checkAnalysis(analysis);
    if (spec === undefined) throw unknownName('Analysis', analysis as string, analysisPresets);
    const stages: Stage[] = [];
    const stopped = new Set<string>();
    for (const filter of spec.filters ?? []) {
      if (filter.type === 'stop') for (const word of wordsOf(filter.words)) stopped.add(word);
      // Words of rules go through what stands before the rules.
      const before = new Analyzer(spec, [], tokenizer(spec.tokenizer), [...stages], stopped);
      stages.push(await stageOf(filter, (text) => before.terms(text)));
    }
    return new Analyzer(spec, (spec.charFilters ?? []).map(charFilter), tokenizer(spec.tokenizer), stages, stopped);
  }

  /** The tokens of a text with their places in it. */
  tokens(text: string): Token[] {
    const filtered = filterText(this.#charFilters, text);
    const { starts, ends } = filtered;
    let tokens: Token[] = [];
    let position = -1;
    let lastStart = -1;
    this.#cut(filtered.text, (from, to, kind) => {
      // Several spans from one place are the same word cut in several ways.
      if (from !== lastStart) position++;
      lastStart = from;
      const start = starts === undefined ? from : starts[from]!;
      const end = ends === undefined ? to : ends[to - 1]!;
      tokens.push({ term: filtered.text.slice(from, to), start, end, position, kind });
    });
    for (const stage of this.#stages) {
      if ('stream' in stage) {
        tokens = [...stage.stream(tokens)];
        continue;
      }
      const kept: Token[] = [];
      for (const token of tokens) {
        const result = stage.term(token.term, token.kind);
        if (result === null || result === '') continue;
        if (typeof result !== 'string') for (const term of result) kept.push({ ...token, term });
        else kept.push(result === token.term ? token : { ...token, term: result });
      }
      tokens = kept;
    }
    return tokens;
  }

  #cut(text: string, onSpan: OnSpan): void {
    const length = this.#units.fill(text);
    this.#tokenize(text, this.#units.units, length, onSpan);
    this.#units.trim();
  }

  /** The terms alone, in order. Words met lately are remembered with their terms. */
  terms(text: string): string[] {
    const wordwise = (this.#wordwise ??= this.wordwise ?? null);
    if (wordwise === null) return this.tokens(text).map((token) => token.term);
    const remembered = this.#remembered;
    const found: string[] = [];
    this.#cut(text, (from, to, kind) => {
      const word = text.slice(from, to);
      let terms = remembered.get(word);
      if (terms === undefined) {
        terms = wordwise.termsOf(word, kind);
        if (remembered.size >= rememberedWords) remembered.clear();
        remembered.set(word, terms);
      }
      for (const term of terms) found.push(term);
    });
    return found;
  }

  /**
   * The chain applied to one word as a tokenizer would give it, for parts of words such as prefixes: stop words stay, and
   * nothing is stemmed, cut or added.
   */
  normalize(word: string): string {
    let term = filterText(this.#charFilters, word).text;
    const kept = new Set(['lowercase', 'fold', 'unaccent', 'normalize']);
    (this.spec.filters ?? []).forEach((filter, i) => {
      const stage = this.#stages[i]!;
      if (kept.has(filter.type) && 'term' in stage) term = (stage.term(term, 'word') as string) ?? '';
    });
    return term;
  }

  /** Why a text has no terms, in words; undefined where it has some. */
  whyEmpty(text: string): string | undefined {
    if (text.trim() === '') return 'the text is empty';
    if (this.tokens(text).length > 0) return undefined;
    const spans: string[] = [];
    const filtered = filterText(this.#charFilters, text).text;
    this.#cut(filtered, (from, to) => {
      if (spans.length < 100) spans.push(filtered.slice(from, to));
    });
    if (spans.length === 0) return `it has no letters or digits that the ${this.spec.tokenizer.type} tokenizer takes for words`;
    if (spans.every((word) => this.#stopWords.has(word.toLowerCase())))
      return `every word is a stop word (${spans.slice(0, 5).join(', ')})`;
    return `the filters ${(this.spec.filters ?? []).map((filter) => filter.type).join(', ')} dropped every word (${spans.slice(0, 5).join(', ')})`;
  }

  /**
   * For index builders: the tokenizer, and what it makes of one distinct word. Undefined where a token's terms depend on its
   * neighbours or the text is rewritten first; then {@link tokens} is the only way.
   */
  get wordwise(): { tokenize: Tokenize; termsOf: (word: string, kind: Token['kind']) => readonly string[] } | undefined {
    const stages = this.#stages;
    if (this.#charFilters.length > 0 || !stages.every((stage) => 'term' in stage)) return undefined;
    const filters = stages.map((stage) => (stage as { term: TermFilter }).term);
    return {
      tokenize: this.#tokenize,
      termsOf: (word, kind) => {
        let terms: readonly string[] = [word];
        for (const filter of filters) {
          if (terms.length === 1) {
            const result = filter(terms[0]!, kind);
            terms = result === null || result === '' ? [] : typeof result === 'string' ? [result] : result.filter((term) => term !== '');
          } else {
            terms = terms.flatMap((term) => filter(term, kind) ?? []).filter((term) => term !== '');
          }
          if (terms.length === 0) break;
        }
        return terms;
      },
    };
  }
}

function tokenizer(spec: TokenizerSpec): Tokenize {
  switch (spec.type) {
    case 'standard': {
      const { maxLength = longestWord } = spec;
      return (_, units, length, onSpan) => wordSpans(units, length, onSpan, maxLength);
    }
    case 'whitespace':
      return (text, _, __, onSpan) => {
        for (const match of text.matchAll(/\S+/gu)) onSpan(match.index, match.index + match[0].length, 'word');
      };
    case 'keyword':
      return (text, _, __, onSpan) => {
        if (text !== '') onSpan(0, text.length, 'word');
      };
    case 'segmenter':
      return ignoringUnits(segmenterSpans(spec.locale));
    case 'code': {
      const { wholes = true, symbols = false } = spec;
      return ignoringUnits((text, onSpan) => codeSpans(text, onSpan, { wholes, symbols }));
    }
    case 'ngram':
      return (text, _, __, onSpan) => {
        for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
          // Places of characters, so that pairs of surrogates stay whole.
          const places: number[] = [];
          for (let at = 0; at < word.length; at += word.codePointAt(at)! > 0xffff ? 2 : 1) places.push(index + at);
          places.push(index + word.length);
          for (let from = 0; from + spec.min < places.length; from++) {
            for (let size = spec.min; size <= spec.max && from + size < places.length; size++)
              onSpan(places[from]!, places[from + size]!, 'word');
          }
        }
      };
  }
}

function ignoringUnits(spans: (text: string, onSpan: OnSpan) => void): Tokenize {
  return (text, _, __, onSpan) => spans(text, onSpan);
}

async function stageOf(filter: TokenFilterSpec, analyse: (text: string) => readonly string[]): Promise<Stage> {
  switch (filter.type) {
    case 'lowercase':
      return { term: lowercase(filter.locale) };
    case 'fold':
      return { term: fold };
    case 'unaccent':
      return { term: unaccent };
    case 'normalize':
      return { term: (term) => term.normalize(filter.form) };
    case 'possessive':
      return { term: possessive };
    case 'apostrophe':
      return { term: apostrophe };
    case 'elision':
      return { term: elision(filter.articles) };
    case 'stop':
      return { term: stop(wordsOf(filter.words)) };
    case 'stem':
      return { term: await stem(filter.algorithm, filter.except) };
    case 'length':
      return { term: lengthBetween(filter.min ?? 0, filter.max ?? Number.POSITIVE_INFINITY) };
    case 'cjkBigrams':
      return { stream: (tokens) => cjkBigrams(tokens, filter.unigrams ?? false) };
    case 'ngrams':
    case 'edgeNgrams':
      return { term: ngrams(filter.min, filter.max, filter.type === 'edgeNgrams') };
    case 'synonyms':
      return { stream: synonyms(filter.rules, analyse) };
    case 'decompound':
      return { term: decompound(filter.dictionary, filter.minWord ?? 5, filter.minPart ?? 3, filter.maxPart ?? 15) };
  }
}

function wordsOf(words: readonly string[] | string): readonly string[] {
  return typeof words === 'string' ? stopWords(words) : words;
}

const charFilterKeys = { html: [], normalize: ['form'], mapping: ['map'] } as const;
const tokenizerKeys = {
  standard: ['maxLength'],
  whitespace: [],
  keyword: [],
  segmenter: ['locale'],
  code: ['wholes', 'symbols'],
  ngram: ['min', 'max'],
} as const;
const filterKeys = {
  lowercase: ['locale'],
  fold: [],
  unaccent: [],
  normalize: ['form'],
  possessive: [],
  apostrophe: [],
  elision: ['articles'],
  stop: ['words'],
  stem: ['algorithm', 'except'],
  length: ['min', 'max'],
  cjkBigrams: ['unigrams'],
  ngrams: ['min', 'max'],
  edgeNgrams: ['min', 'max'],
  synonyms: ['rules'],
  decompound: ['dictionary', 'minWord', 'minPart', 'maxPart'],
} as const;

/** Refuses what is no chain, naming the place. */
export function checkAnalysis(spec: unknown, where = 'analysis'): AnalysisSpec {
  checkOptions(where, spec, ['charFilters', 'tokenizer', 'filters']);
  const { charFilters = [], tokenizer: cut, filters = [] } = spec as Partial<AnalysisSpec>;
  checkList(`${where}.charFilters`, charFilters).forEach((part: CharFilterSpec, i) => {
    checkPart(`${where}.charFilters[${i}]`, part, charFilterKeys);
  });
  checkPart(`${where}.tokenizer`, cut, tokenizerKeys);
  checkList(`${where}.filters`, filters).forEach((part: TokenFilterSpec, i) => {
    checkPart(`${where}.filters[${i}]`, part, filterKeys);
  });
  return spec as AnalysisSpec;
}

function checkList<T>(where: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected an array.`);
  return value;
}

function checkPart(where: string, part: unknown, kinds: Readonly<Record<string, readonly string[]>>): void {
  if (typeof part !== 'object' || part === null) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(part)}; expected an object such as { type: "${Object.keys(kinds)[0]}" }.`);
  }
  const { type, ...rest } = part as { type?: unknown } & Record<string, unknown>;
  const kind = checkOneOf(`${where}.type`, type, Object.keys(kinds));
  checkOptions(where, rest, kinds[kind]!);
  for (const name of ['articles', 'rules', 'dictionary', 'except', 'words']) {
    const value = rest[name];
    if (value === undefined || (name === 'words' && typeof value === 'string')) continue;
    if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) {
      throw new RankError('INVALID_ARGUMENT', `${where}.${name} is ${shown(value)}; expected an array of strings.`);
    }
  }
  const required = {
    normalize: ['form'],
    mapping: ['map'],
    elision: ['articles'],
    stop: ['words'],
    stem: ['algorithm'],
    synonyms: ['rules'],
    decompound: ['dictionary'],
    ngram: ['min', 'max'],
    ngrams: ['min', 'max'],
    edgeNgrams: ['min', 'max'],
  }[kind];
  for (const name of required ?? []) {
    if (rest[name] === undefined) throw new RankError('INVALID_ARGUMENT', `${where} lacks "${name}".`);
  }
  if (kind === 'normalize') checkOneOf(`${where}.form`, rest['form'], ['NFC', 'NFD', 'NFKC', 'NFKD']);
  if (kind === 'mapping' && (typeof rest['map'] !== 'object' || rest['map'] === null || Object.keys(rest['map']).includes(''))) {
    throw new RankError('INVALID_ARGUMENT', `${where}.map is ${shown(rest['map'])}; expected an object from non-empty text to text.`);
  }
  for (const name of ['min', 'max', 'maxLength', 'minWord', 'minPart', 'maxPart']) {
    if (rest[name] !== undefined) checkInteger(`${where}.${name}`, rest[name], { min: 1, max: 65_535 });
  }
  if (typeof rest['min'] === 'number' && typeof rest['max'] === 'number' && rest['min'] > rest['max']) {
    throw new RankError('OUT_OF_RANGE', `${where}: min ${rest['min']} is above max ${rest['max']}.`);
  }
}
