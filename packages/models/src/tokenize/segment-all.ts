import { throwIfCancelled, yieldToEventLoop } from '@rank-rank/core';
import type { Segment } from './text-segmenter.ts';
import type { Tokenizer } from './tokenizer.ts';

/** How long the event loop may be held at a time, in milliseconds. */
const slice = 5;

/** A text of up to so many units is read at once. */
const atOnce = 4096;

export interface SegmentAllOptions {
  readonly limit?: number;
  readonly spans?: boolean;
  readonly signal?: AbortSignal;
}

/** Tokenises many texts, or very long ones, letting timers and sockets be served every few milliseconds. */
export async function segmentAll(tokenizer: Tokenizer, texts: readonly string[], options: SegmentAllOptions = {}): Promise<Segment[]> {
  const { spans = false, signal } = options;
  const limit = tokenizer.cutsLeft ? Number.POSITIVE_INFINITY : (options.limit ?? Number.POSITIVE_INFINITY);
  const segments: Segment[] = [];
  let until = performance.now() + slice;
  const due = (): boolean => performance.now() >= until;
  const rest = async (): Promise<void> => {
    await yieldToEventLoop();
    throwIfCancelled(signal, 'Tokenising');
    until = performance.now() + slice;
  };
  throwIfCancelled(signal, 'Tokenising');
  for (const text of texts) {
    if (text.length <= atOnce) {
      segments.push(tokenizer.segment(text, { limit, spans }));
      if (due()) await rest();
      continue;
    }
    const ids: number[] = [];
    const places: number[] = [];
    let cut = false;
    for (const [from, to] of tokenizer.stretches(text)) {
      const whole = from === 0 && to === text.length;
      const part = tokenizer.segment(whole ? text : text.slice(from, to), {
        ...(limit < Number.POSITIVE_INFINITY && { limit: limit - ids.length }),
        spans,
      });
      for (const id of part.ids) ids.push(id);
      if (part.spans !== undefined) for (const place of part.spans) places.push(place + from);
      cut = part.cut || (to < text.length && ids.length >= limit);
      if (due()) await rest();
      if (cut) break;
    }
    segments.push(spans ? { ids, spans: places, cut } : { ids, cut });
  }
  return segments;
}
