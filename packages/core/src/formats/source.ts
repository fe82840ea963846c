import { throwIfCancelled } from '../cancel.ts';
import type { WorkOptions } from '../contracts.ts';
import { RankError } from '../error.ts';
import { throttleProgress } from '../progress.ts';
import { shown } from '../validate.ts';

/**
 * What readers read: text or bytes at hand, or chunks of either as they come: a `ReadableStream`, a Node stream, the body of a
 * `Response`, the `stream()` of a `Blob` or a `File`. Bytes that begin as gzip does are unpacked where the runtime can.
 */
export type ByteSource = string | Uint8Array | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> | ReadableStreamLike;

/** The part of the web's `ReadableStream` that is needed; not every runtime makes it iterable. */
export interface ReadableStreamLike {
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | string | undefined }>; cancel(reason?: unknown): Promise<void> };
}

const encoder = new TextEncoder();

/** The bytes of text; bytes as they are. */
export function toBytes(data: string | Uint8Array, where: string): Uint8Array {
  if (typeof data === 'string') return encoder.encode(data);
  if (data instanceof Uint8Array) return data;
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(data)}; expected text or a Uint8Array.`);
}

/** Whether bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The unpacked bytes of a source, chunk by chunk, with its progress reported and its cancellation heeded. */
export async function* chunksOf(source: ByteSource, where: string, { signal, onProgress }: WorkOptions = {}): AsyncGenerator<Uint8Array> {
  const report = throttleProgress(onProgress);
  let done = 0;
  for await (const chunk of unpacked(rawChunks(source, where), where)) {
    throwIfCancelled(signal, `Reading ${where}`);
    yield chunk;
    done += chunk.length;
    report({ stage: 'reading', done, unit: 'bytes' });
  }
}

async function* rawChunks(source: ByteSource, where: string): AsyncGenerator<Uint8Array> {
  if (typeof source === 'string' || source instanceof Uint8Array) {
    yield toBytes(source, where);
    return;
  }
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) {
      for await (const chunk of source as AsyncIterable<Uint8Array | string>) yield toBytes(chunk, `A chunk of ${where}`);
      return;
    }
    if (typeof (source as ReadableStreamLike).getReader === 'function') {
      const reader = (source as ReadableStreamLike).getReader();
      let ended = false;
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) {
            ended = true;
            return;
          }
          if (value !== undefined) yield toBytes(value, `A chunk of ${where}`);
        }
      } finally {
        // A reader that stops early lets go of the file or the connection behind the stream.
        if (!ended) await reader.cancel();
      }
    }
  }
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(source)}; expected text, bytes, a stream or an iterable of chunks.`);
}

async function* unpacked(chunks: AsyncGenerator<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  try {
    let head: Uint8Array = new Uint8Array(0);
    // One byte does not tell what a file is: a source may come in the smallest of chunks. A copy, because it may use its buffer again.
    while (head.length < 2) {
      const next = await chunks.next();
      if (next.done) break;
      head = head.length === 0 ? next.value.slice() : joined(head, next.value);
    }
    if (isGzip(head)) yield* gunzipped(head, chunks, where);
    else {
      if (head.length > 0) yield head;
      yield* chunks;
    }
  } finally {
    // Also when the reader stops at the first chunk: the file behind them is let go of.
    await chunks.return(undefined);
  }
}

async function* gunzipped(head: Uint8Array, chunks: AsyncGenerator<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const Gunzip = (globalThis as { DecompressionStream?: new (format: 'gzip') => TransformLike }).DecompressionStream;
  if (Gunzip === undefined) {
    throw new RankError(
      'UNSUPPORTED',
      `${where} is gzip, and this runtime has no DecompressionStream. Unpack it first, or read it by path with @rank-rank/core/files.`,
    );
  }
  const { readable, writable } = new Gunzip('gzip');
  const writer = writable.getWriter();
  let trouble: unknown;
  const feeding = (async () => {
    await writer.write(head);
    for (;;) {
      const next = await chunks.next().catch((error) => {
        throw (trouble = error);
      });
      if (next.done) break;
      // A copy, because unpacking goes on after the write.
      await writer.write(next.value.slice());
    }
    await writer.close();
  })();
  // The reading end throws what is wrong with the bytes; the writing end would throw it a second time.
  feeding.catch((error) => writer.abort(error).catch(() => {}));
  try {
    yield* rawChunks(readable, where);
  } catch (error) {
    if (trouble !== undefined) throw trouble;
    throw new RankError('CORRUPT', `${where} is gzip that cannot be unpacked; it is truncated or altered.`, {}, { cause: error });
  }
  await feeding;
}

interface TransformLike {
  readonly readable: ReadableStreamLike;
  readonly writable: {
    getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void>; abort(reason: unknown): Promise<void> };
  };
}

/** Two pieces of bytes as one. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
