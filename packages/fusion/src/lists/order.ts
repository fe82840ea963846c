import { compareCodePoints, type Hit, RankError } from '@rank-rank/core';

/** Which half of a float64 holds its sign and exponent. */
const high = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
/** Above this many documents a number no longer fits beside a 16-bit key. */
const mostPacked = 65_536;
/** Runs of equal keys up to this length are put right by insertion. */
const shortRun = 24;

// Scratch that grows with the largest query seen; ordering is synchronous and calls nobody, so it is never shared by two queries at once.
let scratch = scratchFor(1024);
const histogram = new Int32Array(512);

/** Keys of documents; keys and documents packed in one number, before and between the passes; documents in order. */
interface Scratch {
  readonly keys: Uint32Array;
  readonly packed: Uint32Array;
  readonly swapped: Uint32Array;
  readonly order: Uint32Array;
}

function scratchFor(count: number): Scratch {
  return { keys: new Uint32Array(count), packed: new Uint32Array(count), swapped: new Uint32Array(count), order: new Uint32Array(count) };
}

/**
 * Documents by score, best first, equal scores by id (code-point order): the best `topK` of them as hits.
 *
 * A radix sort: two passes over keys of 16 bits put nearly everything in place without a comparison; what still shares its key is
 * compared in full.
 */
export function orderedHits(ids: readonly string[], scores: Float64Array, topK: number = ids.length): Hit[] {
  const ordered = orderDocuments(ids, scores);
  const length = Math.min(topK, ids.length);
  const hits = new Array<Hit>(length);
  for (let i = 0; i < length; i++) {
    const document = ordered[i]!;
    hits[i] = { id: ids[document]!, score: scores[document]! };
  }
  return hits;
}

/**
 * {@link orderedHits} for runs, which are kept; the same lines in a place of their own: the engine learns for each place in the source how long its
 * objects live, and hits that it thinks short-lived are copied twice while a run grows.
 */
export function keptHits(ids: readonly string[], scores: Float64Array, topK: number = ids.length): Hit[] {
  const ordered = orderDocuments(ids, scores);
  const length = Math.min(topK, ids.length);
  const hits = new Array<Hit>(length);
  for (let i = 0; i < length; i++) {
    const document = ordered[i]!;
    hits[i] = { id: ids[document]!, score: scores[document]! };
  }
  return hits;
}

/** Document numbers by score, best first, equal scores by id. The array is scratch: it is valid until the next call. */
export function orderDocuments(ids: readonly string[], scores: Float64Array): Uint32Array {
  const count = ids.length;
  if (count > mostPacked) return byComparison(ids, scores);
  if (scratch.keys.length < count) scratch = scratchFor(2 ** Math.ceil(Math.log2(count)));
  const { keys, packed, swapped, order } = scratch;
  const places = histogram;
  if (!keysByValue(ids, scores, keys)) keysByBits(scores, keys);
  places.fill(0);
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    packed[i] = (key << 16) | i;
    places[key & 255]!++;
    places[256 + (key >>> 8)]!++;
  }
  let lower = 0;
  let upper = 0;
  for (let digit = 0; digit < 256; digit++) {
    const lowerCount = places[digit]!;
    places[digit] = lower;
    lower += lowerCount;
    const upperCount = places[256 + digit]!;
    places[256 + digit] = upper;
    upper += upperCount;
  }
  for (let i = 0; i < count; i++) {
    const entry = packed[i]!;
    swapped[places[(entry >>> 16) & 255]!++] = entry;
  }
  for (let i = 0; i < count; i++) {
    const entry = swapped[i]!;
    order[places[256 + (entry >>> 24)]!++] = entry & 0xffff;
  }
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const key = keys[order[i]!]!;
    if (key !== previous) {
      previous = key;
      continue;
    }
    let to = i + 1;
    while (to < count && keys[order[to]!] === key) to++;
    orderEqualKeys(order, ids, scores, i - 1, to);
    i = to - 1;
  }
  return order;
}

/**
 * Keys of 16 bits in proportion to the distance from the best score; false where the bits of the scores make better ones: above 0,
 * where they keep as many digits of small scores as of large ones, and where nearly all scores lie close together.
 */
function keysByValue(ids: readonly string[], scores: Float64Array, keys: Uint32Array): boolean {
  const count = scores.length;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    // Adding 0 turns -0, whose bits sort below 0, into 0.
    const score = scores[i]! + 0;
    if (score - score !== 0) throw notFinite(ids[i]!, score);
    scores[i] = score;
    if (score < least) least = score;
    if (score > most) most = score;
  }
  if (least > 0) return false;
  // 0 where all are equal, or too far apart for a difference: then there are no keys to tell them apart by.
  const scale = most > least ? 65_535 / (most - least) : 0;
  let close = 0;
  for (let i = 0; i < count; i++) {
    const key = (most - scores[i]!) * scale;
    keys[i] = key;
    if (key >= 65_279) close++;
  }
  return scale > 0 && 2 * close <= count;
}

/** Keys of the 16 leading bits in which the scores differ: the bits of floats order as integers do. */
function keysByBits(scores: Float64Array, keys: Uint32Array): void {
  const count = scores.length;
  const words = new Uint32Array(scores.buffer, scores.byteOffset, 2 * count);
  let least = 0xffffffff;
  let most = 0;
  for (let i = 0; i < count; i++) {
    const bits = words[2 * i + high]!;
    // Descending: positive numbers sort by their inverted bits, negative ones, after them, by their bits.
    const key = ((bits & 0x80000000) === 0 ? ~bits & 0x7fffffff : bits) >>> 0;
    keys[i] = key;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  const shift = Math.max(0, 16 - Math.clz32(most - least));
  for (let i = 0; i < count; i++) keys[i] = (keys[i]! - least) >>> shift;
}

/** Orders a run of documents whose keys are equal, by comparing them in full. */
function orderEqualKeys(order: Uint32Array, ids: readonly string[], scores: Float64Array, from: number, to: number): void {
  if (to - from > shortRun) {
    order.set(
      Array.from(order.subarray(from, to)).sort((a, b) => scores[b]! - scores[a]! || compareCodePoints(ids[a]!, ids[b]!)),
      from,
    );
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const document = order[i]!;
    const score = scores[document]!;
    let at = i;
    for (; at > from; at--) {
      const before = order[at - 1]!;
      const scoreBefore = scores[before]!;
      if (scoreBefore > score || (scoreBefore === score && compareCodePoints(ids[before]!, ids[document]!) < 0)) break;
      order[at] = before;
    }
    order[at] = document;
  }
}

function byComparison(ids: readonly string[], scores: Float64Array): Uint32Array {
  for (let i = 0; i < scores.length; i++) if (!Number.isFinite(scores[i])) throw notFinite(ids[i]!, scores[i]!);
  return Uint32Array.from(ids.keys()).sort((a, b) => scores[b]! - scores[a]! || compareCodePoints(ids[a]!, ids[b]!));
}

function notFinite(id: string, score: number): RankError {
  return new RankError(
    'NOT_FINITE',
    `The fused score of document ${JSON.stringify(id)} is ${score}: the scores are too large to be added. Normalize them first, as with normalization: "min-max".`,
    { id, score },
  );
}
