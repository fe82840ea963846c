/**
 * Every architecture with every head it comes with, against transformers in float64. The models' parameters come from a formula, so that
 * only shapes and outputs are recorded.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TensorToWrite, writeSafetensors } from '@rank-rank/storage/tensors';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeModelBytes } from '../onnx-proto/codec.ts';
import { buildOnnx, type ExportOptions } from './export-onnx.ts';

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly output: string;
  readonly config: Record<string, unknown>;
  readonly tensors: Record<string, number[]>;
  readonly files: Record<string, unknown>;
  /** Weights of modules, by folder. */
  readonly extra: Record<string, Record<string, number[]>>;
  readonly options: ExportOptions;
  readonly types: boolean;
  readonly values: number[][];
}
interface Recorded {
  readonly rows: number[][];
  readonly types: number[][];
  readonly cases: Case[];
}

const recorded = JSON.parse(readFileSync(new URL('./recorded-architectures.json', import.meta.url), 'utf8')) as Recorded;
const folder = mkdtempSync(join(tmpdir(), 'rank-rank-architectures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The values of a parameter: a hash of its name and of each place, spread evenly; weights of normalisations around 1. */
function parameter(name: string, shape: readonly number[]): Float32Array {
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 16777619);
  const norm = name.toLowerCase().includes('norm') && name.endsWith('weight') ? 1 : 0;
  const spread = shape.length > 1 ? 0.8 : 0.3;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + hash) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    return (((x ^ (x >>> 16)) >>> 0) / 2 ** 32 - 0.5) * spread + norm;
  });
}

async function writeWeights(path: string, shapes: Record<string, number[]>, prefix = ''): Promise<void> {
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    tensors[name] = { dtype: 'F32', shape, bytes: new Uint8Array(parameter(prefix + name, shape).buffer) };
  }
  mkdirSync(dirname(path), { recursive: true });
  await writeSafetensors(path, tensors);
}

async function layOut(place: string, { config, tensors, files, extra }: Case): Promise<void> {
  await writeWeights(join(place, 'model.safetensors'), tensors);
  for (const [name, content] of Object.entries({ ...files, 'config.json': config })) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), JSON.stringify(content));
  }
  for (const [module, shapes] of Object.entries(extra)) await writeWeights(join(place, module, 'model.safetensors'), shapes, `${module}/`);
}

const longest = Math.max(...recorded.rows.map((row) => row.length));
function padded(rows: readonly (readonly number[])[], fill: number): ort.Tensor {
  const all = rows.flatMap((row) => [...row, ...new Array<number>(longest - row.length).fill(fill)]);
  return new ort.Tensor('int64', BigInt64Array.from(all, BigInt), [rows.length, longest]);
}

for (const [index, each] of recorded.cases.entries()) {
  describe(`${each.kind}: ${each.name}`, () => {
    it.each([23, 18] as const)('agrees with transformers, in operator set %i', async (opset) => {
      const place = join(folder, String(index));
      await layOut(place, each);
      const built = await buildOnnx(place, { ...each.options, opset });
      expect(built.layout.kind).toBe(each.kind);
      const session = await ort.InferenceSession.create(await encodeModelBytes(built.model), { intraOpNumThreads: 1 });
      await built.close();
      const outputs = await session.run({
        input_ids: padded(recorded.rows, Number(each.config['pad_token_id'] ?? 0)),
        attention_mask: padded(
          recorded.rows.map((row) => row.map(() => 1)),
          0,
        ),
        ...(session.inputNames.includes('token_type_ids') && { token_type_ids: padded(each.types ? recorded.types : [[], [], []], 0) }),
      });
      const { data } = outputs[each.output] as ort.Tensor;
      const found = data as Float32Array;
      const size = found.length / recorded.rows.length;
      for (const [row, values] of each.values.entries()) {
        for (const [i, value] of values.entries()) expect(Math.abs(found[row * size + i]! - value)).toBeLessThan(1e-5);
      }
      await session.release();
    });
  });
}
