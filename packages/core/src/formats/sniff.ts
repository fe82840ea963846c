import { isSpace } from './line-parser.ts';

/** How a run is written. */
export type RunFormat = 'trec' | 'json';
/** How judgements are written. */
export type QrelsFormat = 'trec' | 'beir' | 'json';

/** Tells by the first bytes how a run is written: an object is JSON, everything else TREC. */
export function runFormatOf(head: Uint8Array): RunFormat {
  return firstByte(head) === 123 ? 'json' : 'trec';
}

/** Tells by the first line how judgements are written: an object is JSON, three fields between tabs are BEIR, everything else TREC. */
export function qrelsFormatOf(head: Uint8Array): QrelsFormat {
  if (firstByte(head) === 123) return 'json';
  const lines = new TextDecoder().decode(head).split('\n');
  // The last line of a piece may be cut short.
  const complete = lines.length > 1 ? lines.slice(0, -1) : lines;
  const line = complete.find((text) => text.trim() !== '' && !text.startsWith('#')) ?? '';
  return line.split('\t').length === 3 && line.trim().split(/\s+/).length === 3 ? 'beir' : 'trec';
}

function firstByte(head: Uint8Array): number | undefined {
  let at = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  while (at < head.length && isSpace(head[at]!)) at++;
  return head[at];
}
