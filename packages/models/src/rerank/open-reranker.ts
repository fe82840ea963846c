import { RankError, type Reranker } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import { type OpenModel, resolveFolder } from '../encode/text-model.ts';
import { type CrossEncoderOptions, openCrossEncoder } from './cross-encoder.ts';
import { type GenerativeRerankerOptions, openGenerativeReranker } from './generative-reranker.ts';

/** The options of both kinds; one that the model's kind does not have is refused. */
export type OpenRerankerOptions = CrossEncoderOptions & GenerativeRerankerOptions;

/**
 * Opens the reranker of a model, whatever kind it is: what `rank rerank --model` stands on.
 *
 * @example
 * const reranker = await openReranker('cross-encoder/ms-marco-MiniLM-L6-v2');
 * await reranker.rerank('wing sweep', candidates);
 */
export async function openReranker(model: string, options: OpenRerankerOptions = {}): Promise<Reranker & OpenModel> {
  const { folder } = await resolveFolder(model, options);
  const { kind } = await describeModel(folder);
  if (kind === 'cross-encoder') return openCrossEncoder(model, options);
  if (kind === 'generative') return openGenerativeReranker(model, options);
  throw new RankError('UNSUPPORTED', `${model} is a ${kind} model: it gives vectors and reads no pairs. Open it with openEncoder.`, {
    kind,
  });
}
