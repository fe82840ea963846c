import type { NodeProto, TensorProto } from '../onnx-proto/messages.ts';
import { bytesOf, dataTypeName, dataTypes, dimsOf, float32Tensor, tensor } from '../onnx-proto/tensor.ts';
import { readFloats } from './editable-layer.ts';
import { type GraphView, integerAttribute, makeNode } from './graph-view.ts';
import { toRowCodes } from './integer-weights.ts';
import type { Rewrite } from './rewrite.ts';

/** Tables with fewer rows are too small to matter. */
const fewestRows = 512;

/** The nodes that look rows up in a table of floats, with their table. */
export function embeddingTables(view: GraphView): { node: NodeProto; table: TensorProto }[] {
  return view.nodes.flatMap((node) => {
    if (node.opType !== 'Gather' || (node.domain ?? '') !== '' || integerAttribute(node, 'axis', 0) !== 0) return [];
    const table = view.initializers.get(node.input![0]!);
    if (table === undefined || dataTypeName(table.dataType) !== 'float32') return [];
    const dims = dimsOf(table);
    return dims.length === 2 && dims[0]! >= fewestRows ? [{ node, table }] : [];
  });
}

/** Keeps embedding tables in eight bits, a scale for each row; only the rows looked up become floats again. */
export async function shrinkTables(view: GraphView, rewrite: Rewrite): Promise<void> {
  for (const { node, table } of embeddingTables(view)) {
    const [rows, size] = dimsOf(table) as [number, number];
    const { codes, scales } = toRowCodes(await readFloats(table), rows, size);
    const codeTable = rewrite.weight(tensor(`${table.name}:int8`, 'int8', [rows, size], bytesOf(codes)));
    const scaleTable = rewrite.weight(float32Tensor(`${table.name}:scale`, [rows, 1], scales));
    const [output, indices] = [node.output![0]!, (rewrite.current(node) ?? node).input![1]!];
    const [code, float, scale] = ['code', 'float', 'scale'].map((part) => rewrite.unique(`${output}:${part}`)) as [string, string, string];
    rewrite.replace(
      node,
      makeNode('Gather', [codeTable, indices], [code]),
      makeNode('Cast', [code], [float], { to: dataTypes.float32.code }),
      makeNode('Gather', [scaleTable, indices], [scale]),
      makeNode('Mul', [float, scale], [output]),
    );
  }
}

/**
 * Lets padding be read as the text's first token. Nobody reads the states of padding, but the range by which a batch's activations are
 * rounded counts them too, and padding tokens, in which no text was ever trained, have wide ones.
 */
export function readPaddingAsFirstToken(view: GraphView, rewrite: Rewrite): void {
  const inputs = new Set((view.graph.input ?? []).map(({ name }) => name));
  if (!inputs.has('input_ids') || !inputs.has('attention_mask')) return;
  const lookups = view.nodes.filter(
    (node) => node.opType === 'Gather' && node.input![1] === 'input_ids' && view.constant(node.input![0]) !== undefined,
  );
  const [first] = lookups;
  if (first === undefined) return;
  const [real, start, ids] = ['real', 'first', 'filled'].map((part) => rewrite.unique(`input_ids:${part}`)) as [string, string, string];
  const at = (value: number): string =>
    rewrite.weight(tensor(`input_ids:${value}`, 'int64', [1], bytesOf(BigInt64Array.of(BigInt(value)))));
  rewrite.insertBefore(first, makeNode('Cast', ['attention_mask'], [real], { to: dataTypes.bool.code }));
  rewrite.insertBefore(first, makeNode('Slice', ['input_ids', at(0), at(1), at(1)], [start]));
  rewrite.insertBefore(first, makeNode('Where', [real, 'input_ids', start], [ids]));
  for (const node of lookups) rewrite.replace(node, { ...node, input: [node.input![0]!, ids] });
}
