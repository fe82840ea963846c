import { join } from 'node:path';
import { RankError, unknownName } from '@rank-rank/core';
import { type TensorSource, toFloat32 } from '@rank-rank/storage/tensors';
import { type Activation, type DenseLayer, torchActivations } from '../run/dense-layer.ts';
import { openWeights, openWeightsFile, weightsFile } from '../safetensors/weights.ts';
import type { LayerSource } from './description.ts';

/** Reads the weights of linear layers. */
export async function readLayers(sources: readonly LayerSource[]): Promise<DenseLayer[]> {
  const layers: DenseLayer[] = [];
  for (const source of sources) layers.push(await readLayer(source));
  for (let i = 1; i < layers.length; i++) {
    const [before, layer] = [layers[i - 1]!, layers[i]!];
    if (before.outputs !== layer.inputs) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `The projection in ${sources[i]!.folder} takes ${layer.inputs} numbers; the one before it gives ${before.outputs}. The folder mixes parts of different models.`,
      );
    }
  }
  return layers;
}

async function readLayer(source: LayerSource): Promise<DenseLayer> {
  const weights = await openWeights(source.folder);
  try {
    if ('tensor' in source) return await linear(weights, source.tensor, undefined, 'identity', undefined);
    const residual = source.residual ? (weights.tensors.has('residual.weight') ? 'residual.weight' : 'identity') : undefined;
    const bias = weights.tensors.has('linear.bias') ? 'linear.bias' : undefined;
    return await linear(weights, 'linear.weight', bias, activationOf(source.activation, source.folder), residual);
  } finally {
    await weights.close();
  }
}

/** The linear layer of a PyTorch state file of its own, such as BGE-M3's `sparse_linear.pt`. */
export async function readLinearFile(path: string): Promise<DenseLayer> {
  const weights = await openWeightsFile(path);
  try {
    return await linear(weights, 'weight', weights.tensors.has('bias') ? 'bias' : undefined, 'identity', undefined);
  } finally {
    await weights.close();
  }
}

async function linear(
  weights: TensorSource,
  weight: string,
  bias: string | undefined,
  activation: Activation,
  residual: string | undefined,
): Promise<DenseLayer> {
  const stored = await weights.read(weight);
  const [outputs, inputs] = stored.shape as [number, number];
  if (stored.shape.length !== 2) {
    throw new RankError('CORRUPT', `${weights.files[0]}: ${weight} is ${stored.shape.join(' × ')}; expected a matrix.`, {
      file: weights.files[0],
    });
  }
  return {
    inputs,
    outputs,
    weight: toFloat32(stored, weight),
    activation,
    ...(bias !== undefined && { bias: toFloat32(await weights.read(bias), bias) }),
    ...(residual !== undefined && {
      residual: residual === 'identity' ? ('identity' as const) : toFloat32(await weights.read(residual), residual),
    }),
  };
}

function activationOf(name: string, folder: string): Activation {
  const activation = torchActivations[name];
  if (activation === undefined)
    throw unknownName(`${join(folder, 'config.json')}: activation_function`, name, Object.keys(torchActivations));
  return activation;
}

/** Whether a folder has weights at all. */
export function hasWeights(folder: string): boolean {
  return weightsFile(folder) !== undefined;
}
