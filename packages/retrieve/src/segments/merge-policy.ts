/** A file is mapped whole, and arrays of Node 20 hold 4 GiB: merges stay well below. */
export const largestFile: number = 3 * 2 ** 30;

/** When segments are merged: by how many of about one size there are, and by how much of one is deleted. */
export interface MergePolicy {
  /** Segments of one tier that become one. */
  readonly segmentsPerTier: number;
  /** Segments of fewer live documents count as if they had this many. */
  readonly smallest: number;
  /** No merge makes a segment of more documents than this. */
  readonly largest: number;
  /** A segment of which more than this part is deleted is written anew. */
  readonly deletedShare: number;
}

/**
 * Which segments to merge next, as their positions, or undefined if all is well.
 *
 * Tiered merging, as in Lucene's TieredMergePolicy: sizes are put into tiers, each {@link MergePolicy.segmentsPerTier} times the one below; a tier
 * that is full becomes one segment of the next. A document is so rewritten once a tier, about log(n) times in its life.
 */
export function chooseMerge(
  segments: readonly { readonly size: number; readonly live: number; readonly bytes: number }[],
  policy: MergePolicy,
): number[] | undefined {
  const { segmentsPerTier, smallest, largest, deletedShare } = policy;
  const wasteful = segments.findIndex(({ size, live }) => size > 0 && (size - live) / size > deletedShare);
  if (wasteful >= 0) return [wasteful];
  const tiers = new Map<number, number[]>();
  segments.forEach(({ live }, i) => {
    const tier = Math.floor(Math.log(Math.max(live, smallest) / smallest) / Math.log(segmentsPerTier) + 1e-9);
    tiers.set(tier, [...(tiers.get(tier) ?? []), i]);
  });
  for (const [, members] of [...tiers].sort(([a], [b]) => a - b)) {
    if (members.length < segmentsPerTier) continue;
    const chosen: number[] = [];
    let total = 0;
    let bytes = 0;
    for (const i of members.sort((a, b) => segments[a]!.live - segments[b]!.live)) {
      total += segments[i]!.live;
      bytes += segments[i]!.bytes;
      if (total > largest || bytes > largestFile) break;
      chosen.push(i);
    }
    if (chosen.length > 1) return chosen.sort((a, b) => a - b);
  }
  return undefined;
}

/**
 * Which segments to merge so that as few as can be are left, as their positions: the smallest that fit one file; else one with deleted documents;
 * undefined where nothing is to be gained.
 */
export function chooseAll(
  segments: readonly { readonly size: number; readonly live: number; readonly bytes: number }[],
): number[] | undefined {
  const chosen: number[] = [];
  let bytes = 0;
  for (const i of segments.map((_, i) => i).sort((a, b) => segments[a]!.bytes - segments[b]!.bytes)) {
    bytes += segments[i]!.bytes;
    if (bytes > largestFile) break;
    chosen.push(i);
  }
  if (chosen.length > 1) return chosen.sort((a, b) => a - b);
  const wasteful = segments.findIndex(({ size, live }) => live < size);
  return wasteful < 0 ? undefined : [wasteful];
}
