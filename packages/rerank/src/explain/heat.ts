import type { MaxSimExplanation } from './explain-maxsim.ts';

/** A stretch of the document and how much of the score it carries: 0 for none, 1 for the stretch that carries most. */
export interface Stretch {
  readonly text: string;
  readonly heat: number;
  readonly contribution: number;
}

/** The document cut at its words, the text between them kept. Without a text the words stand for themselves. */
export function stretchesOf(why: MaxSimExplanation): Stretch[] {
  const largest = Math.max(0, ...why.documentWords.map(({ contribution }) => contribution));
  const heat = (contribution: number) => (largest === 0 ? 0 : Math.max(0, contribution) / largest);
  const { text } = why.document;
  const placed = why.documentWords.filter(({ word }) => word.end > word.start);
  if (text === undefined || placed.length === 0) {
    return why.documentWords.flatMap(({ word, contribution }, i) => [
      ...(i === 0 ? [] : [{ text: ' ', heat: 0, contribution: 0 }]),
      { text: word.text, heat: heat(contribution), contribution },
    ]);
  }
  const out: Stretch[] = [];
  let at = 0;
  for (const { word, contribution } of placed) {
    if (word.start < at) continue;
    if (word.start > at) out.push({ text: text.slice(at, word.start), heat: 0, contribution: 0 });
    out.push({ text: text.slice(word.start, word.end), heat: heat(contribution), contribution });
    at = word.end;
  }
  if (at < text.length) out.push({ text: text.slice(at), heat: 0, contribution: 0 });
  return out;
}

/** A similarity as a colour from white over orange to red, as one of `steps` shades. */
export function shade(value: number, low: number, high: number, steps = 256): readonly [red: number, green: number, blue: number] {
  const span = high - low;
  const exact = span <= 0 ? 0 : Math.min(1, Math.max(0, (value - low) / span));
  const t = Math.round(exact * (steps - 1)) / (steps - 1);
  return [Math.round(255 - 40 * t * t), Math.round(250 - 200 * t), Math.round(242 - 210 * t)];
}
