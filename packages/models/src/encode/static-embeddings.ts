import { checkInteger, checkOptions, type DenseEncoder, type EncodeOptions, type Matrix, RankError, type TextRole } from '@rank-rank/core';
import { toFloat32 } from '@rank-rank/storage/tensors';
import { describeModel } from '../configuration/describe-model.ts';
import type { StaticDescription } from '../configuration/description.ts';
import type { HubOptions } from '../hub/hub-options.ts';
import { resolveModel } from '../hub/pull-model.ts';
import { normalizeRows } from '../run/pooling.ts';
import { openWeights } from '../safetensors/weights.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import { Tokenizer } from '../tokenize/tokenizer.ts';
import { settledId } from './settled-id.ts';
import { checkTexts } from './text-input.ts';

export interface StaticEmbeddingsOptions {
  /** The most tokens of a text that are averaged; 512 for Model2Vec, as there, else all. */
  readonly maxLength?: number;
  readonly normalize?: boolean;
  /** Where a model that is named, not a path, comes from and is kept. */
  readonly hub?: HubOptions;
}

/**
 * Opens a table of word vectors that is averaged: Model2Vec, or Sentence Transformers' StaticEmbedding. No runtime is needed, and
 * tens of thousands of texts a second are encoded.
 *
 * @example
 * const encoder = await openStaticEmbeddings('models/potion-base-8M');
 * await encoder.encode(['laminar flow'], 'query');
 */
export async function openStaticEmbeddings(model: string, options: StaticEmbeddingsOptions = {}): Promise<StaticEmbeddings> {
  checkOptions('openStaticEmbeddings', options, ['maxLength', 'normalize', 'hub']);
  const { folder, id } = await resolveModel(model, options.hub);
  const description = (await describeModel(folder, 'static')) as StaticDescription;
  const tokenizer = await Tokenizer.open(description.folder);
  const weights = await openWeights(description.folder);
  try {
    const name = ['embedding.weight', 'embeddings'].find((candidate) => weights.tensors.has(candidate));
    if (name === undefined) {
      throw new RankError(
        'UNSUPPORTED',
        `${folder} has no table of vectors: expected a tensor "embeddings" or "embedding.weight" in its weights, found ${[...weights.tensors.keys()].slice(0, 5).join(', ')}.`,
        { folder },
      );
    }
    const stored = await weights.read(name);
    const dim = stored.shape[1]!;
    const table = toFloat32(stored, name);
    // Vocabulary quantisation (Model2Vec 0.6): several tokens share a vector, each with a weight of its own.
    const rows = weights.tensors.has('mapping') ? toFloat32(await weights.read('mapping'), 'mapping') : undefined;
    const scales = weights.tensors.has('weights') ? toFloat32(await weights.read('weights'), 'weights') : undefined;
    const size = rows?.length ?? stored.shape[0]!;
    if (tokenizer.vocabularySize > size) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `${folder}: the tokenizer knows ${tokenizer.vocabularySize} tokens, the table has ${size} vectors. They are not of the same model.`,
        { folder, tokenizer: tokenizer.vocabularySize, table: size },
      );
    }
    const standard = description.modelType === 'model2vec' ? Math.min(512, description.maxLength) : description.maxLength;
    return new StaticEmbeddings(
      {
        ...description,
        maxLength: checkInteger('maxLength', options.maxLength ?? standard, { min: 1 }),
        normalize: options.normalize ?? description.normalize,
      },
      tokenizer,
      { dim, table, rows, scales },
      id,
    );
  } finally {
    await weights.close();
  }
}

interface Table {
  readonly dim: number;
  readonly table: Float32Array;
  /** Which row of the table each token has; its own where absent. */
  readonly rows: Float32Array | undefined;
  readonly scales: Float32Array | undefined;
}

/** A {@link DenseEncoder}: the mean of the vectors of a text's tokens. A text without known tokens has a vector of zeros. */
export class StaticEmbeddings implements DenseEncoder {
  readonly dim: number;
  readonly description: StaticDescription;
  readonly tokenizer: Tokenizer;
  /** Names the model and its state, for caches. */
  readonly id: string;
  readonly #table: Table;

  constructor(description: StaticDescription, tokenizer: Tokenizer, table: Table, id: string) {
    this.id = settledId(id, description);
    this.description = description;
    this.tokenizer = tokenizer;
    this.dim = table.dim;
    this.#table = table;
  }

  async encode(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Matrix> {
    checkTexts('encode', texts, as);
    checkOptions('encode', options, ['signal', 'onProgress']);
    const { dim, tokenizer } = this;
    const { normalize, skipsUnknown, maxLength } = this.description;
    const { table, rows, scales } = this.#table;
    const segments = await segmentAll(tokenizer, texts, { limit: maxLength, ...(options.signal && { signal: options.signal }) });
    const data = new Float32Array(texts.length * dim);
    const sum = new Float64Array(dim);
    segments.forEach(({ ids }, text) => {
      const counted = skipsUnknown ? ids.filter((id) => id !== tokenizer.unknownId) : ids;
      sum.fill(0);
      for (const id of counted) {
        const from = (rows === undefined ? id : rows[id]!) * dim;
        const scale = scales === undefined ? 1 : scales[id]!;
        for (let i = 0; i < dim; i++) sum[i]! += scale * table[from + i]!;
      }
      if (counted.length > 0) for (let i = 0; i < dim; i++) data[text * dim + i] = sum[i]! / counted.length;
    });
    if (normalize) normalizeRows(data, dim);
    options.onProgress?.({ stage: 'encoding', done: texts.length, total: texts.length, unit: 'texts' });
    return { data, rows: texts.length, dim };
  }
}
