import { type Best, kernels } from '@rank-rank/kernels';
import type { PlannedTerm } from '../query/plan.ts';
import type { CollectionStatistics, Model } from '../scoring/model.ts';
import type { Segment } from '../segment/segment.ts';

/** With lengths that come to less a term could score 0 in single precision, which the kernel takes for no match. */
const leastInverse = 2 ** -20;

/** What a segment's lengths come to in a model, for the kernel. */
export interface SaturationTables {
  readonly inverses: Float32Array;
  readonly bucketInverses: Float32Array;
  /** Whether no length comes to too little. */
  readonly usable: boolean;
}

export function saturationTables(segment: Segment, model: Model, collections: readonly CollectionStatistics[]): SaturationTables {
  const entries = segment.lengthCodes instanceof Uint16Array ? 0x10000 : 0x100;
  const inverses = new Float32Array(entries * segment.fields.length);
  const bucketInverses = new Float32Array(255 * segment.fields.length);
  let usable = true;
  for (const [field, { lengths, bucketLengths }] of segment.fields.entries()) {
    const collection = collections[field]!;
    if (collection.documents === 0) continue;
    lengths.forEach((length, code) => {
      const inverse = model.inverse!(length, collection);
      inverses[field * entries + code] = inverse;
      if (!(inverse >= leastInverse)) usable = false;
    });
    bucketLengths.forEach((length, bucket) => {
      bucketInverses[field * 255 + bucket] = model.inverse!(length, collection);
    });
  }
  return { inverses, bucketInverses, usable };
}

/** Whether a query of these terms can be left to the kernel: every term scores above 0, and nothing is added besides. */
export function isSaturated(model: Model, terms: readonly PlannedTerm[]): boolean {
  const { saturation } = model;
  if (saturation === undefined || model.document !== undefined) return false;
  return terms.every(({ statistics, collection, weight }) => {
    const { base, absent } = saturation(statistics, collection, weight);
    return base > 0 && base < Number.POSITIVE_INFINITY && absent === 0;
  });
}

/** The best documents of a segment that score above `above`, found by one call of the kernel. */
export function saturated(
  segment: Segment,
  model: Model,
  terms: readonly PlannedTerm[],
  tables: SaturationTables,
  allow: Uint32Array | undefined,
  k: number,
  above: number,
  pruned: boolean,
): Best {
  const count = terms.length;
  const starts = new Float64Array(count);
  const numbers = new Uint32Array(3 * count);
  const [counts, occurrences, fields] = [numbers.subarray(0, count), numbers.subarray(count, 2 * count), numbers.subarray(2 * count)];
  const floats = new Float32Array(2 * count);
  const [bases, weights] = [floats.subarray(0, count), floats.subarray(count)];
  for (let i = 0; i < count; i++) {
    const { field, term, statistics, collection, weight } = terms[i]!;
    const entry = segment.fields[field]!.terms.find(term);
    if (entry === undefined) continue;
    const saturation = model.saturation!(statistics, collection, weight);
    starts[i] = entry.start;
    counts[i] = entry.documentFrequency;
    occurrences[i] = entry.collectionFrequency;
    fields[i] = field;
    bases[i] = saturation.base;
    weights[i] = saturation.weight;
  }
  const { inverses, bucketInverses } = tables;
  const least = Math.max(0, above);
  return kernels.searchPacked(
    { bytes: segment.postings, documents: segment.size, codes: segment.lengthCodes },
    { starts, counts, occurrences, fields, bases, weights, inverses, bucketInverses },
    k,
    allow === undefined ? { pruned, above: least } : { pruned, above: least, allow },
  );
}
