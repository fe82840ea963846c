import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../export/graph-builder.ts';
import { decodeModel, encodeModelBytes } from './codec.ts';
import type { ModelProto } from './messages.ts';
import { readOnnx, writeOnnx } from './onnx-file.ts';
import { bytesOf, dataTypes, float32Values, tensor } from './tensor.ts';
import { varintSize, WireReader, WireWriter } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** y = x W, W of 64 × 64, more than the smallest tensor that is kept outside. */
function product(read?: () => void): { model: ModelProto; weights: Float32Array } {
  const graph = new GraphBuilder();
  const weights = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i));
  const x = graph.input('x', 'float32', ['rows', 64]);
  const promised = {
    byteLength: weights.byteLength,
    read: (): Promise<Uint8Array> => {
      read?.();
      return Promise.resolve(bytesOf(weights));
    },
  };
  graph.output('y', graph.matmul(x, graph.weight('W', [64, 64], promised)), 'float32', ['rows', 64]);
  return { model: graph.build({ name: 'product', opset: 18 }), weights };
}

async function firstRow(session: ort.InferenceSession): Promise<Float32Array> {
  const x = Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0));
  const { y } = await session.run({ x: new ort.Tensor('float32', x, [1, 64]) });
  return (y as ort.Tensor).data as Float32Array;
}

describe('numbers on the wire', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const wanted = Number.isSafeInteger(Number(value)) ? Number(value) : value;
        const writer = new WireWriter();
        writer.varint(wanted);
        expect(writer.length).toBe(varintSize(wanted));
        expect(new WireReader(writer.take(), 'it').varint()).toEqual(wanted);
      }),
    );
  });

  it('that never end are damage', () => {
    expect(() => new WireReader(new Uint8Array(12).fill(255), 'it').varint()).toThrow(/does not end/);
  });
});

describe('a model', () => {
  it('is the same after writing and reading, and runs', async () => {
    const { model, weights } = product();
    const bytes = await encodeModelBytes(model);
    const again = decodeModel(bytes);
    expect(again.graph!.node).toEqual(model.graph!.node);
    expect(float32Values(again.graph!.initializer![0]!)).toEqual(weights);
    expect(await encodeModelBytes(again)).toEqual(bytes);
    expect(await firstRow(await ort.InferenceSession.create(bytes))).toEqual(weights.subarray(0, 64));
  });

  it('keeps its weights in one file where it is small', async () => {
    const path = join(folder, 'small', 'model.onnx');
    expect((await writeOnnx(path, product().model)).map((file) => file.path)).toEqual([path]);
  });

  it('keeps its weights beside it where it would come near what one file may hold', async () => {
    const path = join(folder, 'large', 'model.onnx');
    let reads = 0;
    const { model, weights } = product(() => reads++);
    const written = await writeOnnx(path, model, { externalFrom: 10_000 });
    expect(reads).toBe(1);
    expect(written.map((file) => file.path)).toEqual([path, `${path}_data`]);
    expect(written[0]!.bytes).toBeLessThan(1000);
    expect(written[1]!.bytes).toBe(weights.byteLength);
    expect(await firstRow(await ort.InferenceSession.create(path))).toEqual(weights.subarray(0, 64));

    const file = await readOnnx(path);
    expect(file.files).toEqual([path, `${path}_data`]);
    const whole = join(folder, 'whole.onnx');
    await writeOnnx(whole, file.model, { externalData: 'never' });
    await file.close();
    expect(await firstRow(await ort.InferenceSession.create(whole))).toEqual(weights.subarray(0, 64));
    // Written again in one piece, the file beside it is not left to be mistaken for its weights.
    await writeOnnx(path, model, { externalData: 'never' });
    expect(existsSync(`${path}_data`)).toBe(false);
  });

  it('begins each external tensor where a runtime may map it', async () => {
    const graph = new GraphBuilder();
    const x = graph.input('x', 'float32', [1, 300]);
    const one = graph.floats('one', [300], new Float32Array(300).fill(1));
    const two = graph.floats('two', [300], new Float32Array(300).fill(2));
    graph.output('y', graph.add(graph.add(x, one), two), 'float32', [1, 300]);
    const path = join(folder, 'mapped.onnx');
    await writeOnnx(path, graph.build({ name: 'sum', opset: 18 }), { externalData: 'always' });
    const offsets = decodeModel(readFileSync(path)).graph!.initializer!.map(
      ({ externalData }) => externalData?.find(({ key }) => key === 'offset')?.value,
    );
    expect(offsets).toEqual(['0', '4096']);
  });

  it('that was damaged, cut or bent is a named error, or another model, and never a crash', async () => {
    const bytes = await encodeModelBytes(product().model);
    for (let at = 0; at < 700; at++) {
      for (const flipped of [1, 128]) {
        const bent = bytes.slice();
        bent[at]! ^= flipped;
        try {
          decodeModel(bent);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/CORRUPT|UNSUPPORTED/) });
        }
      }
      expect(() => decodeModel(bytes.subarray(0, at))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
    }
    expect(() => decodeModel(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'))).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    );
  });

  it('whose weights are cut short, gone or elsewhere is refused', async () => {
    const path = join(folder, 'half', 'model.onnx');
    await writeOnnx(path, product().model, { externalData: 'always' });
    truncateSync(`${path}_data`, 1000);
    await expect(readOnnx(path)).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('cut short') });
    rmSync(`${path}_data`);
    await expect(readOnnx(path)).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('half of the model') });
    const model = decodeModel(readFileSync(path));
    model.graph!.initializer![0]!.externalData![0]!.value = '../model.onnx';
    writeFileSync(path, await encodeModelBytes(model));
    await expect(readOnnx(path)).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('outside') });
  });

  it('that cannot be written whole leaves nothing behind', async () => {
    const place = join(folder, 'broken');
    const { model } = product(() => {
      throw new Error('the disk went away');
    });
    await expect(writeOnnx(join(place, 'model.onnx'), model)).rejects.toMatchObject({ code: 'IO' });
    await expect(writeOnnx(join(place, 'model.onnx'), product().model, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(readdirSync(place)).toEqual([]);
  });

  it('of more than Protocol Buffers allow is not written in one file', async () => {
    const graph = new GraphBuilder();
    const huge = { byteLength: 4 * 600_000_000, read: () => Promise.reject(new Error('never read')) };
    graph.output('y', graph.weight('W', [600_000_000], huge), 'float32', [600_000_000]);
    const model = graph.build({ name: 'huge', opset: 18 });
    await expect(writeOnnx(join(folder, 'huge.onnx'), model, { externalData: 'never' })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });
});

describe('a tensor', () => {
  it('is read from whichever field its writer chose', () => {
    expect(float32Values({ dataType: dataTypes.float32.code, dims: [2], floatData: [1.5, -2] })).toEqual(Float32Array.of(1.5, -2));
    expect(float32Values({ dataType: dataTypes.float16.code, dims: [1], int32Data: [0x3e00] })).toEqual(Float32Array.of(1.5));
    expect(float32Values(tensor('w', 'float64', [1], bytesOf(Float64Array.of(0.5))))).toEqual(Float32Array.of(0.5));
  });

  it('of the wrong size is refused', () => {
    expect(() => tensor('w', 'float32', [3], new Uint8Array(8))).toThrow(/takes 12/);
  });
});
