import { type Document, type Explanation, fullText, type TokenEncoder } from '@rank-rank/core';
import { explainMaxSim, type MaxSimExplanation, maxsimExplanation, maxsimReranker, type TokenStore } from '@rank-rank/rerank';
import type { StageReranker } from '../stage/rerank.ts';
import type { DocumentSource } from '../stage/stage.ts';

/**
 * Reranks by MaxSim over stored tokens: only those of the candidates are read.
 *
 * @example rerank(lateInteraction(store, encoder, documents), { texts: false })
 */
export function lateInteraction(store: TokenStore, encoder: TokenEncoder, documents: DocumentSource): StageReranker {
  const reranker = maxsimReranker({ encoder, store });
  return {
    space: 'maxsim',
    rerank: (query, candidates, options) => reranker.rerank(query, candidates, options),
    async explain(query: string, { id }): Promise<Explanation | undefined> {
      const [document] = await documents.get([id]);
      if (document === undefined || !store.has(id)) return undefined;
      const why = await alignment(encoder, query, document);
      return why && maxsimExplanation(why);
    },
  };
}

/** Which word of a document answers which of the query, by the encoder's tokens of both: what is stored has no words and fewer digits. */
export async function alignment(
  encoder: TokenEncoder,
  query: string,
  document: Document,
  options: { readonly matrix?: boolean } = {},
): Promise<MaxSimExplanation | undefined> {
  const documentText = fullText(document);
  const [asked] = await encoder.encode([query], 'query');
  const [tokens] = await encoder.encode([documentText], 'document');
  if (tokens === undefined || tokens.rows === 0 || asked === undefined || asked.rows === 0) return undefined;
  return explainMaxSim(asked, tokens, { queryText: query, documentText, ...options });
}
