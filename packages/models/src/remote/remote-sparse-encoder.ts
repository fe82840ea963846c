import { checkInteger, checkOptions, type EncodeOptions, type SparseEncoder, type SparseVector, type TextRole } from '@rank-rank/core';
import { checkTexts } from '../encode/text-input.ts';
import { inPortions, malformed, type RemoteOptions, RemoteServer, remoteOptions } from './post-json.ts';

export interface RemoteSparseEncoderOptions extends RemoteOptions {
  /** Words of the model's vocabulary. */
  readonly size: number;
  readonly maxBatch?: number;
}

/** Opens a sparse encoder on Text Embeddings Inference (`/embed_sparse`), the one server that has an interface for it. */
export function openRemoteSparseEncoder(options: RemoteSparseEncoderOptions): SparseEncoder {
  const where = 'openRemoteSparseEncoder';
  checkOptions(where, options, [...remoteOptions, 'size', 'maxBatch']);
  const size = checkInteger(`${where}: size`, options.size, { min: 1 });
  const server = new RemoteServer(where, options);
  const maxBatch = checkInteger('maxBatch', options.maxBatch ?? 32, { min: 1 });
  const concurrency = checkInteger('concurrency', options.concurrency ?? 4, { min: 1, max: 64 });
  return {
    size,
    async encode(texts: readonly string[], as: TextRole, how: EncodeOptions = {}): Promise<SparseVector[]> {
      checkTexts('encode', texts, as);
      checkOptions('encode', how, ['signal', 'onProgress']);
      const results = new Array<SparseVector>(texts.length);
      await inPortions(texts.length, maxBatch, concurrency, async (from, to) => {
        const inputs = texts.slice(from, to).map((text) => text.toWellFormed());
        const answer = await server.post<unknown>('/embed_sparse', { inputs, truncate: true }, how.signal);
        if (!Array.isArray(answer) || answer.length !== inputs.length)
          throw malformed(server.urlOf('/embed_sparse'), `it has no vector for each of ${inputs.length} texts`);
        answer.forEach((entries, i) => {
          results[from + i] = toSparse(entries, size, server.urlOf('/embed_sparse'));
        });
      });
      return results;
    },
  };
}

function toSparse(entries: unknown, size: number, what: string): SparseVector {
  if (!Array.isArray(entries)) throw malformed(what, 'a vector is no list');
  const pairs = (entries as { index?: unknown; value?: unknown }[])
    .map(({ index, value }) => [index, value] as [number, number])
    .filter(([, value]) => value !== 0)
    .sort(([a], [b]) => a - b);
  if (pairs.some(([index, value]) => !Number.isInteger(index) || index < 0 || index >= size || !Number.isFinite(value))) {
    throw malformed(what, `a vector has an entry that is no index below ${size} with a finite value`);
  }
  return { indices: Uint32Array.from(pairs, ([index]) => index), values: Float32Array.from(pairs, ([, value]) => value) };
}
