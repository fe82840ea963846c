import { type Candidate, type Hit, RankError, shown } from '@rank-rank/core';
import type { StageContext } from './stage.ts';

/** Hits with their documents' texts, for stages that read them. Without a source of documents the hits stand for themselves. */
export async function candidatesOf(hits: readonly Hit[], { documents }: StageContext, needText: boolean): Promise<Candidate[]> {
  if (documents === undefined) return [...hits];
  const found = await documents.get(hits.map(({ id }) => id));
  return hits.map(({ id, score }, i) => {
    const document = found[i];
    if (document === undefined) {
      if (needText)
        throw new RankError(
          'NOT_FOUND',
          `The document ${shown(id)} was found by an index, but its text is not there. Build the index again from the documents.`,
          { id },
        );
      return { id, score };
    }
    return { ...document, score };
  });
}
