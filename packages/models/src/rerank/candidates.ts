import {
  type Candidate,
  checkHits,
  checkInteger,
  checkOptions,
  checkString,
  fullText,
  type Hit,
  RankError,
  type Ranking,
  type RerankOptions,
  toRanking,
} from '@rank-rank/core';

/** Refuses what no reranker can order, and gives the text of each candidate, title first. */
export function checkCandidates(query: string, candidates: readonly Candidate[], options: RerankOptions): string[] {
  checkString('rerank: query', query);
  checkOptions('rerank', options, ['signal', 'topK']);
  if (options.topK !== undefined) checkInteger('rerank: topK', options.topK, { min: 1 });
  if (!Array.isArray(candidates))
    throw new RankError('INVALID_ARGUMENT', 'rerank: candidates are no array; expected { id, text, … } objects.');
  checkHits(
    'rerank: candidates',
    candidates.map((candidate) => ({ id: (candidate as Candidate | null)?.id ?? '', score: 0 })),
  );
  const silent = candidates.filter(({ text, title }) => typeof text !== 'string' && typeof title !== 'string').map(({ id }) => id);
  if (silent.length > 0) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `rerank: ${silent.length} of ${candidates.length} candidates have no text to read (${silent.slice(0, 5).join(', ')}${silent.length > 5 ? ', …' : ''}). Give their text, or leave them out.`,
      { ids: silent },
    );
  }
  return candidates.map(({ text = '', title }) => fullText({ text, ...(title !== undefined && { title }) }));
}

/** Scores in the order of the candidates → ranking. */
export function ranked(candidates: readonly Candidate[], scores: ArrayLike<number>, topK: number | undefined): Ranking {
  const hits: Hit[] = candidates.map(({ id }, i) => ({ id, score: scores[i]! }));
  const ranking = toRanking(hits);
  return topK === undefined ? ranking : ranking.slice(0, topK);
}
