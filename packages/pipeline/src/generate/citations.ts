import { contentWords, sentencesOf } from '../text/sentences.ts';
import type { Citation, Passage } from './answer.ts';

/** Below this a sentence shares too little with what it cites. */
const leastSupport = 0.25;

/**
 * Checks the marks of an answer ([1], [2, 3]) against the passages it was given: every mark must stand for one, and a sentence should share words with
 * what it cites.
 *
 * @example checkCitations('Willows hold the soil [1].', passages).doubts // []
 */
export function checkCitations(text: string, passages: readonly Passage[]): { citations: Citation[]; doubts: string[] } {
  const byNumber = new Map(passages.map((passage) => [passage.number, passage]));
  const citations: Citation[] = [];
  const doubts: string[] = [];
  // A mark after the full stop belongs to the sentence before it.
  const tidied = text.replaceAll(/([.!?…])\s*((?:\[[\d\s,;]+\]\s*)+)/g, ' $2$1 ');
  for (const { text: sentence } of sentencesOf(tidied)) {
    const words = contentWords(sentence.replaceAll(/\[[\d\s,;]+\]/g, ' '));
    for (const mark of sentence.matchAll(/\[([\d\s,;]+)\]/g)) {
      for (const number of mark[1]!
        .split(/[,;\s]+/)
        .filter(Boolean)
        .map(Number)) {
        const passage = byNumber.get(number);
        const support = passage === undefined ? 0 : sharedWith(words, `${passage.title ?? ''} ${passage.text}`);
        citations.push({ number, id: passage?.id, sentence, support });
        if (passage === undefined) doubts.push(`[${number}] cites a passage that was not given.`);
        else if (support < leastSupport) doubts.push(`“${sentence}” shares almost nothing with [${number}].`);
      }
    }
  }
  if (citations.length === 0 && passages.length > 0) doubts.push('The answer cites no passage.');
  return { citations, doubts };
}

function sharedWith(words: ReadonlySet<string>, passage: string): number {
  if (words.size === 0) return 1;
  const there = contentWords(passage);
  let shared = 0;
  // The first five letters stand for the word, so that endings do not matter.
  const stems = new Set([...there].map(stem));
  for (const word of words) if (stems.has(stem(word))) shared++;
  return shared / words.size;
}

function stem(word: string): string {
  return word.slice(0, 5);
}
