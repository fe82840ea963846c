import type { Word } from './words.ts';

/** A passage of the document that matches by itself. */
export interface Snippet {
  /** Character offsets in the document. */
  readonly start: number;
  readonly end: number;
  readonly text?: string;
  /** The MaxSim that the passage's rows alone would have. */
  readonly score: number;
}

export interface SnippetOptions {
  readonly count: number;
  readonly words: number;
  readonly text: string | undefined;
  readonly divisor: number;
}

/** The windows of so many words with the best MaxSim of their own rows, best first, none overlapping a better one. */
export function snippetsOf(
  matrix: Float32Array,
  weights: Float32Array,
  documentWords: readonly Word[],
  mask: ArrayLike<number | boolean> | undefined,
  { count, words: length, text, divisor }: SnippetOptions,
): Snippet[] {
  const words = documentWords.filter(({ start, end }) => end > start);
  if (count === 0 || words.length === 0) return [];
  const rows = weights.length === 0 ? 0 : matrix.length / weights.length;
  const starts = Math.max(1, words.length - length + 1);
  const scores = new Float64Array(starts);
  // The best similarity of each word to one query row, then sliding maxima over the words.
  const best = new Float64Array(words.length);
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    for (let w = 0; w < words.length; w++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (const row of words[w]!.rows) {
        if (mask === undefined || mask[row]) largest = Math.max(largest, matrix[i * rows + row]!);
      }
      best[w] = largest;
    }
    for (let s = 0; s < starts; s++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let w = s; w < Math.min(s + length, words.length); w++) largest = Math.max(largest, best[w]!);
      if (largest > Number.NEGATIVE_INFINITY) scores[s]! += (weights[i]! * largest) / divisor;
    }
  }
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const taken: number[] = [];
  for (const s of order) {
    if (taken.length === count) break;
    if (taken.every((other) => Math.abs(other - s) >= length)) taken.push(s);
  }
  return taken.map((s) => {
    const { start } = words[s]!;
    const { end } = words[Math.min(s + length, words.length) - 1]!;
    return { start, end, score: scores[s]!, ...(text !== undefined && { text: text.slice(start, end) }) };
  });
}
