import { describe, expect, it } from 'vitest';
import { tokensOf } from '../testing/tokens.ts';
import { explainJoint, jointScore } from './joint.ts';

const query = {
  dense: Float32Array.of(0.6, 0.8),
  sparse: { indices: Uint32Array.of(1, 4, 9), values: Float32Array.of(0.5, 1, 2) },
  tokens: tokensOf([
    [1, 0],
    [0, 1],
  ]),
};
const document = {
  dense: Float32Array.of(1, 0),
  sparse: { indices: Uint32Array.of(0, 4, 9), values: Float32Array.of(3, 0.25, 0.5) },
  tokens: tokensOf([[0.6, 0.8]]),
};

describe('joint scores of several heads', () => {
  it('are the weighted mean of the dense, sparse and token scores, as FlagEmbedding computes them', () => {
    const { score, parts } = jointScore(query, document);
    expect(parts.dense).toBeCloseTo(0.6, 6);
    expect(parts.sparse).toBeCloseTo(1.25, 6);
    expect(parts.tokens).toBeCloseTo(0.7, 6);
    expect(score).toBeCloseTo((0.6 + 1.25 + 0.7) / 3, 6);
    expect(jointScore(query, document, { weights: { dense: 0.4, sparse: 0.2, tokens: 0.4 } }).score).toBeCloseTo(0.24 + 0.25 + 0.28, 6);
  });

  it('leave out heads that are missing or weigh nothing', () => {
    expect(jointScore({ dense: query.dense }, document).score).toBeCloseTo(0.6, 6);
    expect(jointScore(query, document, { weights: { dense: 0, sparse: 0 } }).parts).toEqual({ tokens: expect.closeTo(0.7, 6) });
    expect(() => jointScore({ dense: query.dense }, { tokens: document.tokens })).toThrow(/share no head/);
    expect(() => jointScore(query, { dense: new Float32Array(3) })).toThrow(/2 and 3 dimensions/);
    expect(() => jointScore(query, document, { weights: { colbert: 1 } as never })).toThrow(/"colbert" does not exist/);
  });

  it('explain themselves as parts that add up', () => {
    const tree = explainJoint(query, document, { weights: { dense: 1, sparse: 0.3, tokens: 1 } });
    expect(tree.parts!.reduce((sum, part) => sum + part.value, 0)).toBeCloseTo(tree.value, 9);
    for (const part of tree.parts!) expect(part.parts!.reduce((product, { value }) => product * value, 1)).toBeCloseTo(part.value, 9);
  });
});
