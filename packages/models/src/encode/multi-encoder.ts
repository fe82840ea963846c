import { join } from 'node:path';
import {
  checkOneOf,
  checkOptions,
  type DenseEncoder,
  type EncodeOptions,
  type Matrix,
  type SparseEncoder,
  type SparseVector,
  type TextRole,
  type TokenEncoder,
  type Tokens,
} from '@rank-rank/core';
import type { MultiDescription } from '../configuration/description.ts';
import { readLinearFile } from '../configuration/layers.ts';
import type { RunnerStatistics } from '../run/model-runner.ts';
import type { Reduction } from '../run/reduction.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import type { Encoding, Tokenizer } from '../tokenize/tokenizer.ts';
import { findOutput, missingOutput } from './heads.ts';
import { settledId } from './settled-id.ts';
import { checkTexts, runTexts } from './text-input.ts';
import { type ModelOptions, modelOptions, type OpenModel, openPrepared, type TextModel } from './text-model.ts';

/** The representations that one pass of BGE-M3 can give. */
export type MultiOutput = 'dense' | 'sparse' | 'tokens';

const outputs: readonly MultiOutput[] = ['dense', 'sparse', 'tokens'];

/** What was asked for, each in the order of the texts. */
export interface MultiResult {
  readonly dense?: Matrix;
  readonly sparse?: SparseVector[];
  readonly tokens?: Tokens[];
}

/**
 * Opens a model with several heads: BGE-M3 (Chen et al., "M3-Embedding", 2024) gives a vector, a weight a word and a vector a token
 * from one pass.
 *
 * @example
 * const model = await openMultiEncoder('models/bge-m3');
 * const { dense, sparse } = await model.encode(['laminar flow'], ['dense', 'sparse']);
 * model.tokens.encode(['laminar flow'], 'query'); // each head is an encoder of its own too
 */
export async function openMultiEncoder(model: string, options: ModelOptions = {}): Promise<ModelMultiEncoder> {
  return openPrepared('openMultiEncoder', model, 'multi', options, modelOptions, (opened) => ModelMultiEncoder.prepare(opened, options));
}

export class ModelMultiEncoder implements OpenModel {
  readonly description: MultiDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly id: string;
  readonly dense: DenseEncoder;
  readonly sparse: SparseEncoder;
  readonly tokens: TokenEncoder;
  readonly #model: TextModel<MultiDescription>;
  readonly #tokenDim: number;

  private constructor(model: TextModel<MultiDescription>, dim: number, tokenDim: number) {
    this.#model = model;
    this.#tokenDim = tokenDim;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = settledId(model.id, model.description);
    this.dense = { dim, encode: async (texts, _as, how) => (await this.encode(checkTexts('encode', texts, _as), ['dense'], how)).dense! };
    this.sparse = {
      size: model.description.vocabularySize ?? model.tokenizer.vocabularySize,
      encode: async (texts, _as, how) => (await this.encode(checkTexts('encode', texts, _as), ['sparse'], how)).sparse!,
      termOf: (index) => model.tokenizer.tokenOf(index),
    };
    this.tokens = {
      dim: tokenDim,
      encode: async (texts: readonly string[], _as: TextRole, how?: EncodeOptions) =>
        (await this.encode(checkTexts('encode', texts, _as), ['tokens'], how)).tokens!,
    };
  }

  static async prepare(opened: TextModel<MultiDescription>, options: ModelOptions): Promise<ModelMultiEncoder> {
    const model = { ...opened, description: { ...opened.description, maxLength: options.maxLength ?? opened.description.maxLength } };
    const { runner, tokenizer } = model;
    await runner.prepare(await heads(model));
    const sizes = [0, 0];
    await runner.run([{ ids: tokenizer.encode('a').ids }], [0, 2], (_, results) => {
      results.forEach((result, i) => {
        sizes[i] = result.size;
      });
    });
    return new ModelMultiEncoder(model, sizes[0]!, sizes[1]!);
  }

