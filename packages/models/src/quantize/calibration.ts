import type { ModelProto, ValueInfoProto } from '../onnx-proto/messages.ts';
import { dataTypes } from '../onnx-proto/tensor.ts';
import type { Feeds } from './sample-feeds.ts';
import { withSession } from './temporary-session.ts';

/** What a value's channels were seen to hold. */
export interface Observed {
  readonly largest: Float32Array;
  readonly smallest: Float32Array;
  /** The mean of the squares. */
  readonly power: Float32Array;
}

/** Runs sample texts through a model and watches some of its values, each of a number of channels along its last axis. */
export async function observe(
  model: ModelProto,
  values: ReadonlyMap<string, number>,
  feeds: readonly Feeds[],
  signal?: AbortSignal,
): Promise<Map<string, Observed>> {
  const names = [...values.keys()];
  const declared = new Set((model.graph!.output ?? []).map(({ name }) => name));
  const watched: ValueInfoProto[] = names
    .filter((name) => !declared.has(name))
    .map((name) => ({ name, type: { tensorType: { elemType: dataTypes.float32.code } } }));
  const open = { ...model, graph: { ...model.graph!, output: [...(model.graph!.output ?? []), ...watched] } };
  const sums = new Map(
    [...values].map(([name, channels]) => [
      name,
      {
        largest: new Float32Array(channels).fill(-Infinity),
        smallest: new Float32Array(channels).fill(Infinity),
        sum: new Float64Array(channels),
        rows: 0,
      },
    ]),
  );
  await withSession(open, async (run) => {
    for (const feed of feeds) {
      const found = await run(feed, names, signal);
      for (const name of names) add(sums.get(name)!, found[name]!.data);
    }
  });
  return new Map(
    [...sums].map(([name, { largest, smallest, sum, rows }]) => [
      name,
      { largest, smallest, power: Float32Array.from(sum, (total) => total / rows) },
    ]),
  );
}

function add(seen: { largest: Float32Array; smallest: Float32Array; sum: Float64Array; rows: number }, data: Float32Array): void {
  const { largest, smallest, sum } = seen;
  const channels = sum.length;
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const value = data[at + c]!;
      if (value > largest[c]!) largest[c] = value;
      if (value < smallest[c]!) smallest[c] = value;
      sum[c]! += value * value;
    }
    seen.rows++;
  }
}
