import { type Candidate, checkInteger, RankError } from '@rank-rank/core';
import type { ChatMessage, ChatModel } from './chat.ts';

export interface LlmRerankerOptions {
  /** How many of the first candidates the model orders; the others follow in their order. 100 by default, 20 where pairs are compared. */
  readonly depth?: number;
  /** Words of a passage that the model is shown; 300 by default. */
  readonly maxWords?: number;
  /** What makes a passage relevant, in words, added to the question. */
  readonly instruction?: string;
}

export const llmOptions: readonly string[] = ['depth', 'maxWords', 'instruction'];

/** What came of the questions that were asked. */
export interface LlmStatistics {
  readonly questions: number;
  /** Answers that could not be used, even the second time. */
  readonly unusable: number;
}

/** Asks a model and reads its answers, once more where one cannot be read. */
export class LlmJudge {
  questions = 0;
  unusable = 0;
  readonly #chat: ChatModel;

  constructor(chat: ChatModel) {
    if (typeof chat?.complete !== 'function') {
      throw new RankError(
        'INVALID_ARGUMENT',
        'The chat model has no function complete(messages); make one with openChat, or wrap a client of your own.',
      );
    }
    this.#chat = chat;
  }

  /** An answer as `read` understands it; undefined where the model gave none that it does, twice. */
  async ask<T>(
    system: string,
    question: string,
    reminder: string,
    read: (answer: string) => T | undefined,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const messages: ChatMessage[] = [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ];
    for (let attempt = 0; attempt < 2; attempt++) {
      this.questions++;
      const answer = await this.#chat.complete(messages, signal === undefined ? {} : { signal });
      const understood = typeof answer === 'string' ? read(answer) : undefined;
      if (understood !== undefined) return understood;
      messages.push({ role: 'assistant', content: String(answer ?? '').slice(0, 500) || '(nothing)' }, { role: 'user', content: reminder });
    }
    this.unusable++;
    return undefined;
  }

  /** Refuses to call an order a model's that the model had no part in. */
  checkAnyAnswer(questionsBefore: number, unusableBefore: number, decisions: number): void {
    if (decisions === 0 || this.unusable - unusableBefore < decisions) return;
    throw new RankError(
      'MODEL',
      `The language model answered ${this.questions - questionsBefore} questions, none of them in a way that can be used. Try another model, or show it fewer and shorter passages (maxWords, window).`,
      { questions: this.questions - questionsBefore },
    );
  }
}

/** The order in which candidates come: by their scores where all have one, else as they are. */
export function firstOrder(candidates: readonly Candidate[]): number[] {
  const order = candidates.map((_, i) => i);
  if (candidates.every(({ score }) => typeof score === 'number' && Number.isFinite(score))) {
    order.sort((a, b) => candidates[b]!.score! - candidates[a]!.score! || a - b);
  }
  return order;
}

/** A passage cut to so many words, in one line. */
export function shorten(text: string, maxWords: number): string {
  const words = text
    .slice(0, maxWords * 40)
    .split(/\s+/)
    .filter(Boolean);
  return words.length > maxWords ? `${words.slice(0, maxWords).join(' ')} …` : words.join(' ');
}

export function depthOf(options: LlmRerankerOptions, standard: number, count: number): number {
  return Math.min(count, checkInteger('depth', options.depth ?? standard, { min: 1 }));
}

/** Scores for a final order: the best has as many as there are candidates, the last 1. */
export function rankScores(order: readonly number[]): Float64Array {
  const scores = new Float64Array(order.length);
  order.forEach((candidate, position) => {
    scores[candidate] = order.length - position;
  });
  return scores;
}
