import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithData, runScript, type ScriptOutcome } from '@rank-rank/testing';
import { afterAll, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/rank.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rank-rank-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rank = (...args: string[]): Promise<ScriptOutcome> => runScript(bin, args, { env: { RANK_CACHE: join(folder, 'cache') } });

describeWithData('rank export onnx and rank quantize', 'models/tiny', (tiny) => {
  it('make a folder that runs, and a smaller one of it', async () => {
    const exported = join(folder, 'exported');
    const { out } = await rank('export', 'onnx', join(tiny, 'colbert-pylate'), '-o', exported, '--json');
    const result = JSON.parse(out);
    expect(result).toMatchObject({ kind: 'tokens', inputs: expect.any(Array), outputs: ['token_embeddings'] });
    expect(result.files.slice(0, 2)).toEqual(['model', 'maxsim'].map((name) => join(exported, 'onnx', `${name}.onnx`)));
    expect(result.files.every((file: string) => existsSync(file))).toBe(true);

    const texts = join(folder, 'texts.jsonl');
    writeFileSync(texts, '{"id":"1","text":"wing sweep"}\n{"id":"2","text":"heat flows through the plate"}\n');
    const quantized = JSON.parse((await rank('quantize', exported, '-o', exported, '--texts', texts, '--reduce-range', '--json')).out);
    expect(quantized).toMatchObject({
      files: [join(exported, 'onnx', 'model_int8.onnx')],
      outputs: ['token_embeddings'],
      maxError: expect.any(Number),
    });
    expect(quantized.bytes.after).toBe(statSync(quantized.files[0]).size);

    const encoded = join(folder, 'encoded');
    for (const method of ['q8', 'q4', 'fp16']) {
      const { out: said, code } = await rank('quantize', exported, '-o', encoded, '-m', method, '--no-embeddings');
      expect(code).toBe(0);
      expect(said).toMatch(new RegExp(`model_${method}.onnx: [\\d.]+ MB, of`));
      expect(said).toMatch(/token_embeddings +[\d.]+/);
    }
    expect(existsSync(join(encoded, 'tokenizer.json'))).toBe(true);
  });

  it('export a generative reranker’s answers, and weights beside the graph', async () => {
    const output = join(folder, 'generative');
    const model = join(tiny, 'qwen3-reranker');
    const { json } = await rank('export', 'onnx', model, '-o', output, '--answers', '9,10', '--external-data', 'always', '--json').then(
      ({ out }) => ({ json: JSON.parse(out) }),
    );
    expect(json.kind).toBe('generative-reranker');
    expect(statSync(join(output, 'onnx', 'model.onnx_data')).size).toBeGreaterThan(readFileSync(join(output, 'onnx', 'model.onnx')).length);
  });

  it('say what is wrong, with an exit code', async () => {
    for (const [args, code, message] of [
      [['export', 'onnx', join(folder, 'absent'), '-o', folder], 3, /absent/],
      [['export', 'onnx', join(tiny, 'qwen3-reranker'), '-o', folder, '--answers', 'yes'], 2, /ids of one or two tokens/],
      [['export', 'onnx', join(tiny, 'bert-splade')], 2, /--output/],
      [['export', 'tensorflow'], 2, /tensorflow/],
      [['quantize', join(tiny, 'bert-splade'), '-o', folder, '-m', 'int3'], 2, /int8/],
      [['quantize', join(tiny, 'bert-splade'), '-o', folder, '-m', 'q4', '--block-size', '48'], 2, /blockSize/],
      [['quantize', join(tiny, 'bert-splade'), '-o', folder, '--texts', join(folder, 'absent.jsonl')], 3, /absent.jsonl/],
    ] as const) {
      const { code: found, err } = await rank(...args);
      expect(err).toMatch(message);
      expect([args, found]).toEqual([args, code]);
    }
  });
});
