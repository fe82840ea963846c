import { type Explanation, fullText, type TokenEncoder } from '@rank-rank/core';
import { explainMaxSim, maxsimExplanation, maxsimReranker, type TokenStore } from '@rank-rank/rerank';
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
      const documentText = fullText(document);
      // Encoded again, because what is stored has no words and fewer digits.
      const [asked] = await encoder.encode([query], 'query');
      const [tokens] = await encoder.encode([documentText], 'document');
      if (tokens === undefined || tokens.rows === 0 || asked === undefined || asked.rows === 0) return undefined;
      return maxsimExplanation(explainMaxSim(asked, tokens, { queryText: query, documentText }));
    },
  };
}
