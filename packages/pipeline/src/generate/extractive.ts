import { fullText, type TokenEncoder } from '@rank-rank/core';
import { maxsimScores } from '@rank-rank/rerank';
import { contentWords, type Sentence, sentencesOf } from '../text/sentences.ts';
import type { Passage } from './answer.ts';

export interface ExtractiveOptions {
  /** How many sentences the answer has, at most; 3 by default. */
  readonly sentences?: number;
  /** Compares sentences with the query by late interaction; without it, by the words they share. */
  readonly encoder?: TokenEncoder;
}

interface Scored extends Sentence {
  readonly passage: Passage;
  readonly score: number;
  readonly place: number;
}

/** How much a sentence counts less for each place its document stands below the first. */
const decay = 0.97;

/**
 * An answer without a model: the sentences of the passages that match the query best, in the order of their documents, each with its mark.
 *
 * @example await extractiveAnswer('how do willows help', passages) // 'Their roots bind the soil … [1]'
 */
export async function extractiveAnswer(
  query: string,
  passages: readonly Passage[],
  { sentences = 3, encoder }: ExtractiveOptions = {},
): Promise<string> {
  const all = passages.flatMap((passage, i) =>
    sentencesOf(passage.text).map((sentence, place) => ({ ...sentence, passage, place: i * 1000 + place, rank: i })),
  );
  if (all.length === 0) return '';
  const scores = encoder === undefined ? sharedWords(query, all) : await lateInteraction(query, all, encoder);
  const best: Scored[] = all
    .map((sentence, i) => ({ ...sentence, score: scores[i]! * decay ** sentence.rank }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.place - b.place);
  const chosen: Scored[] = [];
  for (const sentence of best) {
    if (chosen.length >= sentences) break;
    // A second sentence that says the same adds nothing.
    if (chosen.some((other) => overlap(contentWords(other.text), contentWords(sentence.text)) > 0.7)) continue;
    chosen.push(sentence);
  }
  return chosen
    .sort((a, b) => a.place - b.place)
    .map(({ text, passage }) => `${text} [${passage.number}]`)
    .join(' ');
}

function sharedWords(query: string, sentences: readonly { readonly text: string }[]): number[] {
  const wanted = contentWords(query);
  const counts = new Map<string, number>();
  const words = sentences.map(({ text }) => contentWords(text));
  for (const set of words) for (const word of set) counts.set(word, (counts.get(word) ?? 0) + 1);
  return words.map((set) => {
    let score = 0;
    // A word that stands in few of the sentences says more.
    for (const word of wanted) if (set.has(word)) score += Math.log(1 + sentences.length / counts.get(word)!);
    return score;
  });
}

async function lateInteraction(
  query: string,
  sentences: readonly { readonly text: string; readonly passage: Passage }[],
  encoder: TokenEncoder,
): Promise<number[]> {
  const [asked] = await encoder.encode([query], 'query');
  if (asked === undefined || asked.rows === 0) return sharedWords(query, sentences);
  const tokens = await encoder.encode(
    sentences.map(({ text, passage }) => fullText({ text, ...(passage.title && { title: passage.title }) })),
    'document',
  );
  const counted = tokens.flatMap((matrix, i) => (matrix.rows > 0 ? [i] : []));
  const scores = maxsimScores(
    asked,
    counted.map((i) => tokens[i]!),
  );
  const out = new Array<number>(sentences.length).fill(0);
  counted.forEach((i, j) => {
    out[i] = Math.max(0, scores[j]!);
  });
  return out;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / Math.max(1, Math.min(a.size, b.size));
}
