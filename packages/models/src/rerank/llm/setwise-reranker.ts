import { type Candidate, checkInteger, checkOptions, type Ranking, type Reranker, type RerankOptions } from '@rank-rank/core';
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

export interface SetwiseOptions extends LlmRerankerOptions {
  /** Passages compared at once; 4 by default. */
  readonly setSize?: number;
  /** How many of the best are brought into order; 10 by default. */
  readonly best?: number;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const system = 'You judge how well passages answer a search query. You reply with the letter of the best passage alone.';

/**
 * Ranks by asking which of a few passages is the best, as the comparison of a heap sort whose nodes have several children (Zhuang et
 * al., "A Setwise Approach for Effective and Highly Efficient Zero-shot Ranking with Large Language Models", 2024): the best few are
 * found with few questions, the rest keep their order.
 *
 * An answer that cannot be read leaves the passages compared as they were.
 */
export class SetwiseReranker implements Reranker {
  readonly space = 'rank';
  readonly #judge: LlmJudge;
  readonly #options: SetwiseOptions;
  readonly #children: number;
  readonly #best: number;

  constructor(chat: ChatModel, options: SetwiseOptions = {}) {
    checkOptions('SetwiseReranker', options, [...llmOptions, 'setSize', 'best']);
    this.#judge = new LlmJudge(chat);
    this.#options = options;
    this.#children = checkInteger('setSize', options.setSize ?? 4, { min: 3, max: letters.length }) - 1;
    this.#best = checkInteger('best', options.best ?? 10, { min: 1 });
  }

  async rerank(query: string, candidates: readonly Candidate[], options: RerankOptions = {}): Promise<Ranking> {
    const texts = checkCandidates(query, candidates, options);
    const order = firstOrder(candidates);
    const depth = depthOf(this.#options, 100, order.length);
    const heap = order.slice(0, depth);
    const { questions, unusable } = this.#judge;
    let decisions = 0;
    const choose = async (nodes: readonly number[]): Promise<number> => {
      decisions++;
      return (
        (await this.#choose(
          query,
          nodes.map((node) => texts[heap[node]!]!),
          options.signal,
        )) ?? 0
      );
    };
    for (let node = Math.floor((heap.length - 2) / this.#children); node >= 0; node--) await this.#sink(heap, node, heap.length, choose);
    const sorted: number[] = [];
    let size = heap.length;
    while (size > 0 && sorted.length < this.#best) {
      sorted.push(heap[0]!);
      size--;
      heap[0] = heap[size]!;
      if (sorted.length < this.#best && size > 1) await this.#sink(heap, 0, size, choose);
    }
    this.#judge.checkAnyAnswer(questions, unusable, decisions);
    const done = new Set(sorted);
    return ranked(candidates, rankScores([...sorted, ...order.filter((candidate) => !done.has(candidate))]), options.topK);
  }

  /** Lets a node sink until it is the best of itself and its children. */
  async #sink(heap: number[], node: number, size: number, choose: (nodes: readonly number[]) => Promise<number>): Promise<void> {
    for (;;) {
      const first = this.#children * node + 1;
      const nodes = [node];
      for (let child = first; child < Math.min(size, first + this.#children); child++) nodes.push(child);
      if (nodes.length === 1) return;
      const best = nodes[await choose(nodes)]!;
      if (best === node) return;
      [heap[node], heap[best]] = [heap[best]!, heap[node]!];
      node = best;
    }
  }

  #choose(query: string, passages: readonly string[], signal: AbortSignal | undefined): Promise<number | undefined> {
    const { maxWords = 300, instruction } = this.#options;
    const names = letters.slice(0, passages.length);
    const question = [
      `Query: ${shorten(query, maxWords)}`,
      ...(instruction === undefined ? [] : [`What counts as relevant: ${instruction}`]),
      '',
      ...passages.map((passage, i) => `Passage ${names[i]}: ${shorten(passage, maxWords)}`),
      '',
      `Which passage is the most relevant to the query? Reply with one letter: ${[...names].join(', ')}.`,
    ].join('\n');
    const reminder = `That named no passage. Reply with one letter and nothing else: ${[...names].join(', ')}.`;
    return this.#judge.ask(system, question, reminder, (answer) => readLabel(answer, passages.length), signal);
  }

  get statistics(): LlmStatistics {
    return { questions: this.#judge.questions, unusable: this.#judge.unusable };
  }
}
