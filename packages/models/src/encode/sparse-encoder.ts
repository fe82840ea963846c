import { checkOptions, type EncodeOptions, RankError, type SparseEncoder, type SparseVector, shown, type TextRole } from '@rank-rank/core';
import { openSafetensors, toFloat32 } from '@rank-rank/storage/tensors';
import { describeModel } from '../configuration/describe-model.ts';
import type { SparseDescription } from '../configuration/description.ts';
import { readJson } from '../configuration/read-json.ts';
import type { RunnerStatistics } from '../run/model-runner.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import { Tokenizer } from '../tokenize/tokenizer.ts';
import { sparseHead } from './heads.ts';
import { settledId } from './settled-id.ts';
import { checkTexts, runTexts } from './text-input.ts';
import { type ModelOptions, modelOptions, openPrepared, resolveFolder, type TextModel } from './text-model.ts';

export interface SparseEncoderOptions extends ModelOptions {
  /** Opens no more than queries need: of a model whose queries are looked up, a tokenizer and a table, and no session. false */
  readonly queriesOnly?: boolean;
}

const optionNames = [...modelOptions, 'queriesOnly'];

/**
 * Opens a sparse encoder: SPLADE (Formal et al., 2021), or one of its asymmetric kin whose queries are a look-up of learned word
 * weights (Geng et al., "Towards Competitive Search Relevance For Inference-Free Learned Sparse Retrievers", 2024).
 * A folder with a tokenizer and `idf.json` alone encodes queries and nothing else.
 *
 * @example
 * const encoder = await openSparseEncoder('models/splade-v3');
 * const [{ indices, values }] = await encoder.encode(['laminar flow'], 'query');
 */
export async function openSparseEncoder(model: string, options: SparseEncoderOptions = {}): Promise<ModelSparseEncoder> {
  checkOptions('openSparseEncoder', options, optionNames);
  const { queriesOnly = false, ...rest } = options;
  if (typeof queriesOnly !== 'boolean')
    throw new RankError('INVALID_ARGUMENT', `openSparseEncoder: queriesOnly is ${shown(queriesOnly)}; expected true or false.`);
  const { folder, id } = await resolveFolder(model, rest);
  const description = (await describeModel(folder, 'sparse')) as SparseDescription;
  if (!description.documents || (queriesOnly && description.queryWeights !== undefined)) {
    const tokenizer = await Tokenizer.open(description.documents ? description.folder : folder);
    const weights = await readQueryWeights(description.queryWeights, tokenizer);
    const { maxLength = description.maxLength } = rest;
    const size = description.vocabularySize ?? tokenizer.vocabularySize;
    return new ModelSparseEncoder({ description: { ...description, maxLength }, tokenizer, id }, weights, size);
  }
  return openPrepared('openSparseEncoder', folder, 'sparse', rest, modelOptions, async (opened) => {
    const { queryWeights: source, vocabularySize, maxLength } = opened.description;
    await opened.runner.prepare([sparseHead(opened.graph, opened.runner.outputs, opened.description)]);
    const parts = {
      ...opened,
      id: `${id}#${opened.id}`,
      description: { ...opened.description, maxLength: rest.maxLength ?? maxLength },
    };
    const weights = source === undefined ? undefined : await readQueryWeights(source, opened.tokenizer);
    return new ModelSparseEncoder(parts, weights, vocabularySize ?? opened.tokenizer.vocabularySize);
  });
}

type Parts = Pick<TextModel<SparseDescription>, 'description' | 'tokenizer' | 'id'> & Partial<TextModel<SparseDescription>>;

/** A {@link SparseEncoder} that runs a model of a folder, or looks queries up. */
export class ModelSparseEncoder implements SparseEncoder {
  readonly size: number;
  readonly description: SparseDescription;
  readonly tokenizer: Tokenizer;
  /** The ONNX file that runs; none where queries are all there is. */
  readonly graph: string | undefined;
  /** Names the model and its state, for caches. */
  readonly id: string;
  readonly #model: Parts;
  readonly #queryWeights: Float32Array | undefined;

  constructor(model: Parts, queryWeights: Float32Array | undefined, size: number) {
    this.#model = model;
    this.#queryWeights = queryWeights;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = settledId(model.id, model.description);
    this.size = size;
  }

  async encode(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<SparseVector[]> {
    checkTexts('encode', texts, as);
    if (as === 'query' && this.#queryWeights !== undefined) return this.#lookUp(texts, this.#queryWeights, options.signal);
    const { runner } = this.#model;
    if (runner === undefined) {
      throw new RankError(
        'UNSUPPORTED',
        `${this.description.folder} is open for its query words alone: there is no model for documents, or it was opened with queriesOnly. Encode documents with the model they belong to.`,
      );
    }
    const results = new Array<SparseVector>(texts.length);
    const { maxLength } = this.description;
    const limit = maxLength - this.tokenizer.specialCount(1);
    await runTexts(
      'encode',
      runner,
      texts.length,
      [0],
      async (from, to, signal) => {
        const segments = await segmentAll(this.tokenizer, texts.slice(from, to), { limit, ...(signal && { signal }) });
        return segments.map((segment) => this.tokenizer.join([segment], { maxLength }));
      },
      (text, [vector]) => {
        results[text] = { indices: vector!.indices!, values: vector!.data };
      },
      options,
    );
    return results;
  }

  /** Each word of a query once, with the weight learned for it. */
  async #lookUp(texts: readonly string[], weights: Float32Array, signal: AbortSignal | undefined): Promise<SparseVector[]> {
    const segments = await segmentAll(this.tokenizer, texts, { limit: this.description.maxLength, ...(signal && { signal }) });
    return segments.map(({ ids }) => {
      const indices = Uint32Array.from(new Set(ids.filter((id) => weights[id]! > 0))).sort();
      return { indices, values: Float32Array.from(indices, (id) => weights[id]!) };
    });
  }

  termOf(index: number): string | undefined {
    return this.tokenizer.tokenOf(index);
  }

  get statistics(): RunnerStatistics | undefined {
    return this.#model.runner?.statistics;
  }

  async close(): Promise<void> {
    await this.#model.runner?.close();
  }
}

async function readQueryWeights(source: SparseDescription['queryWeights'], tokenizer: Tokenizer): Promise<Float32Array> {
  const { file, format } = source!;
  if (format === 'safetensors') {
    const tensors = await openSafetensors(file);
    try {
      return toFloat32(await tensors.read('weight'), 'weight');
    } finally {
      await tensors.close();
    }
  }
  const table = (await readJson<Record<string, number>>(file.slice(0, file.lastIndexOf('/')), 'idf.json'))!;
  const weights = new Float32Array(tokenizer.vocabularySize);
  for (const [token, weight] of Object.entries(table)) {
    const id = tokenizer.idOf(token);
    if (id !== undefined) weights[id] = weight;
  }
  return weights;
}
