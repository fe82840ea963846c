import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';

/** How exactly a graph's weights are kept. `auto` takes the most exact there is. */
export type Precision = 'auto' | 'fp32' | 'fp16' | 'q8' | 'int8' | 'q4';

export const precisions: readonly Precision[] = ['auto', 'fp32', 'fp16', 'q8', 'int8', 'q4'];

/** The names that optimum, transformers.js, Sentence Transformers, next-plaid and our own export give, the preferred first. */
const names: Readonly<Record<Exclude<Precision, 'auto'>, readonly string[]>> = {
  fp32: ['model.onnx', 'vespa_colbert.onnx', 'model_O3.onnx', 'model_O2.onnx', 'model_O1.onnx'],
  fp16: ['model_fp16.onnx', 'model_O4.onnx'],
  q8: ['model_q8.onnx'],
  int8: [
    'model_int8.onnx',
    'model_quantized.onnx',
    process.arch === 'arm64' ? 'model_qint8_arm64.onnx' : 'model_qint8_avx512_vnni.onnx',
    'model_qint8_avx512.onnx',
    'model_qint8_arm64.onnx',
    'model_quint8_avx2.onnx',
    'model_uint8.onnx',
  ],
  q4: ['model_q4.onnx', 'model_q4f16.onnx', 'model_bnb4.onnx'],
};

export interface Graph {
  readonly file: string;
  readonly precision: Exclude<Precision, 'auto'>;
}

/** The graph of a folder with the wanted precision, in the folder itself or in `onnx/`. */
export function findGraph(folder: string, precision: Precision = 'auto'): Graph | undefined {
  const wanted = precision === 'auto' ? (['fp32', 'fp16', 'q8', 'int8', 'q4'] as const) : [precision];
  for (const kind of wanted) {
    for (const name of names[kind]) {
      for (const file of [join(folder, 'onnx', name), join(folder, name)]) {
        if (existsSync(file)) return { file: checkedSize(file), precision: kind };
      }
    }
  }
  return undefined;
}

/** Every ONNX file of a folder, for errors and for `model inspect`. */
export function graphsOf(folder: string): string[] {
  return ['', 'onnx'].flatMap((part) => {
    const place = join(folder, part);
    if (!existsSync(place)) return [];
    return readdirSync(place)
      .filter((name) => name.endsWith('.onnx'))
      .sort()
      .map((name) => join(part, name));
  });
}

/** Git leaves a pointer of some 130 bytes where large files were not fetched. */
function checkedSize(file: string): string {
  const { size } = statSync(file);
  if (size >= 200) return file;
  throw new RankError(
    'CORRUPT',
    `${file} has ${size} bytes: it is no model but what stands for one (a Git LFS pointer, or a download that failed). Get the real file.`,
    { file, size },
  );
}
