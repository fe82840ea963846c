import { checkInteger, checkOptions } from '@rank-rank/core';
import type { RankingInput } from '../lists/ranked-lists.ts';
import { commonDocuments } from './common-documents.ts';

/** What two rankings share. */
export interface Overlap {
  readonly common: number;
  /** Documents that either has. */
  readonly union: number;
  /** common / union; 0 where both are empty. */
  readonly jaccard: number;
  /** common / the shorter length (Szymkiewicz–Simpson): 1 where one ranking is part of the other. */
  readonly coefficient: number;
}

export interface OverlapOptions {
  /** How many hits of each ranking are looked at; all by default. */
  readonly depth?: number;
}

/**
 * How many documents two rankings share, whatever their order.
 *
 * @example overlap(bm25.get('q1'), dense.get('q1'), { depth: 10 }).jaccard
 */
export function overlap(a: RankingInput, b: RankingInput, options: OverlapOptions = {}): Overlap {
  checkOptions('overlap', options, ['depth']);
  const depth = options.depth === undefined ? Number.POSITIVE_INFINITY : checkInteger('overlap: depth', options.depth, { min: 1 });
  const { first, second, lengths } = commonDocuments(a, b, 'overlap');
  let common = 0;
  for (let i = 0; i < first.length; i++) if (first[i]! < depth && second[i]! < depth) common++;
  const [x, y] = [Math.min(lengths[0], depth), Math.min(lengths[1], depth)];
  const union = x + y - common;
  const shorter = Math.min(x, y);
  return { common, union, jaccard: union === 0 ? 0 : common / union, coefficient: shorter === 0 ? 0 : common / shorter };
}
