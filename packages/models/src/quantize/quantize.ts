import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkInteger, checkOneOf, checkOptions, checkString, RankError, shown, throttleProgress, type WorkOptions } from '@rank-rank/core';
import { copyCompanions } from '../export/companions.ts';
import type { ExportOptions } from '../export/export-onnx.ts';
import { exportedGraph } from '../graph/exported-graph.ts';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { readOnnx, writeOnnx } from '../onnx-proto/onnx-file.ts';
import { dataTypeName } from '../onnx-proto/tensor.ts';
import { coarseLayers, toBlockwise } from './blockwise.ts';
import { observe, type ProductsOf, withProducts } from './calibration.ts';
import { compareModels, type OutputError } from './compare.ts';
import { toDynamicInt8 } from './dynamic-int8.ts';
import { readPaddingAsFirstToken, shrinkTables } from './embedding-tables.ts';
import { fuseGelu } from './gelu.ts';
import { GraphView } from './graph-view.ts';
import { toHalf } from './half.ts';
import { type LinearLayer, linearLayers } from './linear-layers.ts';
import { Rewrite } from './rewrite.ts';
import { type Feeds, sampleFeeds } from './sample-feeds.ts';
import { sampleTexts } from './sample-texts.ts';

/** How weights are kept, and in what arithmetic the model runs. */
export type QuantizeMethod = 'int8' | 'q8' | 'q4' | 'fp16';

const methods = ['int8', 'q8', 'q4', 'fp16'] as const;
const optionNames = ['method', 'reduceRange', 'blockSize', 'keep', 'embeddings', 'texts', 'pooling', 'answers', 'signal', 'onProgress'];

/** `pooling` and `answers`: as `exportOnnx` takes them, for a folder that has weights and no graph. */
export interface QuantizeOptions extends WorkOptions, Pick<ExportOptions, 'pooling' | 'answers'> {
  /**
   * - `int8` (default): weights and activations in eight bits, the fastest on processors; calibrated on sample texts.
   * - `q8`: weights in eight bits by blocks, activations rounded by blocks: closer to float32 and slower than `int8`.
   * - `q4`: the same with four bits in feed-forward layers, the smallest: rounding errors are made up for over sample texts, attention keeps eight.
   * - `fp16`: everything in float16, for graphics processors.
   */
  readonly method?: QuantizeMethod;
  /** int8: weights in seven bits, for processors with AVX2 or AVX-512 but without VNNI, whose sums eight bits overflow. Default false. */
  readonly reduceRange?: boolean;
  /** q8, q4: how many weights share a scale, 16 to 256. Default 32 for q8, 16 for q4. */
  readonly blockSize?: number;
  /** Layers that stay float32: those whose weight's name contains one of these. */
  readonly keep?: readonly string[];
  /** Whether embedding tables are kept in eight bits too (int8, q8, q4). Default true. */
  readonly embeddings?: boolean;
  /** Texts as the model will see them, to calibrate on and to measure the error; a mixed sample by default. */
  readonly texts?: readonly string[];
}

/** What a quantisation wrote, and what it cost. */
export interface Quantized {
  readonly files: readonly string[];
  readonly outputs: readonly string[];
  /** The largest absolute difference of the first output from the original, over the sample texts. */
  readonly maxError?: number;
  readonly errors: readonly OutputError[];
  readonly bytes: { readonly before: number; readonly after: number };
  /** How many linear layers were replaced, and the names of those that were not. */
  readonly layers: { readonly replaced: number; readonly kept: readonly string[] };
  /** Why something was left undone, in words. */
  readonly notes: readonly string[];
}

/**
 * Writes a smaller, faster form of a folder's ONNX model (or of its weights, which are exported first): `onnx/model_int8.onnx`,
 * `model_q8.onnx`, `model_q4.onnx` or `model_fp16.onnx`, and its error over sample texts.
 *
 * @example
 * const { files, errors } = await quantize('exported', 'small', { method: 'int8' });
 * console.log(errors[0].cosine); // { worst: …, mean: … } to float32
 */
export async function quantize(modelFolder: string, outFolder: string, options: QuantizeOptions = {}): Promise<Quantized> {
  checkOptions('quantize', options, optionNames);
  checkString('quantize: modelFolder', modelFolder);
  checkString('quantize: outFolder', outFolder);
  const { method = 'int8', texts = sampleTexts, pooling, answers, signal } = options;
  checkOneOf('quantize: method', method, methods);
  const blockSize = options.blockSize ?? (method === 'q4' ? 16 : 32);
  checkInteger('quantize: blockSize', blockSize, { min: 16, max: 256 });
  if (texts.length === 0) throw new RankError('EMPTY_INPUT', 'quantize: texts is empty; leave it out for the built-in sample.');
  const report = throttleProgress(options.onProgress);
  const notes: string[] = [];

  const settings = { ...(pooling && { pooling }), ...(answers && { answers }) };
  const source = graphFile(modelFolder) ?? (await exportedGraph(modelFolder, settings, { onProgress: report, ...(signal && { signal }) }));
  const files = await copyCompanions(modelFolder, outFolder);
  const opened = await readOnnx(source);
  try {
    const { model } = opened;
    refuseQuantized(model, source);
    report({ stage: 'reading samples', done: 0 });
    const samples = await readSamples(modelFolder, texts, model, notes);
    report({ stage: 'quantizing', done: 0 });
    const { result, layers } = await transform(model, samples, { ...options, method, blockSize });
    const path = join(outFolder, 'onnx', `model_${method}.onnx`);
    const written = await writeOnnx(path, result, {
      ...(signal ? { signal } : {}),
      onBytes: (done, total) => report({ stage: 'writing', done, total, unit: 'bytes' }),
    });
    report({ stage: 'measuring the error', done: 0 });
    const errors = samples.feeds.length === 0 ? [] : await compareModels(model, result, samples.feeds, signal);
    return {
      files: [...written.map((file) => file.path), ...files],
      outputs: (result.graph!.output ?? []).map(({ name }) => name!),
      ...(errors.length > 0 ? { maxError: errors[0]!.maxError } : {}),
      errors,
      bytes: { before: opened.bytes, after: written.reduce((sum, file) => sum + file.bytes, 0) },
      layers,
      notes,
    };
  } finally {
    await opened.close();
  }
}

