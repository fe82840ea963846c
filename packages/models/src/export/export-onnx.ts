import { join } from 'node:path';
import { checkOneOf, checkOptions, checkString, RankError, throttleProgress, type WorkOptions } from '@rank-rank/core';
import { openTorchCheckpoint, type TensorSource } from '@rank-rank/storage/tensors';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { writeOnnx } from '../onnx-proto/onnx-file.ts';
import { openWeights } from '../safetensors/weights.ts';
import { encoderFor } from './architectures.ts';
import { copyCompanions } from './companions.ts';
import type { Encoded } from './encoder.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';
import { answerLogits, usualAnswers } from './heads/answers.ts';
import { bgeM3 } from './heads/bge-m3.ts';
import { classify } from './heads/classifier.ts';
import { maxSimGraph } from './heads/maxsim.ts';
import { dense, normalize, sentenceLayerNorm } from './heads/modules.ts';
import { pool } from './heads/pooling.ts';
import { splade } from './heads/splade.ts';
import type { LayerStyle, Opset } from './layers.ts';
import { type Answers, type ModelKind, type ModelLayout, type PoolingMode, poolingModes, readLayout } from './layout.ts';
import { Parameters } from './parameters.ts';

export interface ExportOptions extends WorkOptions {
  /**
   * The ONNX operator set: 23 (the default) has attention as one operator and is the fastest in ONNX Runtime; 18 runs in runtimes of
   * before 2025.
   */
  readonly opset?: Opset;
  /** How a transformer without a head is pooled; a folder that has its own way refuses another. */
  readonly pooling?: PoolingMode;
  /** The tokens a generative reranker answers with, where the folder does not say. */
  readonly answers?: Answers;
  /** Whether weights are kept beside the model, in `model.onnx_data`. By default where it would come near ONNX's 2 GB. */
  readonly externalData?: 'auto' | 'always' | 'never';
}

