import { checkInteger, checkOneOf, checkOptions, Random, RankError, type TextRole, type Tokens } from '@rank-rank/core';
import { scores } from '@rank-rank/kernels';
import { checkTokens } from '../tokens/check-tokens.ts';

/** How token matrices become single vectors. The encodings of queries and documents are only comparable if all of it is the same. */
export interface FdeOptions {
  /** Numbers a row has. */
  readonly dim: number;
  /** Independent partitions of the space, one after another in the encoding. 20 */
  readonly repetitions?: number;
  /** Hyperplanes that cut the space into 2^n parts. 4 */
  readonly hyperplanes?: number;
  /** Dimensions that rows are brought to in each part, by random signs; `dim` keeps them as they are. 16 */
  readonly projection?: number;
  /** Dimensions of the whole encoding, reached by a count sketch; absent: all `repetitions · 2^hyperplanes · projection`. */
  readonly final?: number;
  readonly seed?: number;
}

/** Settings with nothing left open. */
export type FdeSettings = Required<Omit<FdeOptions, 'final'>> & { readonly final: number };

export function fdeSettings(options: FdeOptions): FdeSettings {
  checkOptions('fixedDimensionalEncoder', options, ['dim', 'repetitions', 'hyperplanes', 'projection', 'final', 'seed']);
  const dim = checkInteger('fixedDimensionalEncoder: dim', options.dim, { min: 1, max: 65_536 });
  const repetitions = checkInteger('fixedDimensionalEncoder: repetitions', options.repetitions ?? 20, { min: 1, max: 1000 });
  const hyperplanes = checkInteger('fixedDimensionalEncoder: hyperplanes', options.hyperplanes ?? 4, { min: 0, max: 16 });
  const projection = checkInteger('fixedDimensionalEncoder: projection', options.projection ?? Math.min(dim, 16), { min: 1, max: dim });
  const whole = repetitions * 2 ** hyperplanes * projection;
  if (whole > 2 ** 24)
    throw new RankError(
      'OUT_OF_RANGE',
      `fixedDimensionalEncoder: an encoding would have ${whole} numbers; at most ${2 ** 24} are supported.`,
    );
  const final = checkInteger('fixedDimensionalEncoder: final', options.final ?? whole, { min: 1, max: whole });
  return { dim, repetitions, hyperplanes, projection, final, seed: checkInteger('fixedDimensionalEncoder: seed', options.seed ?? 42) };
}

/** Makes encodings whose dot product approximates MaxSim. */
export interface FixedDimensionalEncoder {
  readonly settings: FdeSettings;
  /** Numbers an encoding has. */
  readonly size: number;
  encode(tokens: Tokens, as: TextRole): Float32Array;
}

/**
 * MUVERA's fixed-dimensional encodings (Dhulipala et al., "MUVERA: multi-vector retrieval via fixed dimensional encodings", 2024).
 *
 * Random hyperplanes cut the space into parts. A query's block for a part is the sum of its rows there, a document's the mean, so that the product of
 * the two is the similarity of each query row and the document's rows near it. Where a document has no row in a part, it takes the row whose part
 * differs by the fewest hyperplanes. Rows are brought to `projection` dimensions by random signs; all is repeated with fresh hyperplanes.
 *
 * @example
 * const encoder = fixedDimensionalEncoder({ dim: 128 });
 * encoder.encode(document, 'document').length; // 20 · 2^4 · 16 = 5120
 */
export function fixedDimensionalEncoder(options: FdeOptions): FixedDimensionalEncoder {
  const settings = fdeSettings(options);
  const { dim, repetitions, hyperplanes, projection, final, seed } = settings;
  const random = new Random(seed);
  const parts = 2 ** hyperplanes;
  const whole = repetitions * parts * projection;
  const identity = projection === dim;
  const width = hyperplanes + (identity ? 0 : projection);
  // Everything that rows are multiplied with, as one matrix: hyperplanes, then signs, for each repetition.
  const directions = new Float32Array(repetitions * width * dim);
  const scale = 1 / Math.sqrt(projection);
  for (let r = 0; r < repetitions; r++) {
    const from = r * width * dim;
    for (let i = 0; i < hyperplanes * dim; i++) directions[from + i] = random.normal();
    if (!identity) for (let i = hyperplanes * dim; i < width * dim; i++) directions[from + i] = random.bits() & 1 ? scale : -scale;
  }
  const sketch = final === whole ? undefined : countSketch(random, whole, final);

  return {
    settings,
    size: final,
    encode(tokens, as) {
      checkTokens('encode: tokens', tokens, dim);
      const isQuery = checkOneOf('encode: as', as, ['query', 'document']) === 'query';
      const out = new Float32Array(whole);
      const { rows, data } = tokens;
      if (rows === 0) return sketch === undefined ? out : sketch(out);
      const products = width === 0 ? new Float32Array(0) : scores({ type: 'f32', data, dim }, { type: 'f32', data: directions, dim });
      const stride = repetitions * width;
      const partOf = new Uint32Array(rows);
      const counts = new Uint32Array(parts);
      for (let r = 0; r < repetitions; r++) {
        counts.fill(0);
        const block = r * parts * projection;
        for (let row = 0; row < rows; row++) {
          const at = row * stride + r * width;
          // Gray code, so that parts with neighbouring numbers differ by one hyperplane.
          let part = 0;
          for (let h = 0; h < hyperplanes; h++) part = (part << 1) | (Number(products[at + h]! > 0) ^ (part & 1));
          partOf[row] = part;
          counts[part]!++;
          add(out, block + part * projection, row, at);
        }
        if (isQuery) continue;
        for (let part = 0; part < parts; part++) {
          const start = block + part * projection;
          const count = counts[part]!;
          if (count > 1) for (let i = start; i < start + projection; i++) out[i]! /= count;
          else if (count === 0) {
            const row = nearestRow(partOf, part);
            add(out, start, row, row * stride + r * width);
          }
        }
      }
      return sketch === undefined ? out : sketch(out);

      function add(target: Float32Array, start: number, row: number, at: number): void {
        if (identity) for (let i = 0; i < projection; i++) target[start + i]! += data[row * dim + i]!;
        else for (let i = 0; i < projection; i++) target[start + i]! += products[at + hyperplanes + i]!;
      }
    },
  };
}

/** The first row whose part differs from this one by the fewest hyperplanes. */
function nearestRow(partOf: Uint32Array, part: number): number {
  const wanted = fromGray(part);
  let best = 0;
  let fewest = 64;
  for (let row = 0; row < partOf.length; row++) {
    const different = bitCount(fromGray(partOf[row]!) ^ wanted);
    if (different < fewest) {
      fewest = different;
      best = row;
    }
  }
  return best;
}

/** The signs that a Gray-coded number stands for: the bits are added up from the top as the code is built. */
function fromGray(code: number): number {
  return code ^ (code >>> 1);
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Adds each number with a random sign to a random place (Charikar, Chen and Farach-Colton 2002): dot products stay what they were, on average. */
function countSketch(random: Random, from: number, to: number): (values: Float32Array) => Float32Array {
  const places = Uint32Array.from({ length: from }, () => random.integer(to));
  const signs = Int8Array.from({ length: from }, () => (random.bits() & 1 ? 1 : -1));
  return (values) => {
    const out = new Float32Array(to);
    for (let i = 0; i < from; i++) out[places[i]!]! += signs[i]! * values[i]!;
    return out;
  };
}
