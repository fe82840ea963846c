/** Quantised models against the float32 models they were made from: the tiny ones, and the real MiniLM where it is. */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData, describeWithModel, folderWithOwnCache } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { openDenseEncoder } from '../encode/dense-encoder.ts';
import { exportOnnx } from '../export/index.ts';
import { readOnnx } from '../onnx-proto/onnx-file.ts';
import { type QuantizeMethod, quantize } from './quantize.ts';

const folder = folderWithOwnCache('quantize');

async function operatorsOf(path: string): Promise<string[]> {
  const file = await readOnnx(path);
  await file.close();
  return [...new Set((file.model.graph!.node ?? []).map(({ opType }) => opType!))];
}

const models = [
  'bert-cross-encoder',
  'bert-splade',
  'bge-m3',
  'colbert-pylate',
  'distilbert-dense-mean',
  'modernbert-dense-cls',
  'qwen3-reranker',
  'xlmr-cross-encoder',
];
/** How far outputs may move, as a share of the largest: layers 32 wide with random weights round worse than any real model. */
const within: Readonly<Record<QuantizeMethod, number>> = { fp16: 0.03, q8: 0.4, int8: 0.6, q4: 1.5 };

for (const name of models) {
  describeWithData(name, `models/tiny/${name}`, (model) => {
    it.each(['int8', 'q8', 'q4', 'fp16'] as const)('is quantised by %s, runs, and says how far it is off', async (method) => {
      const out = join(folder, name, method);
      const { files, outputs, errors, maxError, notes } = await quantize(model, out, {
        method,
        blockSize: 16,
        ...(name === 'qwen3-reranker' && { answers: { yes: 9, no: 10 } }),
      });
      expect(files[0]).toBe(join(out, 'onnx', `model_${method}.onnx`));
      expect(files.every((file) => existsSync(file))).toBe(true);
      expect(notes).toEqual([]);
      expect(errors.map(({ output }) => output)).toEqual(outputs);
      expect(maxError).toBe(errors[0]!.maxError);
      for (const { maxError: error, largest } of errors) {
        expect(error).toBeGreaterThan(0);
        expect(error / largest).toBeLessThan(within[method]);
      }
      const operators = await operatorsOf(files[0]!);
      const telling = { int8: 'DynamicQuantizeMatMul', q8: 'MatMulNBits', q4: 'MatMulNBits', fp16: 'Cast' }[method];
      expect(operators).toContain(telling);
    });
  });
}

describeWithData('a quantised folder', 'models/tiny/distilbert-dense-mean', (model) => {
  it('opens as an encoder', async () => {
    const out = join(folder, 'opened');
    await quantize(model, out, { method: 'int8' });
    const [exact, small] = [await openDenseEncoder(model), await openDenseEncoder(out)];
    try {
      expect(small.graph).toBe(join(out, 'onnx', 'model_int8.onnx'));
      const texts = ['wind over a wing', 'heat transfer in a thin layer of gas'];
      const [a, b] = [await exact.encode(texts, 'document'), await small.encode(texts, 'document')];
      for (let row = 0; row < 2; row++) {
        const dot = Array.from({ length: a.dim }, (_, i) => a.data[row * a.dim + i]! * b.data[row * b.dim + i]!).reduce((x, y) => x + y);
        expect(dot).toBeGreaterThan(0.95);
      }
    } finally {
      await Promise.all([exact.close(), small.close()]);
    }
  });

  it('keeps layers and tables that are named or told', async () => {
    const all = await quantize(model, join(folder, 'all'), { method: 'int8' });
    const some = await quantize(model, join(folder, 'some'), { method: 'int8', keep: ['ffn.lin1'], embeddings: false });
    expect(some.layers.kept.length).toBeGreaterThan(all.layers.kept.length);
    expect(some.layers.kept.some((layer) => layer.includes('ffn.lin1'))).toBe(true);
    expect(some.bytes.after).toBeGreaterThan(all.bytes.after);
    expect(await operatorsOf(some.files[0]!)).toContain('MatMul');
  });

  it('works where the float32 graph is already in the folder', async () => {
    const exported = join(folder, 'exported');
    await exportOnnx(model, exported);
    const { files, bytes } = await quantize(exported, exported, { method: 'q4' });
    expect(files).toEqual([join(exported, 'onnx', 'model_q4.onnx')]);
    expect(bytes.before).toBe(statSync(join(exported, 'onnx', 'model.onnx')).size);
    expect(bytes.after).toBe(statSync(files[0]!).size);
  });

  it('quantises the spelled-out graphs of operator set 18 too', async () => {
    const exported = join(folder, 'old');
    await exportOnnx(model, exported, { opset: 18 });
    for (const method of ['int8', 'q8', 'fp16'] as const) {
      const { errors } = await quantize(exported, exported, { method });
      expect(errors[0]!.maxError / errors[0]!.largest).toBeLessThan(within[method]);
    }
  });
});