/** What an export wrote. */
export interface Exported {
  readonly kind: ModelKind;
  readonly files: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const optionNames = ['opset', 'pooling', 'answers', 'externalData', 'signal', 'onProgress'];

/**
 * Writes the ONNX graph of a model folder's weights: `onnx/model.onnx`, and the configuration beside it, so that the new folder runs
 * as the old one does. Reads safetensors (sharded too) or a PyTorch checkpoint, and needs no Python. Weights pass through one at a time.
 *
 * | kind | outputs |
 * | --- | --- |
 * | dense | `sentence_embedding` `[batch, dim]`: pooled, projected, normalised as the model is; `token_embeddings` `[batch, tokens, hidden]`: the last layer |
 * | tokens (ColBERT) | `token_embeddings` `[batch, tokens, dim]`: projected and normalised. `onnx/maxsim.onnx` scores them |
 * | sparse (SPLADE) | `sparse_embedding` `[batch, vocabulary]` |
 * | bge-m3 | `sentence_embedding`, `token_weights` `[batch, tokens]`, `token_embeddings` `[batch, tokens − 1, dim]` |
 * | cross-encoder | `logits` `[batch, labels]` |
 * | generative-reranker | `logits` `[batch, answers]`: yes, no |
 *
 * @example
 * const { files, outputs } = await exportOnnx('all-MiniLM-L6-v2', 'exported');
 */
export async function exportOnnx(modelFolder: string, outFolder: string, options: ExportOptions = {}): Promise<Exported> {
  checkString('exportOnnx: outFolder', outFolder);
  const built = await buildOnnx(modelFolder, options);
  try {
    const report = throttleProgress(options.onProgress);
    const path = join(outFolder, 'onnx', 'model.onnx');
    const written = await writeOnnx(path, built.model, {
      externalData: options.externalData ?? 'auto',
      ...(options.signal ? { signal: options.signal } : {}),
      onBytes: (done, total) => report({ stage: 'writing', done, total, unit: 'bytes' }),
    });
    const files = written.map((file) => file.path);
    if (built.maxSim !== undefined) {
      const [scoring] = await writeOnnx(join(outFolder, 'onnx', 'maxsim.onnx'), built.maxSim);
      files.push(scoring!.path);
    }
    files.push(...(await copyCompanions(modelFolder, outFolder)));
    return { kind: built.layout.kind, files, inputs: namesOf(built.model, 'input'), outputs: namesOf(built.model, 'output') };
  } finally {
    await built.close();
  }
}

/** A model's graph before it is written, its weights still in their files. */
export interface BuiltModel {
  readonly layout: ModelLayout;
  readonly model: ModelProto;
  /** The graph that scores a late-interaction model's tokens. */
  readonly maxSim?: ModelProto;
  close(): Promise<void>;
}

/** Builds the graph of a model folder without writing it: `encodeModelBytes` gives the bytes a session takes. */
export async function buildOnnx(modelFolder: string, options: ExportOptions = {}): Promise<BuiltModel> {
  checkOptions('exportOnnx', options, optionNames);
  checkString('exportOnnx: modelFolder', modelFolder);
  const { opset = 23, pooling } = options;
  if (opset !== 18 && opset !== 23)
    throw new RankError('OUT_OF_RANGE', `exportOnnx: opset is ${String(opset)}; expected 18 or 23.`, { opset });
  if (pooling !== undefined) checkOneOf('exportOnnx: pooling', pooling, poolingModes);
  const layout = await readLayout(modelFolder, pooling);
  const sources: TensorSource[] = [];
  const opened = async (open: Promise<TensorSource>): Promise<Parameters> => {
    const source = await open;
    sources.push(source);
    return new Parameters(source);
  };
  const close = async (): Promise<void> => {
    for (const source of sources) await source.close();
  };
  try {
    const all = await opened(openWeights(layout.encoderFolder));
    const graph = new GraphBuilder();
    const style: LayerStyle = { opset };
    const encoded = encoderFor(layout.config)(graph, style, layout.config, all);
    const tokenDim = await addHead(graph, style, layout, all, encoded, opened, options);
    const model = graph.build({ name: layout.config.text('model_type'), opset, metadata: { 'rank-rank.kind': layout.kind } });
    return { layout, model, close, ...(tokenDim === undefined ? {} : { maxSim: maxSimGraph(tokenDim, opset) }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Adds what follows the transformer, and the outputs; gives the size of token embeddings where there are any to score. */
async function addHead(
  graph: GraphBuilder,
  style: LayerStyle,
  layout: ModelLayout,
  all: Parameters,
  encoded: Encoded,
  opened: (open: Promise<TensorSource>) => Promise<Parameters>,
  options: ExportOptions,
): Promise<number | undefined> {
  const { config, modules } = layout;
  const tokens = ['batch', 'tokens'];
  switch (layout.kind) {
    case 'cross-encoder': {
      const { logits, labels } = classify(graph, style, config, all, encoded);
      graph.output('logits', logits, 'float32', ['batch', labels]);
      return undefined;
    }
    case 'generative-reranker': {
      const answers = options.answers ?? layout.answers ?? (await usualAnswers(layout.encoderFolder, config));
      graph.output('logits', answerLogits(graph, encoded, all, config, answers), 'float32', ['batch', answers.no === undefined ? 1 : 2]);
      return undefined;
    }
    case 'sparse': {
      const step = modules.find(({ type }) => type === 'splade') as Extract<ModelLayout['modules'][number], { type: 'splade' }>;
      graph.output('sparse_embedding', splade(graph, style, config, all, encoded, step), 'float32', ['batch', encoded.vocabulary]);
      return undefined;
    }
    case 'bge-m3': {
      const sparse = await opened(openTorchCheckpoint(join(layout.encoderFolder, 'sparse_linear.pt')));
      const colbert = await opened(openTorchCheckpoint(join(layout.encoderFolder, 'colbert_linear.pt')));
      const heads = bgeM3(graph, encoded, sparse, colbert);
      graph.output('sentence_embedding', heads.sentence, 'float32', ['batch', encoded.hidden]);
      graph.output('token_weights', heads.weights, 'float32', tokens);
      graph.output('token_embeddings', heads.tokens, 'float32', ['batch', 'tokens_after_first', heads.dim]);
      return heads.dim;
    }
    case 'dense':
    case 'tokens': {
      const { value, size } = await applyModules(graph, style, layout, all, encoded, opened);
      if (layout.kind === 'tokens') {
        graph.output('token_embeddings', value, 'float32', [...tokens, size]);
        return size;
      }
      graph.output('sentence_embedding', value, 'float32', ['batch', size]);
      graph.output('token_embeddings', encoded.states, 'float32', [...tokens, encoded.hidden]);
      return undefined;
    }
  }
}

/** Runs the steps after the transformer in their order: on the tokens' states until they are pooled, on the vector from there. */
async function applyModules(
  graph: GraphBuilder,
  style: LayerStyle,
  { modules, folder }: ModelLayout,
  all: Parameters,
  encoded: Encoded,
  opened: (open: Promise<TensorSource>) => Promise<Parameters>,
): Promise<{ value: Value; size: number }> {
  let value = encoded.states;
  let size = encoded.hidden;
  for (const step of modules) {
    switch (step.type) {
      case 'pooling':
        value = pool(graph, { ...encoded, states: value }, step.modes);
        size *= step.modes.length;
        break;
      case 'dense': {
        const parameters = step.folder === undefined ? all : await opened(openWeights(step.folder));
        if (step.folder === undefined && !all.has('linear.weight')) {
          throw new RankError(
            'MODEL',
            `${folder} says it is a ColBERT model, and its weights have no projection (linear.weight): the backbone's states are no token embeddings. Fetch the trained model, not its base.`,
            { folder },
          );
        }
        ({ value, size } = dense(graph, style, parameters, value, step));
        break;
      }
      case 'layer-norm':
        value = sentenceLayerNorm(graph, await opened(openWeights(step.folder)), value);
        break;
      case 'normalize':
        value = normalize(graph, value);
        break;
    }
  }
  return { value, size };
}

function namesOf(model: ModelProto, side: 'input' | 'output'): string[] {
  return (model.graph![side] ?? []).map(({ name }) => name!);
}
