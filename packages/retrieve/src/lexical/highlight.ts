import { checkInteger, checkOptions, checkString } from '@rank-rank/core';
import type { Token } from '../analysis/analysis.ts';
import type { LexicalReader } from './lexical-reader.ts';
import { occurrences } from './matching/phrase-matches.ts';
import type { LexicalQuery } from './query/lexical-query.ts';
import type { Plan, PlannedPhrase } from './query/plan.ts';

/** A stretch of text: character offsets (UTF-16 units), start and end. */
export type Span = readonly [start: number, end: number];

export interface HighlightOptions {
  /** The field as whose text it is analysed; the first by default. */
  readonly field?: string;
  /** How many snippets at most. 3 */
  readonly snippets?: number;
  /** About how many characters a snippet has. 160 */
  readonly length?: number;
}

export interface Snippet {
  readonly text: string;
  /** Where it stands in the whole text. */
  readonly start: number;
  readonly end: number;
  /** What matches in it, counted from its own start. */
  readonly spans: readonly Span[];
}

export interface Highlights {
  /** Every place of the text that matches the query, in order, not overlapping. */
  readonly spans: readonly Span[];
  /** The stretches that say most of the query, in the order of the text. Without a match: the beginning. */
  readonly snippets: readonly Snippet[];
}

/**
 * Where a text matches a query, and the parts of it to show. The text is analysed as the field's; words of phrases count only where the
 * phrase stands.
 *
 * @example
 * highlight(index.reader, 'lazy dogs', 'The dog is lazy.').spans; // [[4, 7], [11, 15]]
 */
export function highlight(reader: LexicalReader, query: LexicalQuery, text: string, options: HighlightOptions = {}): Highlights {
  checkOptions('highlight', options, ['field', 'snippets', 'length']);
  checkString('highlight: text', text);
  const count = checkInteger('highlight: snippets', options.snippets ?? 3, { min: 0, max: 100 });
  const length = checkInteger('highlight: length', options.length ?? 160, { min: 16 });
  const field = reader.fieldOf(options.field);
  const { analyzer, name } = reader.fields[field]!;
  const wanted = new Map<string, number>();
  const phrases: PlannedPhrase[] = [];
  gather(reader.plan(query, { fields: [name] }), field, wanted, phrases);
  const tokens = analyzer.tokens(text);
  const found: { span: Span; term: string; weight: number }[] = [];
  for (const token of tokens) {
    const weight = wanted.get(token.term);
    if (weight !== undefined) found.push({ span: [token.start, token.end], term: token.term, weight });
  }
  for (const phrase of phrases) found.push(...phraseSpans(phrase, tokens));
  found.sort((a, b) => a.span[0] - b.span[0] || b.span[1] - a.span[1]);
  const spans: Span[] = [];
  for (const { span } of found) {
    const last = spans.at(-1);
    if (last !== undefined && span[0] < last[1]) spans[spans.length - 1] = [last[0], Math.max(last[1], span[1])];
    else spans.push(span);
  }
  return { spans, snippets: snippetsOf(text, found, spans, count, length) };
}

/** The terms of a plan that the field may have, each with its idf, and the phrases. What must not match is not marked. */
function gather(plan: Plan, field: number, terms: Map<string, number>, phrases: PlannedPhrase[]): void {
  switch (plan.kind) {
    case 'term':
      if (plan.field === field) terms.set(plan.term, Math.log(1 + plan.collection.documents / plan.statistics.documentFrequency));
      break;
    case 'fieldsTerm':
      for (const term of plan.terms) if (term.field === field) terms.set(term.term, Math.log(1 + plan.documents / plan.documentFrequency));
      break;
    case 'phrase':
      if (plan.field === field) phrases.push(plan);
      break;
    case 'largest':
      for (const part of plan.parts) gather(part, field, terms, phrases);
      break;
    case 'boolean':
      for (const part of [...plan.must, ...plan.should]) gather(part, field, terms, phrases);
  }
}

function phraseSpans(phrase: PlannedPhrase, tokens: readonly Token[]): { span: Span; term: string; weight: number }[] {
  const lists = phrase.words.map(({ term }) => tokens.filter((token) => token.term === term));
  if (lists.some((list) => list.length === 0)) return [];
  const found: { span: Span; term: string; weight: number }[] = [];
  const seen = new Set<Token>();
  const positions = lists.map((list) => Uint32Array.from(list, (token) => token.position));
  occurrences(
    positions,
    phrase.words.map(({ place }) => place),
    phrase.rule,
    (at) => {
      at.forEach((index, word) => {
        const token = lists[word]![index]!;
        if (seen.has(token)) return;
        seen.add(token);
        const { documentFrequency } = phrase.words[word]!.statistics;
        found.push({
          span: [token.start, token.end],
          term: token.term,
          weight: Math.log(1 + phrase.collection.documents / documentFrequency),
        });
      });
    },
  );
  return found;
}

function snippetsOf(
  text: string,
  found: readonly { span: Span; term: string; weight: number }[],
  spans: readonly Span[],
  count: number,
  length: number,
): Snippet[] {
  if (count === 0 || text === '') return [];
  const chosen: { start: number; end: number; worth: number }[] = [];
  // A window from each match: what it is worth is its distinct terms, and a little for repeats.
  const windows = found.map(({ span }, i) => {
    const seen = new Map<string, number>();
    let worth = 0;
    let end = span[1];
    for (let j = i; j < found.length && found[j]!.span[1] - span[0] <= length; j++) {
      const { term, weight } = found[j]!;
      const times = seen.get(term) ?? 0;
      worth += weight / 4 ** times;
      seen.set(term, times + 1);
      end = Math.max(end, found[j]!.span[1]);
    }
    return { start: span[0], end, worth };
  });
  windows.sort((a, b) => b.worth - a.worth || a.start - b.start);
  for (const window of windows) {
    if (chosen.length === count) break;
    const spare = Math.max(0, length - (window.end - window.start));
    const [start, end] = wordwise(text, window.start - Math.floor(spare / 2), window.end + Math.ceil(spare / 2));
    if (chosen.some((other) => start < other.end && end > other.start)) continue;
    chosen.push({ start, end, worth: window.worth });
  }
  if (chosen.length === 0) {
    const [start, end] = wordwise(text, 0, length);
    chosen.push({ start, end, worth: 0 });
  }
  return chosen
    .sort((a, b) => a.start - b.start)
    .map(({ start, end }) => ({
      text: text.slice(start, end),
      start,
      end,
      spans: spans.filter((span) => span[0] >= start && span[1] <= end).map((span): Span => [span[0] - start, span[1] - start]),
    }));
}

/** Moves a stretch's ends to where words end: inwards to a space if one is near, and never into a pair of surrogates. */
function wordwise(text: string, from: number, to: number): Span {
  const near = 24;
  let start = Math.max(0, from);
  let end = Math.min(text.length, to);
  if (start > 0) {
    const space = text.slice(start, start + near).search(/\s/);
    if (space >= 0 && start + space < to - near) start += space + 1;
    else if ((text.charCodeAt(start) & 0xfc00) === 0xdc00) start--;
  }
  if (end < text.length) {
    const tail = text.slice(end - near, end);
    const space = tail.search(/\s\S*$/);
    if (space >= 0 && end - near + space > start) end = end - near + space;
    else if ((text.charCodeAt(end) & 0xfc00) === 0xdc00) end++;
  }
  return [start, end];
}
