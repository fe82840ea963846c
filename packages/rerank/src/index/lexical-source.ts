import { RankError, shown } from '@rank-rank/core';
import { LexicalIndex } from '@rank-rank/retrieve';
import type { Scope } from '@rank-rank/storage';
import type { CandidateSource } from './candidate-source.ts';

/** Candidates by BM25, from the documents' texts. */
export async function lexicalSource(scope: Scope, options: { readonly memory?: number }): Promise<CandidateSource> {
  const lexical =
    scope.state() === undefined
      ? await LexicalIndex.create({ scope, ...options })
      : await LexicalIndex.open(scope, { write: scope.store.writable, ...options });
  return {
    async add(documents, work) {
      const texts = documents.map(({ id, text, title, metadata }) => {
        if (text === undefined)
          throw new RankError(
            'INVALID_ARGUMENT',
            `add: document ${shown(id)} has no text, which an index of kind bm25 looks for candidates in.`,
            { id },
          );
        return { id, text, ...(title !== undefined && { title }), ...(metadata && { metadata }) };
      });
      await lexical.add(texts, work);
    },
    remove: (ids) => lexical.remove(ids),
    stage: () => lexical.prepare(),
    rollback: () => lexical.rollback(),
    refresh: () => lexical.refresh(),
    async compact(work) {
      await lexical.merge(work);
      return true;
    },
    close: () => lexical.close(),
    async search({ text }, n, filter, signal) {
      if (text === undefined)
        throw new RankError('INVALID_ARGUMENT', "search: an index of kind bm25 needs the query's words: give { text } beside its tokens.");
      return lexical.search(text, n, { ...(filter && { filter }), ...(signal && { signal }) });
    },
    describe: () => 'BM25 over the texts',
  };
}
