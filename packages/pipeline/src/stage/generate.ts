import { checkInteger, type Document, RankError, shown } from '@rank-rank/core';
import type { Answer } from '../generate/answer.ts';
import type { ChatModel } from '../generate/chat-model.ts';
import { checkCitations } from '../generate/citations.ts';
import { type ExtractiveOptions, extractiveAnswer } from '../generate/extractive.ts';
import { answerPrompt, type PromptOptions, passagesWithin } from '../generate/prompt.ts';
import { controlsOf } from './controls-of.ts';
import type { Results, Stage, StageContext, StageOptions } from './stage.ts';

export interface GenerateOptions extends StageOptions<Results, Answer>, PromptOptions {
  /** Passages that are given to the model, at most; 8 by default. */
  readonly passages?: number;
  /** Told each piece of the answer as it comes. */
  readonly onText?: (text: string) => void;
  /** Tokens the answer may have. */
  readonly maxTokens?: number;
  /** For the answer without a model. */
  readonly extractive?: ExtractiveOptions;
}

/**
 * The last stage: an answer from the best passages, with marks that are checked against them. With a model it writes one; with `extractive` it
 * puts together the sentences that match best.
 *
 * @example
 * pipeline(retrieve(lexical), generate(chat, { passages: 5, tokens: 2000 }), { documents });
 */
export function generate(writer: ChatModel | 'extractive', options: GenerateOptions = {}): Stage<Results, Answer> {
  const shared = controlsOf('generate', options, [
    'passages',
    'onText',
    'maxTokens',
    'extractive',
    'tokens',
    'countTokens',
    'instructions',
  ]);
  if (writer !== 'extractive' && typeof writer?.complete !== 'function') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `generate: the writer is ${shown(writer)}; expected a chat model, which has complete(), or "extractive".`,
    );
  }
  const count = checkInteger('generate: passages', options.passages ?? 8, { min: 1 });
  const { onText, maxTokens, extractive } = options;
  return {
    kind: 'generate',
    ...shared,
    async run({ hits, space }, context) {
      const passages = passagesWithin(await texts(hits.slice(0, count), context), options);
      const query = context.query.text;
      let text: string;
      if (passages.length === 0) {
        text = '';
        context.note('there is nothing to answer from');
      } else if (writer === 'extractive') {
        text = await extractiveAnswer(query, passages, extractive);
        onText?.(text);
      } else {
        text = await writer.complete(answerPrompt(query, passages, options), {
          signal: context.signal,
          ...(onText && { onText }),
          ...(maxTokens !== undefined && { maxTokens }),
        });
      }
      const { citations, doubts } = checkCitations(text, passages);
      for (const doubt of doubts) context.note(doubt);
      return { hits, space, text, passages, citations, doubts };
    },
    explain: async (_, { before }) => before,
  };
}

async function texts(hits: Results['hits'], { documents }: StageContext): Promise<Document[]> {
  if (documents === undefined)
    throw new RankError('INVALID_ARGUMENT', 'generate needs the texts of documents. Give the pipeline { documents }.');
  const found = await documents.get(hits.map(({ id }) => id));
  return found.filter((document) => document !== undefined);
}
