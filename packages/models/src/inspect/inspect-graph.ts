import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { GraphProto, ValueInfoProto } from '../onnx-proto/messages.ts';
import { readOnnx, tensorsOf } from '../onnx-proto/onnx-file.ts';
import { dataTypeName, dataTypes, dimsOf } from '../onnx-proto/tensor.ts';

/** What an ONNX file computes. */
export interface GraphContents {
  readonly file: string;
  /** The file and what lies beside it. */
  readonly bytes: number;
  /** Who wrote it, as the file says. */
  readonly producer: string | undefined;
  /** The versions of the operator sets, by domain; ONNX's own is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** How often each operator occurs, the most frequent first; those that are not ONNX's own with their domain. */
  readonly operators: Readonly<Record<string, number>>;
  /** How many numbers the graph holds, and in how many bytes, by their type: int8 where it is quantised. */
  readonly weights: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;
}

export interface GraphValue {
  readonly name: string;
  readonly type: string;
  /** Sizes, or names where they vary. */
  readonly shape: readonly (number | string)[];
}

/** Reads what a graph is made of, without running it: its weights stay where they are. */
export async function inspectGraph(file: string): Promise<GraphContents> {
  const { model, close } = await readOnnx(file);
  try {
    const graph = model.graph!;
    const weights: Record<string, { count: number; bytes: number }> = {};
    for (const proto of tensorsOf(graph)) {
      const type = dataTypeName(proto.dataType) ?? 'other';
      const count = dimsOf(proto).reduce((product, size) => product * size, 1);
      const entry = (weights[type] ??= { count: 0, bytes: 0 });
      entry.count += count;
      entry.bytes += type === 'other' ? 0 : Math.ceil((count * dataTypes[type].bits) / 8);
    }
    const held = new Set((graph.initializer ?? []).map(({ name }) => name));
    return {
      file,
      bytes: await sizeOf(file),
      producer: [model.producerName, model.producerVersion].filter(Boolean).join(' ') || undefined,
      opsets: Object.fromEntries((model.opsetImport ?? []).map(({ domain, version }) => [domain || 'ai.onnx', Number(version)])),
      // Before version 4 of the format the weights were inputs as well.
      inputs: (graph.input ?? []).filter(({ name }) => !held.has(name)).map(graphValue),
      outputs: (graph.output ?? []).map(graphValue),
      operators: operatorsOf(graph),
      weights,
    };
  } finally {
    await close();
  }
}

/** The size of a graph and of the files beside it that hold its weights: `model.onnx_data`, `model.onnx.data`. */
async function sizeOf(file: string): Promise<number> {
  const names = (await readdir(dirname(file))).filter((name) => name === basename(file) || /^[._]data/.test(after(name, basename(file))));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dirname(file), name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function after(text: string, beginning: string): string {
  return text.startsWith(beginning) ? text.slice(beginning.length) : '';
}

function operatorsOf(graph: GraphProto): Record<string, number> {
  const counts = new Map<string, number>();
  const count = ({ node = [] }: GraphProto): void => {
    for (const { opType = '', domain, attribute = [] } of node) {
      const name = domain && domain !== 'ai.onnx' ? `${domain}.${opType}` : opType;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const { g, graphs = [] } of attribute) for (const inner of g ? [g, ...graphs] : graphs) count(inner);
    }
  };
  count(graph);
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

function graphValue({ name = '', type }: ValueInfoProto): GraphValue {
  const tensor = type?.tensorType;
  return {
    name,
    type: dataTypeName(tensor?.elemType) ?? 'other',
    shape: (tensor?.shape?.dim ?? []).map(({ dimParam, dimValue }) => (dimValue === undefined ? (dimParam ?? '?') : Number(dimValue))),
  };
}
