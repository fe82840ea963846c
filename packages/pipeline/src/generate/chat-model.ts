/** A turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatOptions {
  readonly signal?: AbortSignal;
  /** Told each piece of the answer as it comes. */
  readonly onText?: (text: string) => void;
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/** What writes text: any OpenAI-compatible endpoint, Ollama, or a function of your own. */
export interface ChatModel {
  /** The whole answer. */
  complete(messages: readonly ChatMessage[], options?: ChatOptions): Promise<string>;
}
