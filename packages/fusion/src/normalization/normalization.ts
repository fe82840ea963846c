import { checkNumber, checkOptions, RankError, shown, unknownName } from '@rank-rank/core';
import { borda } from './borda.ts';
import { distribution } from './distribution.ts';
import { max } from './max.ts';
import { minMax, minMaxInverted } from './min-max.ts';
import { none } from './none.ts';
import type { Normalizer } from './normalizer.ts';
import { quantile } from './quantile.ts';
import { rank } from './rank.ts';
import { sigmoid } from './sigmoid.ts';
import { sum } from './sum.ts';
import { zScore } from './z-score.ts';

/** The normalizations there are. */
export type NormalizationName =
  | 'none'
  | 'min-max'
  | 'min-max-inverted'
  | 'max'
  | 'sum'
  | 'z-score'
  | 'z-score-clipped'
  | 'rank'
  | 'borda'
  | 'quantile'
  | 'sigmoid'
  | 'distribution';

/** How scores are normalized: a name, or z-score with bounds of its own. `z-score-clipped` is `{ name: 'z-score', clip: 3 }`. */
export type Normalization = NormalizationName | { readonly name: 'z-score'; readonly clip?: number };

const normalizers: Readonly<Record<NormalizationName, Normalizer>> = {
  none,
  'min-max': minMax,
  'min-max-inverted': minMaxInverted,
  max,
  sum,
  'z-score': zScore(),
  'z-score-clipped': { ...zScore(-3, 3), name: 'z-score-clipped' },
  rank,
  borda,
  quantile,
  sigmoid,
  distribution: distribution(),
};

/** The names of all normalizations. */
export const normalizationNames: readonly NormalizationName[] = Object.keys(normalizers) as NormalizationName[];

/** Names that other libraries use, written without punctuation. */
const aliases: Readonly<Record<string, NormalizationName>> = {
  zmuv: 'z-score',
  identity: 'none',
  percentile: 'quantile',
  logistic: 'sigmoid',
};

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** The normalizer that a name or an object stands for; names may be written as in other libraries (`min_max`, `zmuv`). */
export function toNormalizer(value: unknown, where: string): Normalizer {
  if (typeof value === 'string') {
    const name = normalizationNames.find((known) => bare(known) === bare(value)) ?? aliases[bare(value)];
    if (name === undefined) throw unknownName(where, value, normalizationNames);
    return normalizers[name];
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    checkOptions(where, value, ['name', 'clip']);
    const { name, clip } = value as { name?: unknown; clip?: unknown };
    if (typeof name === 'string') {
      const base = toNormalizer(name, `${where}.name`);
      if (clip === undefined) return base;
      if (base.name !== 'z-score') {
        throw new RankError('INVALID_ARGUMENT', `${where} clips ${shown(name)}; only "z-score" can be clipped.`);
      }
      const bound = checkNumber(`${where}.clip`, clip, { above: 0 });
      return zScore(-bound, bound);
    }
  }
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected one of ${normalizationNames.join(', ')}.`);
}
