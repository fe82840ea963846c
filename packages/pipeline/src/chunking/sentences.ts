import { sentencesOf } from '../text/sentences.ts';
import type { Piece } from './pack.ts';

/** The sentences of a stretch of text. */
export function sentencePieces(text: string, start: number, end: number): Piece[] {
  return sentencesOf(text.slice(start, end)).map((sentence) => ({ start: start + sentence.start, end: start + sentence.end }));
}
