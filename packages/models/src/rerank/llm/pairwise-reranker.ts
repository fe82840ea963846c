import { type Candidate, checkInteger, checkOneOf, checkOptions, type Ranking, type Reranker, type RerankOptions } from '@rank-rank/core';
import { checkCandidates, ranked } from '../candidates.ts';
import { readLabel } from './answers.ts';
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

export interface PairwiseOptions extends LlmRerankerOptions {
  /** `all-pairs` compares each with each and counts wins; `sliding` lets the best rise by comparing neighbours, a pass for each of the best. */
  readonly method?: 'all-pairs' | 'sliding';
  /** Passes of `sliding`: as many of the best come into place; 10 by default. */
  readonly passes?: number;
  /** Questions asked at once in `all-pairs`; 4 by default. */
  readonly concurrency?: number;
}

const system = 'You judge which of two passages answers a search query better. You reply with A or B alone.';

/**
 * Ranks by comparing passages two at a time, each pair in both orders because models favour a place; where the two answers differ
 * neither wins (Qin et al., "Large Language Models are Effective Text Rankers with Pairwise Ranking Prompting", 2023).
 */
export class PairwiseReranker implements Reranker {
  readonly space = 'rank';
  readonly #judge: LlmJudge;
  readonly #options: PairwiseOptions;
  readonly #method: 'all-pairs' | 'sliding';
  readonly #passes: number;
  readonly #concurrency: number;

  constructor(chat: ChatModel, options: PairwiseOptions = {}) {
    checkOptions('PairwiseReranker', options, [...llmOptions, 'method', 'passes', 'concurrency']);
    this.#judge = new LlmJudge(chat);
    this.#options = options;
    this.#method = checkOneOf('method', options.method ?? 'all-pairs', ['all-pairs', 'sliding']);
    this.#passes = checkInteger('passes', options.passes ?? 10, { min: 1 });
    this.#concurrency = checkInteger('concurrency', options.concurrency ?? 4, { min: 1, max: 64 });
  }

  async rerank(query: string, candidates: readonly Candidate[], options: RerankOptions = {}): Promise<Ranking> {
    const texts = checkCandidates(query, candidates, options);
    const order = firstOrder(candidates);
    const depth = depthOf(this.#options, 20, order.length);
    const { questions, unusable } = this.#judge;
    let decisions = 0;
    const compare = async (a: number, b: number): Promise<number> => {
      decisions += 2;
      return this.#compare(query, texts[a]!, texts[b]!, options.signal);
    };
    const best = order.slice(0, depth);
    const sorted = this.#method === 'all-pairs' ? await this.#allPairs(best, compare) : await this.#sliding(best, compare);
    this.#judge.checkAnyAnswer(questions, unusable, decisions);
    return ranked(candidates, rankScores([...sorted, ...order.slice(depth)]), options.topK);
  }

  async #allPairs(order: readonly number[], compare: (a: number, b: number) => Promise<number>): Promise<number[]> {
    const pairs = order.flatMap((_, i) => order.slice(i + 1).map((__, k): [number, number] => [i, i + 1 + k]));
    const wins = new Float64Array(order.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < pairs.length) {
        const [a, b] = pairs[next++]!;
        const outcome = await compare(order[a]!, order[b]!);
        wins[a]! += outcome;
        wins[b]! += 1 - outcome;
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, pairs.length) }, worker));
    return order
      .map((_, i) => i)
      .sort((a, b) => wins[b]! - wins[a]! || a - b)
      .map((i) => order[i]!);
  }

  async #sliding(start: readonly number[], compare: (a: number, b: number) => Promise<number>): Promise<number[]> {
    const order = [...start];
    for (let pass = 0; pass < Math.min(this.#passes, order.length - 1); pass++) {
      for (let i = order.length - 1; i > pass; i--) {
        if ((await compare(order[i - 1]!, order[i]!)) === 0) [order[i - 1], order[i]] = [order[i]!, order[i - 1]!];
      }
    }
    return order;
  }

  /** 1 where the first is better, 0 where the second is, ½ where the model cannot say. */
  async #compare(query: string, first: string, second: string, signal: AbortSignal | undefined): Promise<number> {
    const [straight, turned] = [await this.#ask(query, first, second, signal), await this.#ask(query, second, first, signal)];
    if (straight === undefined || turned === undefined || straight === turned) return 0.5;
    return straight === 0 ? 1 : 0;
  }

  #ask(query: string, a: string, b: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    const { maxWords = 300, instruction } = this.#options;
    const question = [
      `Query: ${shorten(query, maxWords)}`,
      ...(instruction === undefined ? [] : [`What counts as relevant: ${instruction}`]),
      '',
      `Passage A: ${shorten(a, maxWords)}`,
      '',
      `Passage B: ${shorten(b, maxWords)}`,
      '',
      'Which passage is more relevant to the query? Reply with A or B.',
    ].join('\n');
    return this.#judge.ask(system, question, 'Reply with one letter and nothing else: A or B.', (answer) => readLabel(answer, 2), signal);
  }

  get statistics(): LlmStatistics {
    return { questions: this.#judge.questions, unusable: this.#judge.unusable };
  }
}
