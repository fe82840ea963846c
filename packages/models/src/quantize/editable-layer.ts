import { transpose } from '../export/parameters.ts';
import { readRaw } from '../onnx-proto/codec.ts';
import type { TensorProto } from '../onnx-proto/messages.ts';
import { float32Values } from '../onnx-proto/tensor.ts';
import type { LinearLayer } from './linear-layers.ts';

/** The values of a float tensor, read if they are kept in another file. */
export async function readFloats(tensor: TensorProto): Promise<Float32Array> {
  const { rawData } = tensor;
  return float32Values(rawData === undefined || rawData instanceof Uint8Array ? tensor : { ...tensor, rawData: await readRaw(rawData) });
}

/**
 * A linear layer with changes that leave the network's function as it is: they are kept as factors and lists, and made when the
 * weights are read, so that a large model's are never in memory together.
 */
export class EditableLayer {
  readonly layer: LinearLayer;
  /** What each output channel is divided by: its consumer multiplies again. */
  #columnDivisors: Float32Array | undefined;
  /** What each weight row is multiplied by, where the input channel is divided by it. */
  rowFactors: Float32Array | undefined;
  /** Output channels that are repeated at the end; −1 for a channel of zeros. */
  columnCopies: readonly number[] = [];
  /** Input channels that are repeated at the end. */
  rowCopies: readonly number[] = [];

  constructor(layer: LinearLayer) {
    this.layer = layer;
  }

  get inner(): number {
    return this.layer.inner + this.rowCopies.length;
  }

  get out(): number {
    return this.layer.out + this.columnCopies.length;
  }

  /** Divides the output channels from `offset` on. */
  divideColumns(offset: number, divisors: Float32Array): void {
    this.#columnDivisors ??= new Float32Array(this.layer.out).fill(1);
    for (let i = 0; i < divisors.length; i++) this.#columnDivisors[offset + i]! *= divisors[i]!;
  }

  /** The weights, `[inner, out]`, changes made. */
  async weights(): Promise<Float32Array> {
    const { layer, inner, out } = this;
    const stored = await readFloats(layer.weight);
    const straight = layer.transposed ? transpose(stored, layer.out, layer.inner) : Float32Array.from(stored);
    const divided = this.#columnDivisors;
    if (divided !== undefined) {
      for (let r = 0, at = 0; r < layer.inner; r++) for (let c = 0; c < layer.out; c++, at++) straight[at]! /= divided[c]!;
    }
    const whole = inner === layer.inner && out === layer.out ? straight : new Float32Array(inner * out);
    if (whole !== straight) {
      for (let r = 0; r < inner; r++) {
        const from = r < layer.inner ? r : this.rowCopies[r - layer.inner]!;
        if (from < 0) continue;
        whole.set(straight.subarray(from * layer.out, (from + 1) * layer.out), r * out);
        for (const [i, column] of this.columnCopies.entries())
          if (column >= 0) whole[r * out + layer.out + i] = straight[from * layer.out + column]!;
      }
    }
    if (this.rowFactors !== undefined) {
      for (let r = 0, at = 0; r < inner; r++) {
        const factor = this.rowFactors[r]!;
        for (let c = 0; c < out; c++, at++) whole[at]! *= factor;
      }
    }
    return whole;
  }

  async bias(): Promise<Float32Array | undefined> {
    const { layer } = this;
    if (layer.bias === undefined) return undefined;
    const stored = await readFloats(layer.bias);
    const divided = this.#columnDivisors;
    const value = (c: number): number => (divided === undefined ? stored[c]! : stored[c]! / divided[c]!);
    return Float32Array.from({ length: this.out }, (_, c) => {
      const from = c < layer.out ? c : this.columnCopies[c - layer.out]!;
      return from < 0 ? 0 : value(from);
    });
  }
}
