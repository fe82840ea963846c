import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../onnx-proto/messages.ts';
import type { GraphView } from './graph-view.ts';

/** Changes to a graph, gathered and then made at once: nodes replaced, weights added, and what nobody takes any more left out. */
export class Rewrite {
  readonly #view: GraphView;
  readonly #replaced = new Map<NodeProto, readonly NodeProto[]>();
  readonly #before = new Map<NodeProto, NodeProto[]>();
  readonly #added: TensorProto[] = [];
  readonly #names: Set<string>;
  readonly #domains = new Map<string, number>();

  constructor(view: GraphView) {
    this.#view = view;
    this.#names = new Set([...view.initializers.keys(), ...view.producers.keys()]);
  }

  /** A name that the graph does not have. */
  unique(stem: string): string {
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a weight; gives its name. */
  weight(tensor: TensorProto): string {
    const name = this.unique(tensor.name ?? 'weight');
    this.#added.push({ ...tensor, name });
    return name;
  }

  /** Puts nodes in the place of one; an empty list removes it. */
  replace(node: NodeProto, ...by: NodeProto[]): void {
    this.#replaced.set(node, by);
    this.#note(by);
  }

  /** Puts a node before another. */
  insertBefore(node: NodeProto, inserted: NodeProto): void {
    this.#before.set(node, [...(this.#before.get(node) ?? []), inserted]);
    this.#note([inserted]);
  }

  /** What stands in a node's place so far. */
  current(node: NodeProto): NodeProto | undefined {
    const by = this.#replaced.get(node);
    return by === undefined ? node : by[0];
  }

  #note(nodes: readonly NodeProto[]): void {
    for (const { domain } of nodes) if (domain !== undefined && domain !== '') this.#domains.set(domain, 1);
  }

  apply(): ModelProto {
    const { model, graph, nodes } = this.#view;
    const written = nodes.flatMap((node) => [...(this.#before.get(node) ?? []), ...(this.#replaced.get(node) ?? [node])]);
    const taken = namesTaken({ ...graph, node: written });
    const initializer = [...(graph.initializer ?? []), ...this.#added].filter(({ name }) => taken.has(name ?? ''));
    const imports = model.opsetImport ?? [];
    const missing = [...this.#domains].filter(([domain]) => !imports.some((entry) => entry.domain === domain));
    return {
      ...model,
      opsetImport: [...imports, ...missing.map(([domain, version]) => ({ domain, version }))],
      // Recorded types of inner values may no longer be true, and runtimes find them by themselves.
      graph: { ...graph, node: written, initializer, valueInfo: [] },
    };
  }
}

/** Every name that a node, in the graph or in a graph within it, takes, and the outputs. */
function namesTaken(graph: GraphProto): Set<string> {
  const names = new Set<string>((graph.output ?? []).map(({ name }) => name ?? ''));
  for (const node of graph.node ?? []) {
    for (const input of node.input ?? []) names.add(input);
    for (const { g, graphs } of node.attribute ?? []) {
      for (const inner of [g, ...(graphs ?? [])]) if (inner !== undefined) for (const name of namesTaken(inner)) names.add(name);
    }
  }
  return names;
}
