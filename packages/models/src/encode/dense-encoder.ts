import { checkInteger, checkOneOf, type DenseEncoder, type EncodeOptions, type Matrix, RankError, type TextRole } from '@rank-rank/core';
import type { DenseDescription, Prompts } from '../configuration/description.ts';
import { readLayers } from '../configuration/layers.ts';
import type { RunnerStatistics } from '../run/model-runner.ts';
import { type PoolingMode, poolingModes } from '../run/pooling.ts';
import type { Reduction } from '../run/reduction.ts';
import { lowercase } from '../tokenize/bert-normalization.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import type { Tokenizer } from '../tokenize/tokenizer.ts';
import { denseHead } from './heads.ts';
import { settledId } from './settled-id.ts';
import { checkTexts, runTexts } from './text-input.ts';
import { type ModelOptions, modelOptions, type OpenModel, openPrepared, type TextModel } from './text-model.ts';

export interface DenseEncoderOptions extends ModelOptions {
  /** Put before queries and documents; what the model was trained with by default. */
  readonly prompts?: Partial<Prompts>;
  /** How tokens are pooled, where the folder does not say or is wrong. */
  readonly pooling?: PoolingMode;
  /** Whether vectors are scaled to length 1, where the folder does not say or is wrong. */
  readonly normalize?: boolean;
  /** Keeps only the first dimensions, for models trained to allow it (Kusupati et al., "Matryoshka Representation Learning", 2022). */
  readonly dim?: number;
}

const known = [...modelOptions, 'prompts', 'pooling', 'normalize', 'dim'];

/**
 * Opens a dense encoder: a Sentence Transformers folder, or a bare model read as one.
 *
 * @example
 * const encoder = await openDenseEncoder('models/all-MiniLM-L6-v2', { precision: 'int8' });
 * const { data, rows, dim } = await encoder.encode(['laminar flow', 'wing sweep'], 'query');
 */
export async function openDenseEncoder(model: string, options: DenseEncoderOptions = {}): Promise<ModelDenseEncoder> {
  return openPrepared(
    'openDenseEncoder',
    model,
    'dense',
    options,
    known,
    (opened) => ModelDenseEncoder.prepare(withChoices(opened, options), options),
    ({ pooling, poolingDeclared }) => (poolingDeclared ? {} : { pooling: options.pooling ?? pooling[0]! }),
  );
}

function withChoices(model: TextModel<DenseDescription>, options: DenseEncoderOptions): TextModel<DenseDescription> {
  const { description } = model;
  return {
    ...model,
    description: {
      ...description,
      ...(options.pooling && { pooling: [checkOneOf('pooling', options.pooling, poolingModes)] }),
      ...(options.normalize !== undefined && { normalize: options.normalize }),
      prompts: { ...description.prompts, ...options.prompts },
      maxLength: checkInteger('maxLength', options.maxLength ?? description.maxLength, { min: model.tokenizer.specialCount(1) + 1 }),
    },
  };
}

/** A {@link DenseEncoder} that runs a model of a folder. */
export class ModelDenseEncoder implements DenseEncoder, OpenModel {
  readonly dim: number;
  readonly description: DenseDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly id: string;
  readonly #model: TextModel<DenseDescription>;

  private constructor(model: TextModel<DenseDescription>, dim: number) {
    this.#model = model;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = settledId(model.id, [model.description, dim]);
    this.dim = dim;
  }

  static async prepare(model: TextModel<DenseDescription>, options: DenseEncoderOptions): Promise<ModelDenseEncoder> {
    const { description, runner, tokenizer, graph } = model;
    const layers = await readLayers(description.layers);
    const truncate = options.dim === undefined ? undefined : checkInteger('dim', options.dim, { min: 1 });
    const reductions = (['query', 'document'] as const).map((role): Reduction => {
      const skip = description.poolsPrompt ? 0 : promptTokens(tokenizer, description.prompts[role]);
      return denseHead(graph, runner.outputs, description, layers, {
        ...(truncate && { truncate }),
        ...(skip > 0 && { skip }),
        ...(options.pooling && { repool: true }),
      });
    });
    await runner.prepare(reductions);
    // One run says how long the vectors are, and that the graph runs at all, before anybody relies on it.
    let dim = 0;
    await runner.run([{ ids: tokenizer.encode('a').ids }], [0], (_, [vector]) => {
      dim = vector!.size;
    });
    if (truncate !== undefined && dim !== truncate) {
      throw new RankError('OUT_OF_RANGE', `dim is ${truncate}, more than the ${dim} dimensions that ${graph} gives.`, {
        dim: truncate,
        size: dim,
      });
    }
    return new ModelDenseEncoder(model, dim);
  }

  async encode(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Matrix> {
    checkTexts('encode', texts, as);
    const { runner } = this.#model;
    const { dim } = this;
    const data = new Float32Array(texts.length * dim);
    await runTexts(
      'encode',
      runner,
      texts.length,
      [as === 'query' ? 0 : 1],
      (from, to, signal) => this.#rows(texts.slice(from, to), as, signal),
      (text, [vector]) => data.set(vector!.data, text * dim),
      options,
    );
    return { data, rows: texts.length, dim };
  }

  /** The token ids that a text is read as, its prompt included. */
  async #rows(texts: readonly string[], as: TextRole, signal: AbortSignal | undefined) {
    const { description, tokenizer } = this;
    const prompt = description.prompts[as];
    const written = texts.map((text) => prompt + (description.lowercase ? lowercase(text) : text));
    const limit = description.maxLength - tokenizer.specialCount(1);
    const segments = await segmentAll(tokenizer, written, { limit, ...(signal && { signal }) });
    return segments.map((segment) => tokenizer.join([segment], { maxLength: description.maxLength }));
  }

  get statistics(): RunnerStatistics {
    return this.#model.runner.statistics;
  }

  close(): Promise<void> {
    return this.#model.runner.close();
  }
}

/** How many tokens a prompt takes at the beginning of an input, the first special token included. */
function promptTokens(tokenizer: Tokenizer, prompt: string): number {
  if (prompt === '') return 0;
  const { ids } = tokenizer.encode(prompt);
  return tokenizer.specialIds.has(ids.at(-1)!) ? ids.length - 1 : ids.length;
}
