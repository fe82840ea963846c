import { RankError } from '@rank-rank/core';
import type { TokenBatch } from './batch.ts';
import { applyLayers, type DenseLayer } from './dense-layer.ts';
import { normalizeRows, type PoolingMode, pool } from './pooling.ts';

/**
 * What becomes of an output of the graph, done beside the session so that only what is wanted crosses to the caller: the logits
 * of a masked language model over 30,000 words are a thousand times larger than the sparse vector they become.
 */
export type Reduction = { readonly output: string } & (
  | {
      /** States of tokens → one vector a text. */
      readonly kind: 'pool';
      readonly modes: readonly PoolingMode[];
      /** How many first tokens are a prompt that is not pooled. */
      readonly skip?: number;
      readonly layers?: readonly DenseLayer[];
      readonly normalize: boolean;
      readonly truncate?: number;
    }
  | {
      /** A vector a text already, or logits. */
      readonly kind: 'vector';
      readonly layers?: readonly DenseLayer[];
      readonly normalize: boolean;
      readonly truncate?: number;
    }
  | {
      /** States of tokens → the kept tokens' vectors. */
      readonly kind: 'tokens';
      readonly layers?: readonly DenseLayer[];
      readonly normalize: boolean;
      /** How many first tokens are never given (the first of BGE-M3 is the text's own vector). */
      readonly skip?: number;
    }
  | {
      /** Logits over the vocabulary → log(1 + relu) of each word's largest, or sum. */
      readonly kind: 'splade';
      readonly pooling: 'max' | 'sum';
      /** How often the logarithm is taken: OpenSearch's v3 encoders take it twice. */
      readonly logarithms: 1 | 2;
    }
  | {
      /** One sparse vector a text already, dense over the vocabulary. */
      readonly kind: 'sparse';
    }
  | {
      /** A weight a token → the largest of each token id above 0. */
      readonly kind: 'weights';
      readonly layers?: readonly DenseLayer[];
      /** Token ids that have no weight: special tokens. */
      readonly except: readonly number[];
    }
  | {
      /** Logits over the vocabulary → those of a few words at the last token. */
      readonly kind: 'last';
      readonly words: readonly number[];
    }
);

/** A reduction's result for a batch: rows of numbers, of one length or each of its own. */
export interface Reduced {
  readonly data: Float32Array;
  /** Numbers a row, or a token's vector. */
  readonly size: number;
  /** How many vectors (`tokens`) or entries (sparse kinds) each text has. */
  readonly counts?: Uint32Array;
  /** Which word each entry of a sparse vector belongs to. */
  readonly indices?: Uint32Array;
}

