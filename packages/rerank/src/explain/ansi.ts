import { checkOptions } from '@rank-rank/core';
import type { MaxSimExplanation } from './explain-maxsim.ts';
import { shade, stretchesOf } from './heat.ts';

export interface AnsiOptions {
  /** Whether to colour; without, only the table is of use. True by default. */
  readonly colour?: boolean;
}

/** The explanation for a terminal: the document with what matched in colour, then a line for each query word. */
export function ansiExplanation(why: MaxSimExplanation, options: AnsiOptions = {}): string {
  checkOptions('ansiExplanation', options, ['colour']);
  const colour = options.colour ?? true;
  const body = stretchesOf(why)
    .map(({ text, heat }) => {
      const safe = printable(text);
      if (!colour || heat === 0) return safe;
      const [r, g, b] = shade(heat, 0, 1);
      return `\x1b[30;48;2;${r};${g};${b}m${safe}\x1b[0m`;
    })
    .join('');
  const lines = why.words.map(({ word, found, contribution, share }) => [
    printable(word.text),
    contribution.toFixed(4),
    `${(share * 100).toFixed(1)} %`,
    found.map((target) => printable(target.word.text)).join(', '),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...lines.map((line) => line[column]!.length)));
  const table = lines.map(
    ([word, value, share, found]) =>
      `${word!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${share!.padStart(widths[2]!)}  ${found}`,
  );
  return [body, '', `${why.space} ${why.score.toFixed(4)}`, ...table, ''].join('\n');
}

/** Control characters in a document must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD');
}
