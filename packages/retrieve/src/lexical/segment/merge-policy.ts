import { largestFile } from '../../segments/merge-policy.ts';

/** Segments of about one size are merged when there are so many of them. */
const tier = 8;
/** Segments smaller than this count as of one size. */
const smallest = 1000;
/** A segment with so large a share of deleted documents is written anew. */
const mostDeleted = 1 / 3;

export interface Mergeable {
  /** Documents, deleted ones included. */
  readonly size: number;
  readonly live: number;
  /** Of its file. */
  readonly bytes: number;
}

/**
 * Which segments to merge next: eight of one tier (each tier holds eight times the documents of the one below), so that a document is
 * written again about once for every eightfold growth; or one that is a third deleted. Undefined where all is well.
 */
export function segmentsToMerge<T extends Mergeable>(segments: readonly T[]): T[] | undefined {
  const tiers = new Map<number, T[]>();
  for (const segment of segments) {
    if (segment.size - segment.live > segment.size * mostDeleted) return [segment];
    const level = Math.max(0, Math.ceil(Math.log(segment.live / smallest) / Math.log(tier)));
    const same = tiers.get(level) ?? [];
    same.push(segment);
    tiers.set(level, same);
    if (same.length === tier && same.reduce((sum, { bytes }) => sum + bytes, 0) <= largestFile) return same;
  }
  return undefined;
}
