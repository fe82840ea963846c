import {
  type Candidate,
  checkInteger,
  checkOneOf,
  checkOptions,
  RankError,
  type Ranking,
  type Reranker,
  type RerankOptions,
} from '@rank-rank/core';
import type { GenerativeDescription, GenerativePrompt } from '../configuration/description.ts';
import { logitsHead } from '../encode/heads.ts';
import { checkTexts } from '../encode/text-input.ts';
import { type ModelOptions, modelOptions, type OpenModel, openPrepared, type TextModel } from '../encode/text-model.ts';
import type { TokenRow } from '../run/batch.ts';
import type { CallOptions, RunnerStatistics } from '../run/model-runner.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import type { Tokenizer } from '../tokenize/tokenizer.ts';
import { sigmoid } from './activation.ts';
import { checkCandidates, ranked } from './candidates.ts';

export interface GenerativeRerankerOptions extends ModelOptions {
  /** `probability` of yes against no (the default), or the `logit`, their difference. */
  readonly space?: 'logit' | 'probability';
  /** What the model is asked; chosen by its family by default. */
  readonly prompt?: Partial<GenerativePrompt>;
  /** What makes a document relevant, in words, for models that take such an instruction. */
  readonly instruction?: string;
}

const known = [...modelOptions, 'space', 'prompt', 'instruction'];

/**
 * Opens a decoder that is asked whether a document is relevant, and scores by the logits of its yes and no at the last token:
 * Qwen3-Reranker, mxbai-rerank-v2 and their like.
 *
 * @example
 * const reranker = await openGenerativeReranker('models/Qwen3-Reranker-0.6B');
 * await reranker.rerank('wing sweep', candidates, { topK: 10 });
 */
export async function openGenerativeReranker(model: string, options: GenerativeRerankerOptions = {}): Promise<GenerativeReranker> {
  checkOptions('prompt', options.prompt, ['parts', 'instruction', 'yes', 'no']);
  return openPrepared(
    'openGenerativeReranker',
    model,
    'generative',
    options,
    known,
    (opened) => GenerativeReranker.prepare(opened, options),
    (description, tokenizer) => {
      const [yes, no] = answerIds(tokenizer, promptOf(description, options));
      return { answers: { yes: yes!, ...(no !== undefined && { no }) } };
    },
  );
}

/** A {@link Reranker} by a causal language model of a folder. */
export class GenerativeReranker implements Reranker, OpenModel {
  readonly space: 'logit' | 'probability';
  readonly description: GenerativeDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly id: string;
  readonly #model: TextModel<GenerativeDescription>;
  /** How many words' logits come back: yes, and no where there is one. */
  readonly #words: number;

  private constructor(model: TextModel<GenerativeDescription>, words: number, space: 'logit' | 'probability') {
    this.#model = model;
    this.#words = words;
    this.space = space;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = model.id;
  }

  static async prepare(opened: TextModel<GenerativeDescription>, options: GenerativeRerankerOptions): Promise<GenerativeReranker> {
    const prompt = promptOf(opened.description, options);
    if (prompt.parts.filter((part) => part.includes('{document}')).length !== 1) {
      throw new RankError('INVALID_ARGUMENT', 'prompt.parts: exactly one part has to contain {document}.');
    }
    const { tokenizer, runner, graph } = opened;
    const maxLength = checkInteger('maxLength', options.maxLength ?? opened.description.maxLength, { min: 16 });
    const model = { ...opened, description: { ...opened.description, prompt, maxLength } };
    const words = answerIds(tokenizer, prompt);
    await runner.prepare([logitsHead(graph, runner.outputs, words)]);
    return new GenerativeReranker(model, words.length, checkOneOf('space', options.space ?? 'probability', ['logit', 'probability']));
  }

  async rerank(query: string, candidates: readonly Candidate[], options: RerankOptions = {}): Promise<Ranking> {
    const texts = checkCandidates(query, candidates, options);
    if (texts.length === 0) return [];
    return ranked(candidates, await this.score(query, texts, options.signal ? { signal: options.signal } : {}), options.topK);
  }

  /** One score a document, in {@link space}. */
  async score(query: string, documents: readonly string[], options: CallOptions = {}): Promise<Float64Array> {
    checkTexts('score', documents);
    const rows = await this.#rows(query, documents, options.signal);
    const scores = new Float64Array(documents.length);
    await this.#model.runner.run(
      rows,
      [0],
      (row, [logits]) => {
        const [yes, no = 0] = logits!.data as unknown as [number, number?];
        const logit = this.#words === 1 ? yes : yes - no;
        scores[row] = this.space === 'logit' ? logit : sigmoid(logit);
      },
      options,
    );
    return scores;
  }

  async #rows(query: string, documents: readonly string[], signal: AbortSignal | undefined): Promise<TokenRow[]> {
    const { prompt, maxLength } = this.description;
    const how = signal === undefined ? {} : { signal };
    const fill = (part: string): string => part.replaceAll('{instruction}', () => prompt.instruction).replaceAll('{query}', () => query);
    const at = prompt.parts.findIndex((part) => part.includes('{document}'));
    const fixed = await segmentAll(
      this.tokenizer,
      prompt.parts.map((part) => fill(part).replace('{document}', '')),
      how,
    );
    const head = fixed.slice(0, at).flatMap(({ ids }) => ids);
    const tail = fixed.slice(at + 1).flatMap(({ ids }) => ids);
    const room = maxLength - head.length - tail.length;
    // The document shares its part with what stands before it, often the query.
    const taken = maxLength - room + fixed[at]!.ids.length;
    if (taken >= maxLength) {
      throw new RankError(
        'OUT_OF_RANGE',
        `The query and the prompt take ${taken} tokens; the model reads ${maxLength}. No room is left for documents: shorten the query.`,
        { tokens: taken, maxLength },
      );
    }
    const body = fill(prompt.parts[at]!);
    const segments = await segmentAll(
      this.tokenizer,
      documents.map((document) => body.replace('{document}', () => document)),
      { limit: room, ...how },
    );
    return segments.map(({ ids, cut }) => ({ ids: Int32Array.from([...head, ...ids, ...tail]), truncated: cut }));
  }

  get statistics(): RunnerStatistics {
    return this.#model.runner.statistics;
  }

  close(): Promise<void> {
    return this.#model.runner.close();
  }
}

function promptOf({ prompt }: GenerativeDescription, options: GenerativeRerankerOptions): GenerativePrompt {
  return { ...prompt, ...options.prompt, ...(options.instruction !== undefined && { instruction: options.instruction }) };
}

/** The tokens of yes, and of no where there is one. */
function answerIds(tokenizer: Tokenizer, { yes, no }: GenerativePrompt): number[] {
  return [wordId(tokenizer, yes), ...(no === undefined ? [] : [wordId(tokenizer, no)])];
}

function wordId(tokenizer: Tokenizer, word: string | number): number {
  if (typeof word === 'number') return word;
  const ids = tokenizer.segment(word).ids;
  if (ids.length === 1) return ids[0]!;
  throw new RankError(
    'UNSUPPORTED',
    `${JSON.stringify(word)} is ${ids.length} tokens to this model, so its logit cannot be read at one place. Set prompt.yes and prompt.no to single tokens or their ids.`,
    { word, ids },
  );
}
