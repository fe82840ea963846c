import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, type StoredTensor, writeSafetensors } from '@rank-rank/storage/tensors';
import { describeWithData, folderWithOwnCache } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { openCrossEncoder } from '../rerank/cross-encoder.ts';
import { openDenseEncoder } from './dense-encoder.ts';

describeWithData('A model folder that is not as it should be', 'models/tiny', (tiny) => {
  const place = folderWithOwnCache('bad-models');
  let copies = 0;
  const copyOf = (name: string): string => {
    const folder = join(place, `${name}-${copies++}`);
    cpSync(join(tiny, name), folder, { recursive: true });
    return folder;
  };
  const rewrite = async (folder: string, change: (name: string, tensor: StoredTensor) => void): Promise<void> => {
    const path = join(folder, 'model.safetensors');
    const source = await openSafetensors(path);
    const tensors: Record<string, StoredTensor> = {};
    for (const name of source.tensors.keys()) {
      const stored = await source.read(name);
      const tensor = { ...stored, bytes: Uint8Array.from(stored.bytes) };
      change(name, tensor);
      tensors[name] = tensor;
    }
    await source.close();
    await writeSafetensors(path, tensors);
  };

  it('with NaN among its weights is reported when it gives NaN, and never ranks', async () => {
    const folder = copyOf('bert-cross-encoder');
    await rewrite(folder, (name, { bytes }) => {
      if (name === 'classifier.weight') new Float32Array(bytes.buffer)[0] = Number.NaN;
    });
    const reranker = await openCrossEncoder(folder).catch((error: unknown) => error as Error);
    expect(reranker).toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/gave NaN in its output "logits".*use the float32 model/),
    });
  });

  it('with the tokenizer of another model says that they do not belong together', async () => {
    const folder = copyOf('distilbert-dense-mean');
    const other = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as { model: { vocab: Record<string, number> } };
    for (let i = 0; i < 5000; i++) other.model.vocab[`another${i}`] = 100_000 + i;
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(other));
    await expect(openDenseEncoder(folder)).rejects.toMatchObject({
      code: 'DIMENSION_MISMATCH',
      message: expect.stringMatching(/the tokenizer knows \d+ tokens, the model \d+\. They are not of the same model/),
    });
  });

  it('with half of its weights, or a pointer in their place, is named', async () => {
    const half = copyOf('distilbert-dense-mean');
    truncateSync(join(half, 'model.safetensors'), 20_000);
    await expect(openDenseEncoder(half)).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringMatching(/model\.safetensors/) });
    const pointer = copyOf('distilbert-dense-mean');
    writeFileSync(join(pointer, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 90868376\n');
    await expect(openDenseEncoder(pointer)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('without weights, without a tokenizer, or without a configuration says what is missing', async () => {
    for (const [missing, code] of [
      ['model.safetensors', 'NOT_FOUND'],
      ['tokenizer.json', 'NOT_FOUND'],
      ['config.json', 'NOT_FOUND'],
    ] as const) {
      const folder = copyOf('bert-cross-encoder');
      rmSync(join(folder, missing));
      const error = await openCrossEncoder(folder).catch((reason: unknown) => reason as Error);
      expect(error, missing).toMatchObject({ code, message: expect.stringMatching(new RegExp(missing.replace('.', '\\.'))) });
    }
  });
});