/** An output of a graph as 32-bit floats. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export function reduce(reduction: Reduction, tensor: FloatTensor, batch: TokenBatch): Reduced {
  const result = reduceTensor(reduction, tensor, batch);
  checkFinite(reduction, result, batch);
  return result;
}

function reduceTensor(reduction: Reduction, tensor: FloatTensor, batch: TokenBatch): Reduced {
  switch (reduction.kind) {
    case 'vector': {
      const size = flat(reduction, tensor, batch, 2);
      return vectors(tensor.data, batch.rows, size, reduction);
    }
    case 'pool': {
      const size = flat(reduction, tensor, batch, 3);
      const { modes, skip = 0 } = reduction;
      const pooled = new Float32Array(batch.rows * modes.length * size);
      for (let row = 0; row < batch.rows; row++) {
        const [from, to] = tokensOf(batch, row);
        modes.forEach((mode, i) => {
          pool(mode, tensor.data, from, to, from + skip, size, pooled, (row * modes.length + i) * size);
        });
      }
      return vectors(pooled, batch.rows, modes.length * size, reduction);
    }
    case 'tokens':
      return keptTokens(tensor, batch, flat(reduction, tensor, batch, 3), reduction);
    case 'splade': {
      const size = flat(reduction, tensor, batch, 3);
      const weights = new Float32Array(size);
      const sparse = new SparseRows(batch.rows, size);
      for (let row = 0; row < batch.rows; row++) {
        splade(tensor.data, ...tokensOf(batch, row), size, reduction.pooling, reduction.logarithms, weights);
        sparse.addDense(weights, 0);
      }
      return sparse.finish();
    }
    case 'sparse': {
      const size = flat(reduction, tensor, batch, 2);
      const sparse = new SparseRows(batch.rows, size);
      for (let row = 0; row < batch.rows; row++) sparse.addDense(tensor.data, row * size);
      return sparse.finish();
    }
    case 'weights':
      return tokenWeights(tensor, batch, reduction);
    case 'last': {
      const size = flat(reduction, tensor, batch, 3);
      const { words } = reduction;
      const data = new Float32Array(batch.rows * words.length);
      const width = tensor.dims[1]!;
      for (let row = 0; row < batch.rows; row++) {
        // A graph that computes only the last position has a width of 1.
        const at = width === 1 ? row : tokensOf(batch, row)[1] - 1;
        words.forEach((word, i) => {
          data[row * words.length + i] = tensor.data[at * size + word]!;
        });
      }
      return { data, size: words.length };
    }
  }
}

/** Checks an output's shape and gives its last dimension. */
function flat(reduction: Reduction, { dims }: FloatTensor, batch: TokenBatch, rank: 2 | 3): number {
  const tokens = dims[1]!;
  const skipped = reduction.kind === 'tokens' ? (reduction.skip ?? 0) : 0;
  const fits =
    dims.length === rank &&
    dims[0] === batch.rows &&
    (rank === 2 || tokens === batch.width || tokens === batch.width - skipped || (reduction.kind === 'last' && tokens === 1));
  if (!fits) {
    const wanted = rank === 2 ? `${batch.rows} × any` : `${batch.rows} × ${batch.width} × any`;
    throw new RankError(
      'MODEL',
      `The model's output ${JSON.stringify(reduction.output)} is ${dims.join(' × ')}; expected ${wanted}. Is it the right output of the right model?`,
      { output: reduction.output, dims },
    );
  }
  return dims[rank - 1]!;
}

/** The rows of a tokens × size array that hold a text's tokens. */
function tokensOf(batch: TokenBatch, row: number): [from: number, to: number] {
  const from = row * batch.width + (batch.padsLeft ? batch.width - batch.lengths[row]! : 0);
  return [from, from + batch.lengths[row]!];
}

function vectors(
  rows: Float32Array,
  count: number,
  size: number,
  options: { layers?: readonly DenseLayer[]; normalize: boolean; truncate?: number },
): Reduced {
  const { layers = [], normalize, truncate } = options;
  let data = applyLayers(rows, count, layers);
  let width = layers.at(-1)?.outputs ?? size;
  if (truncate !== undefined && truncate < width) {
    const cut = new Float32Array(count * truncate);
    for (let row = 0; row < count; row++) cut.set(data.subarray(row * width, row * width + truncate), row * truncate);
    data = cut;
    width = truncate;
  }
  if (normalize) normalizeRows(data, width);
  return { data, size: width };
}

function keptTokens(
  { data, dims }: FloatTensor,
  batch: TokenBatch,
  size: number,
  { layers = [], normalize, skip = 0 }: { layers?: readonly DenseLayer[]; normalize: boolean; skip?: number },
): Reduced {
  const counts = new Uint32Array(batch.rows);
  const kept: number[] = [];
  // Some graphs leave the first tokens out themselves.
  const absent = batch.width - dims[1]!;
  let token = 0;
  for (let row = 0; row < batch.rows; row++) {
    const [first] = tokensOf(batch, row);
    const from = first - (row + 1) * absent;
    for (let i = 0; i < batch.lengths[row]!; i++, token++) {
      if (i < skip || batch.keep?.[token] === 0) continue;
      kept.push(from + i);
      counts[row]!++;
    }
  }
  const rows = new Float32Array(kept.length * size);
  kept.forEach((from, i) => {
    rows.set(data.subarray(from * size, (from + 1) * size), i * size);
  });
  const result = applyLayers(rows, kept.length, layers);
  const width = layers.at(-1)?.outputs ?? size;
  if (normalize) normalizeRows(result, width);
  return { data: result, size: width, counts };
}

