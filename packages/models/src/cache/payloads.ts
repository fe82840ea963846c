import type { SparseVector, Tokens } from '@rank-rank/core';

/** Representations as bytes and back. Numbers are little-endian, as all machines are that this runs on. */

export function vectorBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

export function vectorOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Indices, then values. */
export function sparseBytes({ indices, values }: SparseVector): Uint8Array {
  const bytes = new Uint8Array(8 * indices.length);
  bytes.set(new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength));
  bytes.set(vectorBytes(values), 4 * indices.length);
  return bytes;
}

export function sparseOf(bytes: Uint8Array): SparseVector {
  const count = bytes.byteLength / 8;
  return {
    indices: new Uint32Array(bytes.buffer, bytes.byteOffset, count),
    values: new Float32Array(bytes.buffer, bytes.byteOffset + 4 * count, count),
  };
}

/** Rows, dimension, whether there are spans; the vectors; the spans; the pieces as JSON. */
export function tokensBytes({ data, rows, dim, spans, pieces }: Tokens): Uint8Array {
  const text = pieces === undefined ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(pieces));
  const bytes = new Uint8Array(12 + data.byteLength + (spans?.byteLength ?? 0) + text.length);
  new Uint32Array(bytes.buffer, 0, 3).set([rows, dim, spans === undefined ? 0 : 1]);
  bytes.set(vectorBytes(data), 12);
  if (spans !== undefined) bytes.set(new Uint8Array(spans.buffer, spans.byteOffset, spans.byteLength), 12 + data.byteLength);
  bytes.set(text, bytes.length - text.length);
  return bytes;
}

export function tokensOf(bytes: Uint8Array): Tokens {
  const [rows, dim, hasSpans] = new Uint32Array(bytes.buffer, bytes.byteOffset, 3) as unknown as [number, number, number];
  const after = 12 + 4 * rows * dim;
  const end = after + (hasSpans ? 8 * rows : 0);
  return {
    data: new Float32Array(bytes.buffer, bytes.byteOffset + 12, rows * dim),
    rows,
    dim,
    ...(hasSpans && { spans: new Uint32Array(bytes.buffer, bytes.byteOffset + after, 2 * rows) }),
    ...(end < bytes.length && { pieces: JSON.parse(new TextDecoder().decode(bytes.subarray(end))) as string[] }),
  };
}
