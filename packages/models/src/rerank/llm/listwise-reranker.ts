import { type Candidate, checkInteger, checkOptions, RankError, type Ranking, type Reranker, type RerankOptions } from '@rank-rank/core';
import { checkCandidates, ranked } from '../candidates.ts';
import { readPermutation } from './answers.ts';
import type { ChatModel } from './chat.ts';
import {
  depthOf,
  firstOrder,
  LlmJudge,
  type LlmRerankerOptions,
  type LlmStatistics,
  llmOptions,
  rankScores,
  shorten,
} from './llm-options.ts';

export interface ListwiseOptions extends LlmRerankerOptions {
  /** Passages shown at once; 20 by default. */
  readonly window?: number;
  /** How far the window moves; half of it by default. */
  readonly step?: number;
  /** How often the whole list is gone through; 1 by default. */
  readonly passes?: number;
}

const system = 'You judge how well passages answer a search query, and put them in order. You reply with the order alone.';

/**
 * Ranks by asking a language model for an order of many passages at once, in windows that slide from the end of the list to its
 * beginning, so that the best rise to the top (Sun et al., "Is ChatGPT Good at Search?", 2023: RankGPT).
 *
 * A window whose answer cannot be read stays as it was; what an answer leaves out keeps its old order behind the rest.
 *
 * @example
 * const reranker = new ListwiseReranker(openChat({ baseUrl: 'http://127.0.0.1:11434', model: 'qwen3:8b' }));
 * await reranker.rerank('wing sweep', candidates, { topK: 10 });
 */
export class ListwiseReranker implements Reranker {
  readonly space = 'rank';
  readonly #judge: LlmJudge;
  readonly #options: ListwiseOptions;
  readonly #window: number;
  readonly #step: number;
  readonly #passes: number;

  constructor(chat: ChatModel, options: ListwiseOptions = {}) {
    checkOptions('ListwiseReranker', options, [...llmOptions, 'window', 'step', 'passes']);
    this.#judge = new LlmJudge(chat);
    this.#options = options;
    this.#window = checkInteger('window', options.window ?? 20, { min: 2, max: 100 });
    this.#step = checkInteger('step', options.step ?? Math.max(1, this.#window >> 1), { min: 1, max: this.#window });
    this.#passes = checkInteger('passes', options.passes ?? 1, { min: 1, max: 10 });
    if (this.#step === this.#window) {
      throw new RankError(
        'OUT_OF_RANGE',
        `A step of ${this.#step} in windows of ${this.#window} lets no passage rise beyond its window. Make it smaller.`,
      );
    }
  }

  async rerank(query: string, candidates: readonly Candidate[], options: RerankOptions = {}): Promise<Ranking> {
    const texts = checkCandidates(query, candidates, options);
    const order = firstOrder(candidates);
    const depth = depthOf(this.#options, 100, order.length);
    const { questions, unusable } = this.#judge;
    let decisions = 0;
    for (let pass = 0; pass < this.#passes && depth > 1; pass++) {
      for (let end = depth; ; end -= this.#step) {
        const from = Math.max(0, end - this.#window);
        const shown = order.slice(from, end);
        const permutation = await this.#order(
          query,
          shown.map((candidate) => texts[candidate]!),
          options.signal,
        );
        decisions++;
        if (permutation !== undefined)
          permutation.forEach((at, i) => {
            order[from + i] = shown[at]!;
          });
        if (from === 0) break;
      }
    }
    this.#judge.checkAnyAnswer(questions, unusable, decisions);
    return ranked(candidates, rankScores(order), options.topK);
  }

  #order(query: string, passages: readonly string[], signal: AbortSignal | undefined): Promise<number[] | undefined> {
    const { maxWords = 300, instruction } = this.#options;
    const count = passages.length;
    const question = [
      `Query: ${shorten(query, maxWords)}`,
      ...(instruction === undefined ? [] : [`What counts as relevant: ${instruction}`]),
      '',
      `Here are ${count} passages, each after its number in brackets.`,
      '',
      ...passages.map((passage, i) => `[${i + 1}] ${shorten(passage, maxWords)}`),
      '',
      `Query again: ${shorten(query, maxWords)}`,
      `Order all ${count} passages from the most to the least relevant to the query. Write their numbers only, like this: [2] > [1] > [3]`,
    ].join('\n');
    const reminder = `That was no order. Write the numbers of all ${count} passages, the most relevant first, and nothing else: [2] > [1] > [3]`;
    return this.#judge.ask(system, question, reminder, (answer) => readPermutation(answer, count), signal);
  }

  get statistics(): LlmStatistics {
    return { questions: this.#judge.questions, unusable: this.#judge.unusable };
  }
}
