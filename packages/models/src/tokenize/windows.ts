import { checkInteger, RankError } from '@rank-rank/core';
import type { Segment } from './text-segmenter.ts';
import type { Encoding, Tokenizer } from './tokenizer.ts';

export interface WindowOptions {
  /** Tokens of a window, special ones and the query's included. */
  readonly maxLength: number;
  /** How many tokens a window shares with the one before it; 0 by default. */
  readonly stride?: number;
  /** The most windows; all that the text needs by default. */
  readonly maxWindows?: number;
  /** A text that stands before every window, such as the query of a cross-encoder; it is cut to half of the window if it must be. */
  readonly first?: Segment;
}

/**
 * Cuts a tokenised text into windows that overlap, each with its special tokens: every token is in at least one.
 * A text of no tokens has one window.
 */
export function windows(tokenizer: Tokenizer, text: Segment, options: WindowOptions): Encoding[] {
  const { first, maxWindows = Number.POSITIVE_INFINITY } = options;
  const special = tokenizer.specialCount(first === undefined ? 1 : 2);
  const maxLength = checkInteger('windows: maxLength', options.maxLength, { min: special + 1 });
  const head = first === undefined ? undefined : shortened(first, Math.floor((maxLength - special) / 2));
  const room = maxLength - special - (head?.ids.length ?? 0);
  const stride = checkInteger('windows: stride', options.stride ?? 0, { min: 0 });
  if (stride >= room) {
    throw new RankError(
      'OUT_OF_RANGE',
      `windows: a stride of ${stride} leaves no way forward in windows of ${room} tokens. Make it smaller.`,
    );
  }
  const found: Encoding[] = [];
  for (let from = 0; found.length < maxWindows; from += room - stride) {
    const to = Math.min(text.ids.length, from + room);
    const part: Segment = { ids: text.ids.slice(from, to), cut: false, ...(text.spans && { spans: text.spans.slice(2 * from, 2 * to) }) };
    found.push(head === undefined ? tokenizer.join([part]) : tokenizer.join([head, part]));
    if (to === text.ids.length) break;
  }
  return found;
}

function shortened(segment: Segment, length: number): Segment {
  if (segment.ids.length <= length) return segment;
  return { ids: segment.ids.slice(0, length), cut: true, ...(segment.spans && { spans: segment.spans.slice(0, 2 * length) }) };
}
