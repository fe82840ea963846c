import type { ModelProto } from '../onnx-proto/messages.ts';
import type { Feeds } from './sample-feeds.ts';
import { type FloatOutput, withSession } from './temporary-session.ts';

/** How far an output of a model is from that of the model it was made from, over sample texts. */
export interface OutputError {
  readonly output: string;
  /** The largest absolute difference. */
  readonly maxError: number;
  /** The largest absolute value of the original, to see the difference against. */
  readonly largest: number;
  /** Cosines between corresponding vectors, where the output is vectors. */
  readonly cosine?: { readonly worst: number; readonly mean: number };
}

/** Vectors shorter than this are scores, which have no direction. */
const shortestVector = 8;

/** Runs the same texts through two models and compares what they give. */
export async function compareModels(
  before: ModelProto,
  after: ModelProto,
  feeds: readonly Feeds[],
  signal?: AbortSignal,
): Promise<OutputError[]> {
  const outputs = (after.graph!.output ?? []).map(({ name }) => name!);
  const runAll = (model: ModelProto): Promise<Record<string, FloatOutput>[]> =>
    withSession(model, async (run) => {
      const all: Record<string, FloatOutput>[] = [];
      for (const feed of feeds) all.push(await run(feed, outputs, signal));
      return all;
    });
  const expected = await runAll(before);
  const found = await runAll(after);
  return outputs.map((output) =>
    compareOutput(
      output,
      expected.map((each) => each[output]!),
      found.map((each) => each[output]!),
    ),
  );
}

function compareOutput(output: string, expected: readonly FloatOutput[], found: readonly FloatOutput[]): OutputError {
  let maxError = 0;
  let largest = 0;
  let worst = 1;
  let sum = 0;
  let rows = 0;
  for (const [i, { data, dims }] of expected.entries()) {
    const other = found[i]!.data;
    for (let j = 0; j < data.length; j++) {
      maxError = Math.max(maxError, Math.abs(data[j]! - other[j]!));
      largest = Math.max(largest, Math.abs(data[j]!));
    }
    const size = dims.at(-1) ?? 0;
    if (size < shortestVector || dims.length < 2) continue;
    for (let at = 0; at < data.length; at += size) {
      const cosine = cosineOf(data.subarray(at, at + size), other.subarray(at, at + size));
      worst = Math.min(worst, cosine);
      sum += cosine;
      rows++;
    }
  }
  return { output, maxError, largest, ...(rows === 0 ? {} : { cosine: { worst, mean: sum / rows } }) };
}

/** 1 for two vectors of zeros: nothing was lost. */
function cosineOf(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa === 0 && bb === 0 ? 1 : dot / Math.max(Math.sqrt(aa * bb), Number.MIN_VALUE);
}