function splade(
  logits: Float32Array,
  from: number,
  to: number,
  size: number,
  pooling: 'max' | 'sum',
  logarithms: 1 | 2,
  weights: Float32Array,
): void {
  weights.fill(0);
  const activated = (logit: number): number => (logarithms === 1 ? Math.log1p(logit) : Math.log1p(Math.log1p(logit)));
  for (let token = from; token < to; token++) {
    const base = token * size;
    if (pooling === 'max') {
      // The activation grows with its argument: the largest logit first, one logarithm a word after.
      for (let i = 0; i < size; i++) {
        const logit = logits[base + i]!;
        if (logit > weights[i]! || Number.isNaN(logit)) weights[i] = logit;
      }
    } else {
      for (let i = 0; i < size; i++) {
        const logit = logits[base + i]!;
        if (!(logit <= 0)) weights[i]! += activated(logit);
      }
    }
  }
  if (pooling === 'max') for (let i = 0; i < size; i++) if (weights[i] !== 0) weights[i] = activated(weights[i]!);
}

function tokenWeights(tensor: FloatTensor, batch: TokenBatch, reduction: Extract<Reduction, { kind: 'weights' }>): Reduced {
  const tokens = batch.rows * batch.width;
  const layers = reduction.layers ?? [];
  const weights = layers.length > 0 ? applyLayers(tensor.data, tokens, layers) : tensor.data;
  if (weights.length !== tokens) {
    throw new RankError(
      'MODEL',
      `The model's output ${JSON.stringify(reduction.output)} is ${tensor.dims.join(' × ')}; expected one weight for each of ${batch.rows} × ${batch.width} tokens.`,
      { output: reduction.output, dims: tensor.dims },
    );
  }
  const sparse = new SparseRows(batch.rows, 0);
  let token = 0;
  for (let row = 0; row < batch.rows; row++) {
    const [from] = tokensOf(batch, row);
    const largest = new Map<number, number>();
    for (let i = 0; i < batch.lengths[row]!; i++, token++) {
      const weight = weights[from + i]!;
      const id = batch.ids[token]!;
      if (reduction.except.includes(id)) continue;
      if (weight > (largest.get(id) ?? 0) || Number.isNaN(weight)) largest.set(id, weight);
    }
    sparse.add([...largest].sort(([a], [b]) => a - b));
  }
  return sparse.finish();
}

class SparseRows {
  readonly #counts: Uint32Array;
  readonly #indices: number[] = [];
  readonly #values: number[] = [];
  readonly #size: number;
  #row = 0;

  constructor(rows: number, size: number) {
    this.#counts = new Uint32Array(rows);
    this.#size = size;
  }

  addDense(weights: Float32Array, at: number): void {
    const before = this.#values.length;
    for (let i = 0; i < this.#size; i++) {
      const value = weights[at + i]!;
      if (value <= 0) continue;
      this.#indices.push(i);
      this.#values.push(value);
    }
    this.#counts[this.#row++] = this.#values.length - before;
  }

  add(entries: readonly (readonly [index: number, value: number])[]): void {
    for (const [index, value] of entries) {
      this.#indices.push(index);
      this.#values.push(value);
    }
    this.#counts[this.#row++] = entries.length;
  }

  finish(): Reduced {
    return { data: Float32Array.from(this.#values), indices: Uint32Array.from(this.#indices), counts: this.#counts, size: 1 };
  }
}

/** A model that gives NaN must not be ranked by: every comparison with it is false, and the order would be anything. */
function checkFinite(reduction: Reduction, { data, size, counts }: Reduced, batch: TokenBatch): void {
  let bad = -1;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    bad = i;
    break;
  }
  if (bad < 0) return;
  let row = Math.floor(bad / size);
  if (counts !== undefined) {
    let vector = row;
    row = 0;
    while (vector >= counts[row]!) vector -= counts[row++]!;
  }
  throw new RankError(
    'MODEL',
    `The model gave ${data[bad]} in its output ${JSON.stringify(reduction.output)}, for a text of ${batch.lengths[row]} tokens. Half-precision and quantised models overflow like this: use the float32 model, or another export.`,
    { output: reduction.output, row, notFinite: String(data[bad]) },
  );
}
