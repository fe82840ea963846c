import { checkOneOf, checkOptions, fullText, type TextRole, throttleProgress, throwIfCancelled } from '@rank-rank/core';
import { readDocumentFile, writeJsonLinesFile } from '@rank-rank/core/files';
import type { EmbeddingCache } from '../cache/embedding-cache.ts';
import { type OpenEncoder, type OpenEncoderOptions, openEncoder } from './open-encoder.ts';
import { modelOptions } from './text-model.ts';

export interface EncodeFileOptions extends Omit<OpenEncoderOptions, 'queriesOnly'> {
  /** Which side the texts are on; `document` by default. */
  readonly as?: TextRole;
  /** Where vectors are kept and looked up. */
  readonly cache?: EmbeddingCache;
}

/** What encoding a file came to. */
export interface EncodedFile {
  readonly texts: number;
  readonly seconds: number;
  /** Numbers a vector, or words of the vocabulary. */
  readonly dim: number;
  readonly kind: OpenEncoder['kind'];
}

interface Text {
  readonly id: string;
  readonly text: string;
}

/** Gives each text's line of the output. */
type Lines = (texts: readonly Text[]) => Promise<unknown[]>;

/** Texts that are read, encoded and written at a time. */
const portion = 512;

/**
 * Encodes a JSONL file of documents or queries into another: `{"id","embedding"}`, `{"id","tokens":[[…]]}` or `{"id","indices","values"}`
 * a line, by what the model gives. Memory does not grow with the file.
 *
 * @example await encodeFile('models/all-MiniLM-L6-v2', 'corpus.jsonl', 'vectors.jsonl', { as: 'document' });
 */
export async function encodeFile(model: string, input: string, output: string, options: EncodeFileOptions = {}): Promise<EncodedFile> {
  checkOptions('encodeFile', options, [...modelOptions, 'output', 'as', 'cache']);
  const { as = 'document', cache, ...rest } = options;
  checkOneOf('encodeFile: as', as, ['query', 'document']);
  const started = performance.now();
  const opened = await openEncoder(model, { ...rest, queriesOnly: as === 'query' });
  const progress = throttleProgress(options.onProgress);
  const lines = linesOf(opened, cache, as, options.signal);
  let texts = 0;
  async function* encoded(): AsyncGenerator<unknown> {
    for await (const batch of batches(input, options.signal)) {
      throwIfCancelled(options.signal, 'encodeFile');
      yield* await lines(batch);
      texts += batch.length;
      progress({ stage: 'encoding', done: texts, unit: 'texts' });
    }
  }
  try {
    await writeJsonLinesFile(output, encoded());
  } finally {
    await opened.close();
  }
  const dim = opened.kind === 'sparse' ? opened.encoder.size : opened.encoder.dim;
  return { texts, seconds: (performance.now() - started) / 1000, dim, kind: opened.kind };
}

async function* batches(input: string, signal: AbortSignal | undefined): AsyncGenerator<Text[]> {
  let waiting: Text[] = [];
  for await (const document of readDocumentFile(input, signal ? { signal } : {})) {
    waiting.push({ id: document.id, text: fullText(document) });
    if (waiting.length < portion) continue;
    yield waiting;
    waiting = [];
  }
  if (waiting.length > 0) yield waiting;
}

function linesOf(opened: OpenEncoder, cache: EmbeddingCache | undefined, as: TextRole, signal: AbortSignal | undefined): Lines {
  const how = signal ? { signal } : {};
  const encodeWith =
    <Result>(encode: (texts: readonly string[]) => Promise<Result>, lineOf: (text: Text, result: Result, i: number) => unknown): Lines =>
    async (texts) => {
      const result = await encode(texts.map(({ text }) => text));
      return texts.map((text, i) => lineOf(text, result, i));
    };
  switch (opened.kind) {
    case 'dense': {
      const encoder = cache?.dense(opened.encoder, opened.id) ?? opened.encoder;
      return encodeWith(
        (texts) => encoder.encode(texts, as, how),
        ({ id }, { data, dim }, i) => ({ id, embedding: decimals(data.subarray(i * dim, (i + 1) * dim)) }),
      );
    }
    case 'tokens': {
      const encoder = cache?.tokens(opened.encoder, opened.id) ?? opened.encoder;
      return encodeWith(
        (texts) => encoder.encode(texts, as, how),
        ({ id }, matrices, i) => {
          const { data, rows, dim } = matrices[i]!;
          return { id, tokens: Array.from({ length: rows }, (_, row) => decimals(data.subarray(row * dim, (row + 1) * dim))) };
        },
      );
    }
    case 'sparse': {
      const encoder = cache?.sparse(opened.encoder, opened.id) ?? opened.encoder;
      return encodeWith(
        (texts) => encoder.encode(texts, as, how),
        ({ id }, vectors, i) => ({ id, indices: Array.from(vectors[i]!.indices), values: decimals(vectors[i]!.values) }),
      );
    }
  }
}

/** Numbers with as few digits as single precision needs to come back the same: half the file of the doubles they would be written as. */
function decimals(values: Float32Array): number[] {
  return Array.from(values, (value) => {
    const short = Number(value.toPrecision(8));
    return Math.fround(short) === value ? short : Number(value.toPrecision(9));
  });
}
