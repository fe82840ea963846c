import type { ModelProto, ValueInfoProto } from '../onnx-proto/messages.ts';
import { dataTypes } from '../onnx-proto/tensor.ts';
import type { Feeds } from './sample-feeds.ts';
import { withSession } from './temporary-session.ts';

/** What a value's channels were seen to hold. */
export interface Observed {
  readonly largest: Float32Array;
  readonly smallest: Float32Array;
  /** The mean of the squares, of all texts alike: a short one is as much of a vector as a long one. */
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
  const sums = new Map(
    [...values].map(([name, channels]) => [
      name,
      {
        largest: new Float32Array(channels).fill(-Infinity),
        smallest: new Float32Array(channels).fill(Infinity),
        sum: new Float64Array(channels),
      },
    ]),
  );
  await withSession(showing(model, names), async (run) => {
    for (const feed of feeds) {
      const found = await run(feed, names, signal);
      for (const name of names) add(sums.get(name)!, found[name]!.data);
    }
  });
  return new Map(
    [...sums].map(([name, { largest, smallest, sum }]) => [
      name,
      { largest, smallest, power: Float32Array.from(sum, (total) => total / feeds.length) },
    ]),
  );
}

/**
 * Sums of products of a value's channels, `[channels, channels]`, of which what is below the diagonal is left out: of each text the mean over its
 * tokens.
 */
export type ProductsOf = (value: string, channels: number) => Promise<Float64Array>;

/** Does some work with the products of values over sample texts at hand, one value at a time: together they may be larger than the model. */
export async function withProducts<T>(
  model: ModelProto,
  names: readonly string[],
  feeds: readonly Feeds[],
  work: (productsOf: ProductsOf) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return withSession(showing(model, names), (run) =>
    work(async (name, channels) => {
      const sums = new Float64Array(channels * channels);
      for (const feed of feeds) addProducts(sums, channels, (await run(feed, [name], signal))[name]!.data);
      return sums;
    }),
  );
}

/** The model with some of its values among its outputs. */
function showing(model: ModelProto, names: readonly string[]): ModelProto {
  const declared = new Set((model.graph!.output ?? []).map(({ name }) => name));
  const watched: ValueInfoProto[] = [...new Set(names)]
    .filter((name) => !declared.has(name))
    .map((name) => ({ name, type: { tensorType: { elemType: dataTypes.float32.code } } }));
  return { ...model, graph: { ...model.graph!, output: [...(model.graph!.output ?? []), ...watched] } };
}

/** Four tokens at a time, so that a sum is fetched and stored a fourth as often. */
const tokensAtOnce = 4;

function addProducts(sums: Float64Array, channels: number, data: Float32Array): void {
  const share = channels / data.length;
  const none = new Float32Array(channels);
  for (let row = 0; row < data.length; row += tokensAtOnce * channels) {
    const [a, b, c, d] = Array.from({ length: tokensAtOnce }, (_, i) => {
      const from = row + i * channels;
      return from < data.length ? data.subarray(from, from + channels) : none;
    }) as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < channels; i++) {
      const [ai, bi, ci, di] = [share * a[i]!, share * b[i]!, share * c[i]!, share * d[i]!];
      for (let j = i, at = i * channels + i; j < channels; j++, at++) sums[at]! += ai * a[j]! + bi * b[j]! + ci * c[j]! + di * d[j]!;
    }
  }
}

function add(seen: { largest: Float32Array; smallest: Float32Array; sum: Float64Array }, data: Float32Array): void {
  const { largest, smallest, sum } = seen;
  const channels = sum.length;
  const share = channels / data.length;
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const value = data[at + c]!;
      if (value > largest[c]!) largest[c] = value;
      if (value < smallest[c]!) smallest[c] = value;
      sum[c]! += share * value * value;
    }
  }
}
