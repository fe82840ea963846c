import { type EncodeOptions, RankError, type TextRole, type TokenEncoder, type Tokens } from '@rank-rank/core';
import type { TokensDescription } from '../configuration/description.ts';
import { readLayers } from '../configuration/layers.ts';
import type { DenseLayer } from '../run/dense-layer.ts';
import type { RunnerStatistics } from '../run/model-runner.ts';
import type { Reduction } from '../run/reduction.ts';
import type { Tokenizer } from '../tokenize/tokenizer.ts';
import { findOutput, missingOutput, stateNames } from './heads.ts';
import { settledId } from './settled-id.ts';
import { checkTexts, runTexts } from './text-input.ts';
import { type ModelOptions, modelOptions, type OpenModel, openPrepared, type TextModel } from './text-model.ts';
import { type TokenInput, TokenInputs } from './token-input.ts';

export interface TokenEncoderOptions extends ModelOptions {
  /** Whether tokens come with their places in the text and their spelling, for explanations; true by default. */
  readonly spans?: boolean;
  /** The most tokens of a query and of a document, where the model's own are not wanted. */
  readonly lengths?: { readonly query?: number; readonly document?: number };
}

const known = [...modelOptions, 'spans', 'lengths'];

/**
 * Opens a late-interaction encoder (Khattab and Zaharia, "ColBERT", 2020) from any layout in use: Stanford's, PyLate's, Sentence
 * Transformers', next-plaid's, or a graph with its projection inside.
 *
 * @example
 * const encoder = await openTokenEncoder('models/colbertv2.0');
 * const [tokens] = await encoder.encode(['laminar flow'], 'query'); // 32 × 128
 */
export async function openTokenEncoder(model: string, options: TokenEncoderOptions = {}): Promise<ModelTokenEncoder> {
  return openPrepared('openTokenEncoder', model, 'tokens', options, known, (opened) => ModelTokenEncoder.prepare(opened, options));
}

/** A {@link TokenEncoder} that runs a model of a folder. */
export class ModelTokenEncoder implements TokenEncoder, OpenModel {
  readonly dim: number;
  readonly description: TokensDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly id: string;
  readonly #model: TextModel<TokensDescription>;
  readonly #inputs: TokenInputs;
  readonly #spans: boolean;

  private constructor(model: TextModel<TokensDescription>, inputs: TokenInputs, dim: number, spans: boolean) {
    this.#model = model;
    this.#inputs = inputs;
    this.#spans = spans;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = settledId(model.id, [model.description, spans]);
    this.dim = dim;
  }

  static async prepare(opened: TextModel<TokensDescription>, options: TokenEncoderOptions): Promise<ModelTokenEncoder> {
    const { expansion, lengths } = opened.description;
    const query = options.lengths?.query ?? lengths.query;
    const description: TokensDescription = {
      ...opened.description,
      lengths: { query, document: options.lengths?.document ?? options.maxLength ?? lengths.document },
      ...(expansion && options.lengths?.query && { expansion: { ...expansion, length: query } }),
    };
    const model = { ...opened, description };
    const inputs = new TokenInputs(model.tokenizer, description);
    const dim = await chooseHead(model, await readLayers(description.layers), inputs);
    return new ModelTokenEncoder(model, inputs, dim, options.spans ?? true);
  }

  async encode(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Tokens[]> {
    checkTexts('encode', texts, as);
    const { dim } = this;
    const results = new Array<Tokens>(texts.length);
    const inputs = new Map<number, TokenInput>();
    await runTexts(
      'encode',
      this.#model.runner,
      texts.length,
      [0],
      async (from, to, signal) => {
        const read = await this.#inputs.read(texts.slice(from, to), as, { spans: this.#spans, signal });
        for (let i = 0; i < read.length; i++) inputs.set(from + i, read[i]!);
        return read;
      },
      (text, [tokens]) => {
        results[text] = { data: tokens!.data, rows: tokens!.data.length / dim, dim, ...this.#places(inputs.get(text)!) };
        inputs.delete(text);
      },
      options,
    );
    return results;
  }

  #places({ ids, keep, spans }: TokenInput): Pick<Tokens, 'spans' | 'pieces'> {
    if (spans === undefined) return {};
    const kept: number[] = [];
    for (let i = 0; i < ids.length; i++) if (keep[i] === 1) kept.push(i);
    return {
      spans: Uint32Array.from(kept.flatMap((i) => [spans[2 * i]!, spans[2 * i + 1]!])),
      pieces: kept.map((i) => this.tokenizer.tokenOf(ids[i]!) ?? ''),
    };
  }

  get statistics(): RunnerStatistics {
    return this.#model.runner.statistics;
  }

  close(): Promise<void> {
    return this.#model.runner.close();
  }
}

/**
 * Finds out whether the graph ends with the projection, by running it: a graph that gives states as wide as the model is a backbone,
 * and needs the projection that the folder has. Without one the model is refused.
 */
async function chooseHead(model: TextModel<TokensDescription>, layers: readonly DenseLayer[], inputs: TokenInputs): Promise<number> {
  const { description, runner, graph } = model;
  const output = findOutput(runner.outputs, 3, ['contextual', 'tokens', 'output', ...stateNames]);
  if (output === undefined) throw missingOutput(graph, runner.outputs, 'a vector a token (batch × tokens × size)');
  const reduction = (used: readonly DenseLayer[]): Reduction => ({ kind: 'tokens', output: output.name, layers: used, normalize: true });
  const probe = async (): Promise<number> => {
    let width = 0;
    await runner.run(await inputs.read(['a'], 'query'), [0], (_, [tokens]) => {
      width = tokens!.size;
    });
    return width;
  };
  await runner.prepare([reduction([])]);
  const width = await probe();
  const projected = layers.at(-1)?.outputs;
  // Where the projection keeps the width, only the name tells: transformers calls its states so, graphs with a projection do not.
  const isBackbone =
    layers.length > 0
      ? width === layers[0]!.inputs && (width !== projected || output.name === 'last_hidden_state')
      : width === description.hiddenSize && stateNames.includes(output.name);
  if (!isBackbone) {
    if (projected !== undefined && width !== projected) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `${graph} gives vectors of ${width}; the projection of ${description.folder} takes ${layers[0]!.inputs} and gives ${projected}. Graph and weights are not of the same model.`,
        { width, inputs: layers[0]!.inputs, outputs: projected },
      );
    }
    return width;
  }
  if (layers.length === 0) {
    throw new RankError(
      'UNSUPPORTED',
      `${graph} is the backbone alone: its ${JSON.stringify(output.name)} is as wide as the model (${width}), and ${description.folder} has no projection to token vectors. ` +
        'Such states are not ColBERT vectors. Get the folder with its weights (linear.weight, or the Dense modules), or a graph that contains the projection.',
      { graph, width },
    );
  }
  await runner.prepare([reduction(layers)]);
  return probe();
}
