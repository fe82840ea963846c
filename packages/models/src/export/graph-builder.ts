import { RankError } from '@rank-rank/core';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, RawData, TensorProto, ValueInfoProto } from '../onnx-proto/messages.ts';
import { type DataType, dataTypes, float32Tensor, int32Tensor, int64Tensor, tensor } from '../onnx-proto/tensor.ts';

/** The name of a value in a graph: an input, an initializer, or what a node gives. */
export type Value = string;
export type Attribute =
  | number
  | string
  | readonly number[]
  | TensorProto
  | GraphProto
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute | undefined>>;
  /** Names of what it gives; one, made from the operator's name, by default. */
  readonly outputs?: readonly string[];
}

/**
 * Builds an ONNX graph node by node. A method named after an operator's role gives the name of its result, so that code reads as the
 * formulas do: `graph.add(graph.matmul(x, w), b)`.
 */
export class GraphBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #names = new Map<string, number>();

  /** A name that nothing in the graph has yet. */
  #unique(stem: string): string {
    const count = this.#names.get(stem) ?? 0;
    this.#names.set(stem, count + 1);
    return count === 0 ? stem : `${stem}_${count}`;
  }

  input(name: string, type: DataType, dims: readonly (number | string)[]): Value {
    this.#inputs.push(valueInfo(name, type, dims));
    return this.#unique(name);
  }

  /** Declares a value as an output under a name of its own. */
  output(name: string, value: Value, type: DataType, dims: readonly (number | string)[]): void {
    this.node('Identity', [value], { outputs: [name] });
    this.#outputs.push(valueInfo(name, type, dims));
  }

  node(opType: string, inputs: readonly (Value | undefined)[], { attributes = {}, outputs }: NodeOptions = {}): Value {
    const named = outputs ?? [this.#unique(opType)];
    const attribute: AttributeProto[] = [];
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) attribute.push(attributeProto(name, value));
    const input = inputs.map((value) => value ?? '');
    while (input.at(-1) === '') input.pop();
    this.#nodes.push({
      opType,
      name: `${opType}:${named.find((output) => output !== '')}`,
      input,
      output: [...named],
      ...(attribute.length > 0 ? { attribute } : {}),
    });
    return named[0]!;
  }

  initializer(proto: TensorProto): Value {
    const name = this.#unique(proto.name!);
    this.#initializers.set(name, name === proto.name ? proto : { ...proto, name });
    return name;
  }

  /** A weight whose bytes are made when the model is written. */
  weight(name: string, dims: readonly number[], data: RawData, type: DataType = 'float32'): Value {
    return this.initializer(tensor(name, type, dims, data));
  }

  float(value: number): Value {
    return this.#shared(`float:${value}`, () => float32Tensor(`float:${value}`, [], [value]));
  }

  floats(name: string, dims: readonly number[], values: Float32Array): Value {
    return this.initializer(float32Tensor(name, dims, values));
  }

  int64(value: number): Value {
    return this.#shared(`int64:${value}`, () => int64Tensor(`int64:${value}`, [], [value]));
  }

  int64s(...values: number[]): Value {
    return this.#shared(`int64s:${values.join(',')}`, () => int64Tensor(`int64s:${values.join(',')}`, [values.length], values));
  }

  int32(value: number): Value {
    return this.#shared(`int32:${value}`, () => int32Tensor(`int32:${value}`, [], [value]));
  }

  #shared(name: string, make: () => TensorProto): Value {
    if (!this.#initializers.has(name)) this.#initializers.set(name, make());
    return name;
  }

  add(a: Value, b: Value): Value {
    return this.node('Add', [a, b]);
  }

  subtract(a: Value, b: Value): Value {
    return this.node('Sub', [a, b]);
  }

  multiply(a: Value, b: Value): Value {
    return this.node('Mul', [a, b]);
  }

  divide(a: Value, b: Value): Value {
    return this.node('Div', [a, b]);
  }

  matmul(a: Value, b: Value): Value {
    return this.node('MatMul', [a, b]);
  }

  cast(value: Value, to: DataType): Value {
    return this.node('Cast', [value], { attributes: { to: dataTypes[to].code } });
  }

  reshape(value: Value, ...dims: number[]): Value {
    return this.node('Reshape', [value, this.int64s(...dims)]);
  }

  transpose(value: Value, ...perm: number[]): Value {
    return this.node('Transpose', [value], { attributes: { perm } });
  }

  unsqueeze(value: Value, ...axes: number[]): Value {
    return this.node('Unsqueeze', [value, this.int64s(...axes)]);
  }

  gather(data: Value, indices: Value, axis = 0): Value {
    return this.node('Gather', [data, indices], { attributes: { axis } });
  }

  /** One dimension of a value, as a tensor of one number. */
  dimension(value: Value, axis: number): Value {
    return this.node('Shape', [value], { attributes: { start: axis, end: axis + 1 } });
  }

  slice(value: Value, axis: number, start: number, end: number): Value {
    return this.node('Slice', [value, this.int64s(start), this.int64s(end), this.int64s(axis)]);
  }

  /** Equal parts along an axis. */
  split(value: Value, axis: number, parts: number): Value[] {
    const outputs = Array.from({ length: parts }, () => this.#unique('Split'));
    this.node('Split', [value], { attributes: { axis, num_outputs: parts }, outputs });
    return outputs;
  }

  reduceSum(value: Value, axis: number, keepDims: boolean): Value {
    return this.node('ReduceSum', [value, this.int64s(axis)], { attributes: { keepdims: keepDims ? 1 : 0 } });
  }

  reduceMax(value: Value, axis: number, keepDims: boolean): Value {
    return this.node('ReduceMax', [value, this.int64s(axis)], { attributes: { keepdims: keepDims ? 1 : 0 } });
  }

  concat(axis: number, ...values: Value[]): Value {
    return this.node('Concat', values, { attributes: { axis } });
  }

  build({ name, opset, metadata = {} }: { name: string; opset: number; metadata?: Readonly<Record<string, string>> }): ModelProto {
    if (this.#outputs.length === 0) throw new RankError('EMPTY_INPUT', 'A graph needs an output.');
    return {
      // The version of the format that the operator set came with: older runtimes refuse a newer one.
      irVersion: opset >= 23 ? 11 : 8,
      producerName: 'rank-rank',
      opsetImport: [{ domain: '', version: opset }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: { name, node: this.#nodes, initializer: [...this.#initializers.values()], input: this.#inputs, output: this.#outputs },
    };
  }
}

function valueInfo(name: string, type: DataType, dims: readonly (number | string)[]): ValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dataTypes[type].code, shape: { dim } } } };
}

/** `AttributeProto.AttributeType` */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const TENSOR = 4;
const GRAPH = 5;
const FLOATS = 6;
const INTS = 7;

/** A whole number becomes an integer attribute; `{ float }` says that a float is meant. */
export function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: INT, i: value };
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: INTS, ints: [...value] };
  if ('float' in value) return { name, type: FLOAT, f: value.float };
  if ('floats' in value) return { name, type: FLOATS, floats: [...value.floats] };
  if ('dataType' in value) return { name, type: TENSOR, t: value };
  return { name, type: GRAPH, g: value as GraphProto };
}
