import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RankError, throwIfCancelled } from '@rank-rank/core';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { writeOnnx } from '../onnx-proto/onnx-file.ts';
import { loadRuntime } from '../run/load-runtime.ts';
import type { Feeds } from './sample-feeds.ts';

export interface FloatOutput {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

type Run = (feeds: Feeds, outputs: readonly string[], signal?: AbortSignal) => Promise<Record<string, FloatOutput>>;

/**
 * Runs a model that is in memory, in this thread. It passes through a temporary file: a model of gigabytes cannot be handed over in
 * one piece.
 */
export async function withSession<T>(model: ModelProto, work: (run: Run) => Promise<T>): Promise<T> {
  const { runtime } = await loadRuntime('onnxruntime-node');
  const folder = await mkdtemp(join(tmpdir(), 'rank-rank-model-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeOnnx(path, model);
    const session = await runtime.InferenceSession.create(path, { logSeverityLevel: 4 }).catch((cause: unknown) => {
      throw new RankError('MODEL', `ONNX Runtime does not take the model: ${(cause as Error).message}`, {}, { cause });
    });
    try {
      return await work(async (feeds, outputs, signal) => {
        throwIfCancelled(signal, 'Running sample texts');
        const tensors = Object.fromEntries(
          session.inputNames.map((name) => {
            const data = feeds[name];
            if (data === undefined)
              throw new RankError('UNSUPPORTED', `The model wants an input ${JSON.stringify(name)}, which sample texts have none of.`, {
                input: name,
              });
            return [name, new runtime.Tensor('int64', data, [1, data.length])];
          }),
        );
        const found = await session.run(tensors, outputs);
        return Object.fromEntries(outputs.map((name) => [name, { data: floats(found[name]!.data), dims: found[name]!.dims }]));
      });
    } finally {
      await session.release();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Outputs of half precision are compared as they are too. */
function floats(data: unknown): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>);
}
