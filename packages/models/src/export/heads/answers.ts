import { join } from 'node:path';
import { RankError, shown } from '@rank-rank/core';
import { type Configuration, readConfiguration } from '../configuration.ts';
import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { Answers } from '../layout.ts';
import type { Parameters } from '../parameters.ts';
import { lastToken } from './pooling.ts';

/**
 * The logits of the answers that a generative reranker compares, after the last token of its prompt: `[batch, answers]`, yes first.
 * Only the answers' rows of the output layer are kept. (Qwen3-Embedding report 2025; mxbai-rerank-v2.)
 */
export function answerLogits(graph: GraphBuilder, encoded: Encoded, all: Parameters, config: Configuration, { yes, no }: Answers): Value {
  const rows = no === undefined ? [yes] : [yes, no];
  for (const row of rows) {
    if (!Number.isInteger(row) || row < 0 || row >= encoded.vocabulary) {
      throw new RankError('OUT_OF_RANGE', `Answer token ${row} is not in the vocabulary of ${encoded.vocabulary}.`, { row });
    }
  }
  const { hidden } = encoded;
  const tied = !all.has('lm_head.weight');
  if (tied && !config.flag('tie_word_embeddings', true)) {
    throw new RankError('MODEL', `${config.path}: the weights have no lm_head, and it is not shared with the embeddings.`, {
      file: config.path,
    });
  }
  const from = tied ? encoded.parameters : all;
  const name = tied ? encoded.wordEmbeddings : 'lm_head.weight';
  const weight = all.computed(graph, 'answers.weight', [hidden, rows.length], async () => {
    const whole = await from.read(name);
    const picked = new Float32Array(hidden * rows.length);
    for (const [column, row] of rows.entries())
      for (let i = 0; i < hidden; i++) picked[i * rows.length + column] = whole[row * hidden + i]!;
    return picked;
  });
  return graph.matmul(lastToken(graph, encoded.states, encoded.attentionMask, encoded.inputIds), weight);
}

/** The words that model families answer with, where nothing else says: Qwen3-Reranker yes and no, mxbai-rerank-v2 1 and 0. */
const usualWords: Readonly<Record<string, readonly [yes: string, no: string]>> = { qwen3: ['yes', 'no'], qwen2: ['1', '0'] };

/** Finds the tokens of a family's answers in its tokenizer. */
export async function usualAnswers(folder: string, config: Configuration): Promise<Answers> {
  const words = usualWords[config.text('model_type')];
  const vocabulary = (await readConfiguration(folder, 'tokenizer.json'))?.inner('model').values['vocab'] as
    | Record<string, unknown>
    | undefined;
  const [yes, no] = (words ?? []).map((word) => vocabulary?.[word]);
  if (typeof yes !== 'number' || typeof no !== 'number') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${join(folder, 'tokenizer.json')}: ${words === undefined ? `how models of type ${shown(config.text('model_type'))} answer is not known` : `the answers ${words.map(shown).join(' and ')} are not single tokens`}. Say which tokens: { answers: { yes, no } }.`,
      { folder },
    );
  }
  return { yes, no };
}