describeWithData('what cannot be quantised', 'models/tiny/distilbert-dense-mean', (model) => {
  const out = join(folder, 'refused');

  it('is a model that is quantised already', async () => {
    const once = join(folder, 'once');
    await quantize(model, once);
    const { renameSync } = await import('node:fs');
    renameSync(join(once, 'onnx', 'model_int8.onnx'), join(once, 'onnx', 'model.onnx'));
    await expect(quantize(once, out)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('quantised already'),
    });
  });

  it('is a file, a folder that is absent, or wrong options', async () => {
    await expect(quantize(join(model, 'model.onnx'), out)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(quantize(join(folder, 'nowhere'), out)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(quantize(model, out, { bits: 4 } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await expect(quantize(model, out, { method: 'int3' as never })).rejects.toMatchObject({ message: expect.stringContaining('int8') });
    await expect(quantize(model, out, { method: 'q4', blockSize: 48 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(quantize(model, out, { texts: [] })).rejects.toMatchObject({ code: 'EMPTY_INPUT' });
  });

  it('stops when it is cancelled', async () => {
    await expect(quantize(model, out, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('does without sample texts where there is no tokenizer, and says so', async () => {
    const bare = join(folder, 'bare');
    await exportOnnx(model, bare);
    for (const name of ['tokenizer.json', 'vocab.txt']) rmSync(join(bare, name), { force: true });
    const { errors, notes, maxError } = await quantize(bare, bare);
    expect([errors, maxError]).toEqual([[], undefined]);
    expect(notes.join()).toContain('no tokenizer');
    writeFileSync(join(bare, 'onnx', 'model.onnx'), '');
    await expect(quantize(bare, bare)).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

describe('the real MiniLM', () => {
  describeWithModel('quantised', 'all-MiniLM-L6-v2/model.safetensors', (model) => {
    it.each([
      // ONNX Runtime 1.31's own quantiser keeps .9926 (worst) and .9947 (mean) over 64 Cranfield abstracts.
      ['int8', {}, 0.994, 0.9985],
      ['int8', { reduceRange: true }, 0.99, 0.997],
      ['q4', {}, 0.99, 0.995],
    ] as const)('by %s %j stays close to float32', async (method, options, worst, mean) => {
      const exported = join(folder, 'MiniLM');
      if (!existsSync(exported)) await exportOnnx(model, exported);
      const { errors } = await quantize(exported, exported, { method, ...options });
      expect(errors[0]!.output).toBe('sentence_embedding');
      expect(errors[0]!.cosine!.worst).toBeGreaterThan(worst);
      expect(errors[0]!.cosine!.mean).toBeGreaterThan(mean);
    });
  });

  describeWithModel('exported by PyTorch', 'all-MiniLM-L6-v2/onnx/model.onnx', (model) => {
    it('is quantised as well as our own export', async () => {
      const { errors } = await quantize(model, join(folder, 'foreign'));
      expect(errors[0]!.output).toBe('last_hidden_state');
      expect(errors[0]!.cosine!.worst).toBeGreaterThan(0.99);
      expect(errors[0]!.cosine!.mean).toBeGreaterThan(0.998);
    });
  });
});
