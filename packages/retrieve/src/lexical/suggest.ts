import { checkInteger, checkOptions, checkString } from '@rank-rank/core';
import { Bitmap } from '../metadata/bitmap.ts';
import type { LexicalReader } from './lexical-reader.ts';
import { noMore, PostingsCursor } from './postings/postings-cursor.ts';
import { Expansion, expandFuzzy, expandPrefix } from './query/expansion.ts';

export interface SuggestOptions {
  /** The field whose terms are suggested; the first by default. One without stemming gives whole words. */
  readonly field?: string;
  /** How many at most. 5 */
  readonly limit?: number;
}

/** A better query, and how many documents have its new word. */
export interface Suggestion {
  readonly text: string;
  readonly documents: number;
}

/**
 * Did you mean: the query with each word that no document has (or far fewer than a neighbour of it) replaced by the nearest, most
 * frequent term. Nothing where every word is fine.
 *
 * @example didYouMean(index.reader, 'quikc fox', { field: 'words' }) // [{ text: 'quick fox', documents: 12 }]
 */
export function didYouMean(reader: LexicalReader, query: string, options: SuggestOptions = {}): Suggestion[] {
  const { field, limit } = checkSuggest('didYouMean', reader, query, options);
  const { queryAnalyzer } = reader.fields[field]!;
  let candidates: { text: string; shift: number; documents: number; edits: number }[] = [{ text: query, shift: 0, documents: 0, edits: 0 }];
  let changed = false;
  for (const token of queryAnalyzer.tokens(query)) {
    const here = reader.termStatistics(field, token.term).documentFrequency;
    const length = [...token.term].length;
    if (length < 3 || /\d/.test(token.term)) continue;
    const into = new Expansion();
    const edits = length <= 4 ? 1 : 2;
    for (const { segment } of reader.segments) expandFuzzy(segment.fields[field]!.terms, token.term, edits, 0, into);
    // A word that is there is right unless a near one is a hundred times as frequent.
    const better = into
      .best(into.size)
      .filter(({ term, documentFrequency }) => term !== token.term && documentFrequency > (here === 0 ? 0 : 100 * here))
      .slice(0, limit);
    if (better.length === 0) continue;
    changed = true;
    candidates = candidates.flatMap((candidate) =>
      better.map(({ term, documentFrequency, edits: away }) => {
        const start = token.start + candidate.shift;
        const end = token.end + candidate.shift;
        return {
          text: candidate.text.slice(0, start) + term + candidate.text.slice(end),
          shift: candidate.shift + term.length - (token.end - token.start),
          documents: documentFrequency,
          edits: candidate.edits + away,
        };
      }),
    );
    // Few words are wrong at once; the rest of a long query does not multiply.
    candidates = candidates.sort((a, b) => a.edits - b.edits || b.documents - a.documents).slice(0, limit);
  }
  return changed ? candidates.map(({ text, documents }) => ({ text, documents })) : [];
}

/**
 * Completions of the word that is being typed, the most frequent first; among documents that have the words before it, if any do.
 *
 * @example complete(index.reader, 'the qui', { field: 'words' }) // [{ text: 'the quick', documents: 12 }, …]
 */
export function complete(reader: LexicalReader, typed: string, options: SuggestOptions = {}): Suggestion[] {
  const { field, limit } = checkSuggest('complete', reader, typed, options);
  const { queryAnalyzer } = reader.fields[field]!;
  const last = /[\p{L}\p{N}\p{M}_'’]+$/u.exec(typed);
  if (last === null) return [];
  const before = typed.slice(0, last.index);
  const prefix = queryAnalyzer.normalize(last[0]);
  if (prefix === '') return [];
  const into = new Expansion();
  for (const { segment } of reader.segments) expandPrefix(segment.fields[field]!.terms, prefix, into);
  const words = new Set(queryAnalyzer.terms(before));
  if (words.size === 0)
    return into.best(limit).map(({ term, documentFrequency }) => ({ text: before + term, documents: documentFrequency }));
  // The most frequent are counted again among the documents that have the words before.
  const candidates = into.best(Math.max(64, 4 * limit));
  const counts = new Map<string, number>();
  for (const { segment } of reader.segments) {
    const { terms } = segment.fields[field]!;
    const documentsOf = (term: string): Bitmap => {
      const found = Bitmap.empty(segment.size);
      const entry = terms.find(term);
      if (entry !== undefined)
        for (const c = new PostingsCursor(segment.postings, entry); c.document !== noMore; c.next()) found.add(c.document);
      return found;
    };
    const within = Bitmap.full(segment.size);
    for (const word of words) within.and(documentsOf(word));
    if (within.count === 0) continue;
    for (const { term } of candidates) counts.set(term, (counts.get(term) ?? 0) + documentsOf(term).countWith(within));
  }
  return candidates
    .filter(({ term }) => !words.has(term))
    .map(({ term, documentFrequency }) => ({ text: before + term, documents: counts.get(term) ?? 0, documentFrequency }))
    .sort((a, b) => b.documents - a.documents || b.documentFrequency - a.documentFrequency)
    .slice(0, limit)
    .map(({ text, documents }) => ({ text, documents }));
}

function checkSuggest(where: string, reader: LexicalReader, text: string, options: SuggestOptions): { field: number; limit: number } {
  checkString(`${where}: text`, text);
  checkOptions(where, options, ['field', 'limit']);
  return { field: reader.fieldOf(options.field), limit: checkInteger(`${where}: limit`, options.limit ?? 5, { min: 1, max: 100 }) };
}
