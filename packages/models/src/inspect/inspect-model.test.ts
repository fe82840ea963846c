import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithData, describeWithModel } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { exportOnnx } from '../export/index.ts';
import { inspectGraph } from './inspect-graph.ts';
import { inspectModel } from './inspect-model.ts';

describeWithData('A model that is looked into', 'models', (data) => {
  const tiny = join(data, 'tiny');

  it('is what its folder says, with sizes, weights, and what would be run', async () => {
    const found = await inspectModel(join(tiny, 'colbert-pylate'));
    expect(found).toMatchObject({ description: { kind: 'tokens', layout: 'pylate' }, runs: 'export', graph: undefined, known: undefined });
    expect(found.files.map(({ path }) => path)).toContain('1_Dense/model.safetensors');
    expect(found.bytes).toBe(found.files.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(found.weights!.parameters).toBe(found.weights!.types['F32']);
    expect(await inspectModel(join(data, 'model2vec-rs-fixtures/test-model-float16'))).toMatchObject({
      runs: 'table',
      description: { kind: 'static' },
      weights: { tensors: 1 },
    });
    expect(await inspectModel(join(tiny, 'colbert-pylate'), { precision: 'int8' })).toMatchObject({ runs: 'none' });
  });

  it('shows the operators, inputs, outputs and weights of its graph', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rank-rank-inspect-'));
    try {
      await exportOnnx(join(tiny, 'bert-cross-encoder'), folder);
      const { runs, graph } = await inspectModel(folder);
      expect(runs).toBe('graph');
      expect(graph!.inputs.map(({ name, type }) => [name, type])).toContainEqual(['input_ids', 'int64']);
      expect(graph!.outputs).toEqual([{ name: 'logits', type: 'float32', shape: [expect.any(String), 1] }]);
      expect(graph!.operators).toHaveProperty('Attention');
      expect(graph!.opsets['ai.onnx']).toBe(23);
      expect(graph!.weights['float32']!.bytes).toBe(4 * graph!.weights['float32']!.count);
      writeFileSync(join(folder, 'broken.onnx'), 'no model');
      await expect(inspectGraph(join(folder, 'broken.onnx'))).rejects.toMatchObject({ code: 'CORRUPT' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is refused where it is none', async () => {
    await expect(inspectModel(join(tiny, 'absent'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(inspectModel(tiny)).rejects.toThrow(/no model folder/);
    await expect(inspectModel(tiny, { precision: 'fp64' as never })).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
  });
});

describeWithModel('The real MiniLM, looked into', 'all-MiniLM-L6-v2/onnx/model_int8.onnx', (folder) => {
  it('has 22.7 million weights; quantised, most of them are bytes', async () => {
    const { weights, graph, licence } = await inspectModel(folder);
    expect(weights!.parameters).toBe(22_713_728);
    expect(licence).toBe('apache-2.0');
    expect(graph!.operators['MatMul']).toBeGreaterThan(36);
    const int8 = await inspectGraph(join(folder, 'onnx/model_int8.onnx'));
    expect(int8.operators).toHaveProperty('MatMulInteger');
    expect(int8.weights['int8']!.count).toBeGreaterThan(10.6e6);
    expect(int8.weights['float32']!.count).toBeLessThan(200_000);
  });
});