/** The float32 graph of a folder, or the file itself where a file is named. */
function graphFile(folder: string): string | undefined {
  if (folder.endsWith('.onnx')) {
    throw new RankError('INVALID_ARGUMENT', `${folder} is a file; name the model's folder, which has the tokenizer too.`, { folder });
  }
  if (!existsSync(folder)) throw new RankError('NOT_FOUND', `The model folder ${folder} does not exist.`, { folder });
  return ['onnx/model.onnx', 'model.onnx'].map((name) => join(folder, name)).find((path) => existsSync(path));
}

interface Samples {
  readonly feeds: readonly Feeds[];
  /** Whether states of padding are never read. */
  readonly ignoresPadding: boolean;
}

/** Sample texts as inputs; none, and a note, where the folder has no tokenizer to read them with. */
async function readSamples(folder: string, texts: readonly string[], model: ModelProto, notes: string[]): Promise<Samples> {
  const inputs = (model.graph!.input ?? []).map(({ name }) => name!);
  const strange = inputs.find((name) => !['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'].includes(name));
  if (strange !== undefined) {
    notes.push(`The model wants an input ${shown(strange)}, which texts do not give: it was neither calibrated nor measured.`);
    return { feeds: [], ignoresPadding: false };
  }
  if (!existsSync(join(folder, 'tokenizer.json')) && !existsSync(join(folder, 'vocab.txt'))) {
    notes.push(`${folder} has no tokenizer: the model was neither calibrated on texts nor measured.`);
    return { feeds: [], ignoresPadding: false };
  }
  const { feeds, kind } = await sampleFeeds(folder, texts);
  // Late interaction scores the mask tokens that fill queries up, and may not attend to them.
  return { feeds, ignoresPadding: kind !== undefined && kind !== 'tokens' };
}

type Settings = QuantizeOptions & { readonly method: QuantizeMethod; readonly blockSize: number };

async function transform(
  model: ModelProto,
  { feeds, ignoresPadding }: Samples,
  options: Settings,
): Promise<{ result: ModelProto; layers: Quantized['layers'] }> {
  const { method, blockSize, keep = [], embeddings = true, reduceRange = false, signal } = options;
  if (method === 'fp16') return { result: await toHalf(model), layers: { replaced: 0, kept: [] } };
  const view = new GraphView(fuseGelu(model));
  const all = linearLayers(view).filter(({ weight }) => dataTypeName(weight.dataType) === 'float32');
  if (all.length === 0)
    throw new RankError('INVALID_ARGUMENT', 'The model has no linear layer of float32 weights: there is nothing to quantise.');
  const chosen = all.filter((layer) => !keep.some((part) => layer.name.includes(part)) && !isSmall(layer, all));
  const rewrite = new Rewrite(view);
  if (method === 'int8' && ignoresPadding) readPaddingAsFirstToken(view, rewrite);
  if (embeddings) await shrinkTables(view, rewrite);
  const layers = { replaced: chosen.length, kept: all.filter((layer) => !chosen.includes(layer)).map(({ name }) => name) };
  const watched = new Map(chosen.map(({ input, inner }) => [input, inner]));
  const seen = feeds.length === 0 ? new Map() : await observe(model, watched, feeds, signal);
  if (method === 'int8') return { result: await toDynamicInt8(view, chosen, seen, { reduceRange }, rewrite), layers };
  const toBlocks = (bits: 4 | 8, productsOf?: ProductsOf): Promise<ModelProto> =>
    toBlockwise(view, chosen, { bits, blockSize }, { observed: seen, ...(productsOf && { productsOf }) }, rewrite);
  if (method === 'q8') return { result: await toBlocks(8), layers };
  if (feeds.length === 0) return { result: await toBlocks(4), layers };
  const inputs = coarseLayers(view, chosen).map(({ input }) => input);
  return { result: await withProducts(model, inputs, feeds, (productsOf) => toBlocks(4, productsOf), signal), layers };
}

/** Heads are a small part of the work and stand where every error shows: what takes less than an eighth of the usual layer is kept. */
function isSmall(layer: LinearLayer, all: readonly LinearLayer[]): boolean {
  const sizes = all.map(({ inner, out }) => inner * out).sort((a, b) => a - b);
  return layer.inner * layer.out < sizes[sizes.length >> 1]! / 8;
}

const quantizedOperators = [
  'DynamicQuantizeMatMul',
  'DynamicQuantizeLinear',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'QLinearMatMul',
  'MatMulNBits',
  'QAttention',
  'QuantizeLinear',
];

function refuseQuantized(model: ModelProto, file: string): void {
  const found = (model.graph!.node ?? []).find(({ opType }) => quantizedOperators.includes(opType ?? ''));
  if (found === undefined) return;
  throw new RankError('INVALID_ARGUMENT', `${file} is quantised already (it has ${found.opType}); start from the float32 model.`, { file });
}
