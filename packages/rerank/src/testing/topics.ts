/** Documents for tests whose rows lie around a few directions, as token embeddings do. */
import { Random, type Tokens } from '@rank-rank/core';
import { randomTokens } from './tokens.ts';

export interface TopicDocument {
  readonly id: string;
  readonly tokens: Tokens;
  readonly metadata: { readonly n: number; readonly even: boolean };
}

/** Unit rows: each a direction of a few, shared by all seeds, with noise. */
export function topicDocuments(seed: number, count: number, dim = 32, prefix = 'd'): TopicDocument[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    id: `${prefix}${i}`,
    tokens: topicTokens(random, 3 + random.integer(12), dim),
    metadata: { n: i, even: i % 2 === 0 },
  }));
}

export function topicTokens(random: Random, rows: number, dim: number): Tokens {
  const directions = randomTokens(new Random(7), 40, dim);
  const tokens = randomTokens(random, rows, dim);
  for (let row = 0; row < rows; row++) {
    const direction = random.integer(40) * dim;
    let square = 0;
    for (let k = 0; k < dim; k++)
      square += (tokens.data[row * dim + k] = tokens.data[row * dim + k]! * 0.6 + directions.data[direction + k]!) ** 2;
    for (let k = 0; k < dim; k++) tokens.data[row * dim + k]! /= Math.sqrt(square);
  }
  return tokens;
}
