import { toRanking } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { readRequest } from './request.ts';

const query = 'wing sweep';
const documents = ['heat', 'wing', 'sweep'];
const scores: Record<string, number> = { 0: 0, 1: 0.5, 2: 0.75 };

function ask(request: object): unknown {
  const { candidates, topK, answer } = readRequest(request);
  return answer(toRanking(candidates.map(({ id }) => ({ id, score: scores[id] ?? 0 }))).slice(0, topK));
}

describe('A request to rerank', () => {
  it('is answered in the form that its service gives', () => {
    const best = { index: 2, relevance_score: 0.75 };
    expect(ask({ query, documents, top_n: 1 })).toEqual({ results: [best] });
    expect(ask({ query, documents: documents.map((text) => ({ text })), top_n: 1, return_documents: true })).toEqual({
      results: [{ ...best, document: { text: 'sweep' } }],
    });
    expect(ask({ query, documents, top_k: 1, return_documents: true })).toEqual({
      object: 'list',
      data: [{ ...best, document: 'sweep' }],
    });
    expect(ask({ query, texts: documents, return_text: true })).toEqual([
      { index: 2, score: 0.75, text: 'sweep' },
      { index: 1, score: 0.5, text: 'wing' },
      { index: 0, score: 0, text: 'heat' },
    ]);
    expect(ask({ query, input: documents, top_k: 1, return_input: false })).toEqual({ object: 'list', data: [{ index: 2, score: 0.75 }] });
    expect(ask({ query: { text: query }, passages: documents.map((text) => ({ text })), top_k: 1 })).toEqual({
      rankings: [{ index: 2, logit: 0.75 }],
    });
    expect(ask({ query, candidates: [{ id: '2', text: 'a' }], topK: null })).toEqual({ query, hits: [{ id: '2', score: 0.75 }] });
  });

  it('is refused where it cannot be read, with what was expected', () => {
    for (const [request, message] of [
      [5, /it is 5/],
      [null, /it is null/],
      [{ documents }, /it has no query/],
      [{ query }, /none of documents, texts, input, passages, candidates/],
      [{ query, documents: [5] }, /documents\[0\] is 5/],
      [{ query, documents, top_n: 0 }, /top_n is 0/],
      [{ query, documents, top_k: 'many' }, /top_n is "many"/],
    ] as const) {
      expect(() => readRequest(request)).toThrow(message);
    }
  });
});
