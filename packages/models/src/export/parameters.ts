import { RankError, shown, unknownName } from '@rank-rank/core';
import { type TensorSource, toFloat32 } from '@rank-rank/storage/tensors';
import { bytesOf } from '../onnx-proto/tensor.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';

/** A weight matrix as PyTorch keeps it, `[out, in]`, and its bias. */
export interface LinearNames {
  readonly weight: string;
  readonly bias?: string;
}

/**
 * The parameters of a model as initializers of its graph. Their bytes are read, widened to float32 and transposed when the model is
 * written, one at a time; shapes are checked at once.
 */
export class Parameters {
  readonly #source: TensorSource;
  readonly #prefix: string;

  constructor(source: TensorSource, prefix = '') {
    this.#source = source;
    this.#prefix = prefix;
  }

  /** The same parameters, seen from inside a module: names are looked up behind `prefix`. */
  within(prefix: string): Parameters {
    return new Parameters(this.#source, this.#prefix + prefix);
  }

  /** Checkpoints of before 2019 call a layer normalisation's weight and bias gamma and beta. */
  #stored(name: string): string | undefined {
    const full = this.#prefix + name;
    const old = full.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
    return [full, old].find((candidate) => this.#source.tensors.has(candidate));
  }

  has(name: string): boolean {
    return this.#stored(name) !== undefined;
  }

  shape(name: string): readonly number[] {
    return this.#source.tensors.get(this.#find(name))!.shape;
  }

  #find(name: string): string {
    const stored = this.#stored(name);
    if (stored === undefined)
      throw unknownName(`${this.#source.files[0]}: tensor`, this.#prefix + name, [...this.#source.tensors.keys()], 'NOT_FOUND');
    return stored;
  }

  async read(name: string): Promise<Float32Array> {
    const stored = this.#find(name);
    return toFloat32(await this.#source.read(stored), stored);
  }

  /** A parameter as it is. */
  tensor(graph: GraphBuilder, name: string, shape?: readonly number[]): Value {
    const dims = this.shape(name);
    if (shape !== undefined) this.#expect(name, dims, shape);
    return this.#lazy(graph, this.#prefix + name, dims, () => this.read(name));
  }

  /** The weight of a linear layer, turned to `[in, out]`. */
  transposed(graph: GraphBuilder, name: string, shape?: readonly [out: number, inner: number]): Value {
    const dims = this.shape(name);
    if (shape !== undefined) this.#expect(name, dims, shape);
    const [out, inner] = dims as [number, number];
    return this.#lazy(graph, this.#prefix + name, [inner, out], async () => transpose(await this.read(name), out, inner));
  }

  /** Several linear layers of one input, side by side as one: `[in, out₁ + out₂ + …]`. */
  joined(graph: GraphBuilder, as: string, names: readonly string[], inner: number): Value {
    const widths = names.map((name) => {
      const dims = this.shape(name);
      this.#expect(name, dims, [dims[0]!, inner]);
      return dims[0]!;
    });
    const total = widths.reduce((a, b) => a + b, 0);
    return this.#lazy(graph, this.#prefix + as, [inner, total], async () => {
      const whole = new Float32Array(inner * total);
      let column = 0;
      for (const [i, name] of names.entries()) {
        transpose(await this.read(name), widths[i]!, inner, whole, total, column);
        column += widths[i]!;
      }
      return whole;
    });
  }

  /** Several biases as one. */
  joinedBias(graph: GraphBuilder, as: string, names: readonly string[]): Value {
    const total = names.reduce((sum, name) => sum + this.shape(name)[0]!, 0);
    return this.#lazy(graph, this.#prefix + as, [total], async () => {
      const whole = new Float32Array(total);
      let at = 0;
      for (const name of names) {
        const part = await this.read(name);
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    });
  }

  /** Something computed from parameters when the model is written. */
  computed(graph: GraphBuilder, as: string, dims: readonly number[], compute: () => Promise<Float32Array>): Value {
    return this.#lazy(graph, this.#prefix + as, dims, compute);
  }

  #lazy(graph: GraphBuilder, name: string, dims: readonly number[], compute: () => Promise<Float32Array>): Value {
    const byteLength = 4 * dims.reduce((a, b) => a * b, 1);
    return graph.weight(name, dims, { byteLength, read: async () => bytesOf(await compute()) });
  }

  #expect(name: string, found: readonly number[], expected: readonly number[]): void {
    if (found.length === expected.length && found.every((size, axis) => size === expected[axis])) return;
    throw new RankError(
      'DIMENSION_MISMATCH',
      `Tensor ${shown(this.#prefix + name)} is [${found.join(', ')}]; the model's config.json makes it [${expected.join(', ')}]. The weights belong to another model.`,
      { name, found, expected },
    );
  }
}

/** `out × inner`, row-major, to `inner × out`, into columns of a wider matrix where one is given; in blocks that stay in the cache. */
export function transpose(
  values: Float32Array,
  out: number,
  inner: number,
  into: Float32Array = new Float32Array(values.length),
  width: number = out,
  column = 0,
): Float32Array {
  const block = 32;
  for (let r0 = 0; r0 < out; r0 += block) {
    const r1 = Math.min(r0 + block, out);
    for (let c0 = 0; c0 < inner; c0 += block) {
      const c1 = Math.min(c0 + block, inner);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) into[c * width + column + r] = values[r * inner + c]!;
    }
  }
  return into;
}
