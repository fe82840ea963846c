import { checkInteger, checkNumber, checkOptions, checkString } from '@rank-rank/core';
import { malformed, type RemoteOptions, RemoteServer, remoteOptions } from '../../remote/post-json.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A language model that answers messages. Anything that can do this can rank: wrap a client of your own, or use {@link openChat}. */
export interface ChatModel {
  complete(messages: readonly ChatMessage[], options?: { readonly signal?: AbortSignal }): Promise<string>;
}

export interface ChatOptions extends RemoteOptions {
  readonly model: string;
  /** 0 by default: the same question gets the same answer, as far as the server can. */
  readonly temperature?: number;
  /** The longest answer, in tokens; 1024 by default. */
  readonly maxTokens?: number;
  /** Sent along with each request: `{ reasoning_effort: 'low' }`, `{ seed: 1 }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
}

/**
 * A model behind any endpoint that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp, LM Studio, and most vendors.
 *
 * @example const chat = openChat({ baseUrl: 'http://127.0.0.1:11434', model: 'qwen3:8b' });
 */
export function openChat(options: ChatOptions): ChatModel {
  checkOptions('openChat', options, [...remoteOptions, 'model', 'temperature', 'maxTokens', 'extra']);
  const model = checkString('openChat: model', options.model);
  const temperature = checkNumber('openChat: temperature', options.temperature ?? 0, { min: 0 });
  const maxTokens = checkInteger('openChat: maxTokens', options.maxTokens ?? 1024, { min: 1 });
  const server = new RemoteServer('openChat', options, 'https://api.openai.com/v1');
  const path = '/v1/chat/completions';
  return {
    async complete(messages, how = {}) {
      const body = {
        model,
        messages: messages.map(({ role, content }) => ({ role, content: content.toWellFormed() })),
        temperature,
        max_tokens: maxTokens,
        ...options.extra,
      };
      const answer = await server.post<Completion>(path, body, how.signal);
      const message = answer?.choices?.[0]?.message;
      if (message === undefined || message === null) throw malformed(server.urlOf(path), 'it has no choices[0].message');
      return withoutThoughts(textOf(message.content));
    },
  };
}

/** Content is a text, or a list of parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => ((part as { text?: unknown } | null)?.text ?? '') as string).join('');
}

/** Some models think aloud before they answer; numbers in there are no answer. */
function withoutThoughts(text: string): string {
  const end = text.lastIndexOf('</think>');
  if (end >= 0) return text.slice(end + '</think>'.length);
  return text.startsWith('<think>') ? '' : text;
}
