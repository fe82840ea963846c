import { checkHits, checkOneOf, type Hit, RankError, toRanking } from '@rank-rank/core';

/** What numbers stand for that a search engine returned. */
export type ScoreKind = 'distance' | 'similarity' | 'logit';

/**
 * A ranking, more being better, from what an engine returned: distances d, of which less is better, become 1 / (1 + d); logits their
 * probability 1 / (1 + e^−x); similarities, inner products and the scores of lexical search stay as they are.
 *
 * @example fromScores([{ id: 'a', score: 0.1 }, { id: 'b', score: 0.7 }], 'distance') // a, b
 */
export function fromScores(hits: readonly Hit[], kind: ScoreKind): Hit[] {
  const adapted = checkOneOf('fromScores: kind', kind, ['distance', 'similarity', 'logit']);
  return toRanking(checkHits('fromScores: hits', hits).map(({ id, score }) => ({ id, score: adapters[adapted](score) })));
}

const adapters: Readonly<Record<ScoreKind, (score: number) => number>> = {
  distance(distance) {
    if (distance < 0) {
      throw new RankError(
        'OUT_OF_RANGE',
        `fromScores: a distance is ${distance}; expected at least 0. Inner products negated by an engine are similarities: negate them back.`,
      );
    }
    return 1 / (1 + distance);
  },
  similarity: (similarity) => similarity,
  logit: (logit) => 1 / (1 + Math.exp(-logit)),
};
