/**
 * How a pair that is too long is cut:
 * `longest-first` takes from the longer of the two until they fit; `only-second` and `only-first` cut one side;
 * `none` leaves it as it is.
 */
export type PairTruncation = 'longest-first' | 'only-second' | 'only-first' | 'none';

export const pairTruncations: readonly PairTruncation[] = ['longest-first', 'only-second', 'only-first', 'none'];

/**
 * The lengths of two texts that together may have `room` tokens. Special tokens are no part of them, so separators are never cut.
 *
 * `longest-first`, as the reference: the shorter keeps all it has while the longer gives way; where both are longer than half,
 * each gets half and the longer one the odd token.
 */
export function truncatedLengths(first: number, second: number, room: number, how: PairTruncation): [first: number, second: number] {
  if (how === 'none' || first + second <= room) return [first, second];
  if (how === 'only-second') return [first, Math.max(0, room - first)];
  if (how === 'only-first') return [Math.max(0, room - second), second];
  const short = Math.min(first, second, Math.floor(room / 2));
  const long = room - short;
  return first > second ? [long, short] : [short, long];
}