  /** All representations asked for, from one pass. BGE-M3 reads queries and documents alike. */
  async encode(texts: readonly string[], wanted: readonly MultiOutput[] = outputs, options: EncodeOptions = {}): Promise<MultiResult> {
    checkTexts('encode', texts);
    checkOptions('encode', options, ['signal', 'onProgress']);
    const asked = outputs.filter((output) => wanted.map((name) => checkOneOf('outputs', name, outputs)).includes(output));
    const dense = {
      data: new Float32Array(asked.includes('dense') ? texts.length * this.dense.dim : 0),
      rows: texts.length,
      dim: this.dense.dim,
    };
    const sparse = new Array<SparseVector>(texts.length);
    const tokens = new Array<Tokens>(texts.length);
    const inputs = new Map<number, Encoding>();
    const { maxLength } = this.description;
    const limit = maxLength - this.tokenizer.specialCount(1);
    await runTexts(
      'encode',
      this.#model.runner,
      texts.length,
      asked.map((output) => outputs.indexOf(output)),
      async (from, to, signal) => {
        const spans = asked.includes('tokens');
        const segments = await segmentAll(this.tokenizer, texts.slice(from, to), { limit, spans, ...(signal && { signal }) });
        const rows = segments.map((segment) => this.tokenizer.join([segment], { maxLength }));
        if (spans) for (let i = 0; i < rows.length; i++) inputs.set(from + i, rows[i]!);
        return rows;
      },
      (text, results) => {
        asked.forEach((output, i) => {
          const { data, indices } = results[i]!;
          if (output === 'dense') dense.data.set(data, text * dense.dim);
          else if (output === 'sparse') sparse[text] = { indices: indices!, values: data };
          else tokens[text] = this.#tokensOf(data, inputs.get(text)!);
        });
        inputs.delete(text);
      },
      options,
    );
    return {
      ...(asked.includes('dense') && { dense }),
      ...(asked.includes('sparse') && { sparse }),
      ...(asked.includes('tokens') && { tokens }),
    };
  }

  /** The first token is the dense vector's; the others are the text's. */
  #tokensOf(data: Float32Array, { ids, spans }: Encoding): Tokens {
    const dim = this.#tokenDim;
    return {
      data,
      rows: data.length / dim,
      dim,
      spans: spans!.slice(2),
      pieces: Array.from(ids.subarray(1), (id) => this.tokenizer.tokenOf(id) ?? ''),
    };
  }

  get statistics(): RunnerStatistics {
    return this.#model.runner.statistics;
  }

  close(): Promise<void> {
    return this.#model.runner.close();
  }
}

/** The three heads: outputs of the graph where it has them, else made of its states by the layers that lie beside it. */
async function heads({ description, runner, tokenizer, graph }: TextModel<MultiDescription>): Promise<Reduction[]> {
  const except = [...tokenizer.specialIds, ...(tokenizer.unknownId === undefined ? [] : [tokenizer.unknownId])];
  const named = (...names: string[]): string | undefined => runner.outputs.find(({ name }) => names.includes(name))?.name;
  const dense = named('dense_vecs', 'dense', 'sentence_embedding');
  const sparse = named('sparse_vecs', 'sparse', 'sparse_weights', 'token_weights');
  const tokens = named('colbert_vecs', 'colbert', 'tokens', 'token_embeddings');
  if (dense !== undefined && sparse !== undefined && tokens !== undefined) {
    return [
      { kind: 'vector', output: dense, normalize: true },
      { kind: 'weights', output: sparse, except },
      { kind: 'tokens', output: tokens, normalize: true, skip: 1 },
    ];
  }
  const states = findOutput(runner.outputs, 3, ['last_hidden_state', 'token_embeddings']);
  if (states === undefined) throw missingOutput(graph, runner.outputs, 'states of tokens, or dense_vecs, sparse_vecs and colbert_vecs');
  const [sparseLayer, tokenLayer] = await Promise.all(
    ['sparse_linear.pt', 'colbert_linear.pt'].map((name) => readLinearFile(join(description.folder, name))),
  );
  return [
    { kind: 'pool', output: states.name, modes: ['cls'], normalize: true },
    { kind: 'weights', output: states.name, layers: [sparseLayer!], except },
    { kind: 'tokens', output: states.name, layers: [tokenLayer!], normalize: true, skip: 1 },
  ];
}
