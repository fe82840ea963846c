import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportOnnx, quantize } from '@rank-rank/models';
import { openSafetensors, type StoredTensor, writeSafetensors } from '@rank-rank/storage/tensors';
import { peersFolder } from '../peers.ts';
import type { Context } from '../question.ts';

/** The models that are measured. */
export interface Artefacts {
  /** The real MiniLM, with the reference export and ONNX Runtime's own quantisation of it. */
  readonly miniLm: string;
  /** The same, exported and quantised here. */
  readonly own: string;
  /** A cross-encoder of the same size, its head made up, exported and quantised here. */
  readonly cross: string;
}

/** Lays out what is measured; undefined, with the reason, where the real model is not here. */
export async function artefacts(context: Context): Promise<Artefacts | undefined> {
  const miniLm = join(peersFolder, 'models/all-MiniLM-L6-v2');
  if (!existsSync(join(miniLm, 'onnx/model_int8.onnx'))) {
    context.note(`nothing was measured: ${miniLm}/onnx is not here: run setup.sh and encode.py of ../shared/bench/models first`);
    return undefined;
  }
  const place = join(context.workloads, 'models');
  const own = join(place, 'minilm');
  const cross = join(place, 'cross');
  // Made once, outside of what is measured: whoever changes the export or the quantisation removes the folder.
  if (existsSync(join(cross, 'onnx/model_int8.onnx'))) return { miniLm, own, cross };
  context.note(`making ${place} …`);
  await exportOnnx(miniLm, own);
  await quantize(own, own);
  const weights = join(place, 'cross-weights');
  await crossEncoderFolder(miniLm, weights);
  await exportOnnx(weights, cross);
  await quantize(cross, cross);
  await rm(weights, { recursive: true });
  return { miniLm, own, cross };
}

/** MiniLM's body under the names that a sequence classifier gives it, with a classifier of one label. */
async function crossEncoderFolder(miniLm: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) await copyFile(join(miniLm, name), join(folder, name));
  const config = JSON.parse(await readFile(join(miniLm, 'config.json'), 'utf8')) as Record<string, unknown>;
  const id2label = { 0: 'LABEL_0' };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, architectures: ['BertForSequenceClassification'], id2label }));
  const source = await openSafetensors(join(miniLm, 'model.safetensors'));
  const head = Float32Array.from({ length: 384 }, (_, i) => Math.sin(i) / 20);
  const tensors: Record<string, StoredTensor> = {
    'classifier.weight': { dtype: 'F32', shape: [1, 384], bytes: new Uint8Array(head.buffer) },
    'classifier.bias': { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) },
  };
  for (const name of source.tensors.keys()) tensors[`bert.${name}`] = await source.read(name);
  await source.close();
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}
