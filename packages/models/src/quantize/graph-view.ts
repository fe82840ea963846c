import { type Attribute, attributeProto } from '../export/graph-builder.ts';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../onnx-proto/messages.ts';

/** A graph with its values looked up by name, and the means to replace nodes. */
export class GraphView {
  readonly model: ModelProto;
  readonly graph: GraphProto;
  readonly initializers: Map<string, TensorProto> = new Map();
  /** The node that gives a value. */
  readonly producers: Map<string, NodeProto> = new Map();
  /** The nodes that take a value. */
  readonly consumers: Map<string, NodeProto[]> = new Map();
  readonly #outputs: ReadonlySet<string>;

  constructor(model: ModelProto) {
    this.model = model;
    this.graph = model.graph!;
    for (const tensor of this.graph.initializer ?? []) this.initializers.set(tensor.name ?? '', tensor);
    for (const node of this.graph.node ?? []) {
      for (const output of node.output ?? []) this.producers.set(output, node);
      for (const input of node.input ?? []) this.consumers.set(input, [...(this.consumers.get(input) ?? []), node]);
    }
    this.#outputs = new Set((this.graph.output ?? []).map(({ name }) => name ?? ''));
  }

  get nodes(): readonly NodeProto[] {
    return this.graph.node ?? [];
  }

  /** A weight: an initializer, or the value of a Constant node, as exporters of PyTorch write them. */
  constant(name: string | undefined): TensorProto | undefined {
    if (name === undefined || name === '') return undefined;
    const initializer = this.initializers.get(name);
    if (initializer !== undefined) return initializer;
    const producer = this.producers.get(name);
    return producer?.opType === 'Constant' ? producer.attribute?.find((attribute) => attribute.name === 'value')?.t : undefined;
  }

  /** Whether the graph gives a value away. */
  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  /** The node that alone takes a value, where exactly one does and the graph does not give the value away. */
  onlyConsumer(value: string): NodeProto | undefined {
    const consumers = this.consumers.get(value) ?? [];
    return consumers.length === 1 && !this.#outputs.has(value) ? consumers[0] : undefined;
  }
}

export function integerAttribute(node: NodeProto, name: string, fallback: number): number {
  return Number(node.attribute?.find((attribute) => attribute.name === name)?.i ?? fallback);
}

export function floatAttribute(node: NodeProto, name: string, fallback: number): number {
  return node.attribute?.find((attribute) => attribute.name === name)?.f ?? fallback;
}

/** The domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** A node, of ONNX's operators or of another domain's. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain?: string,
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
  return {
    opType,
    name: `${opType}:${output[0]}`,
    input: [...input],
    output: [...output],
    ...(attribute.length > 0 ? { attribute } : {}),
    ...(domain !== undefined ? { domain } : {}),
  };
}
