import type { JudgedRanking } from '../judged-ranking.ts';
import { discountAt, type Gain } from './dcg.ts';

/**
 * trec_eval's own relatives of nDCG (Buckley, 2008): averages of nDCG where the ideal gain changes or at relevant documents, and
 * the measures G, whose discount grows with what could have stood above.
 *
 * Gains may be anything, also 0 or below; a document without judgement gains 0.
 */

/** The gains of the ideal ranking: those above 0, the best first. */
function idealGains(ranking: JudgedRanking, gain: Gain): Float64Array {
  const { documents } = ranking;
  if (gain(0) <= 0)
    return documents.positive
      .map(gain)
      .filter((value) => value > 0)
      .sort()
      .reverse();
  // Only grades that were given a gain of their own can make non-relevant documents worth something.
  const all = [...documents.grades.values()].filter((grade) => grade >= 0);
  return Float64Array.from(all, gain)
    .filter((value) => value > 0)
    .sort()
    .reverse();
}

/** What a judged document of the ranking gains. */
function gainAt(ranking: JudgedRanking, at: number, gain: Gain): number {
  const grade = ranking.grades[at]!;
  return grade < 0 ? 0 : gain(grade);
}

/** DCG of gains that may be negative. */
export function gainDcg(ranking: JudgedRanking, gain: Gain): number {
  let sum = 0;
  for (let i = 0; i < ranking.places.length; i++) {
    const value = gainAt(ranking, i, gain);
    if (value !== 0) sum += value / discountAt(ranking.places[i]!);
  }
  return sum;
}

export function gainIdealDcg(ranking: JudgedRanking, gain: Gain): number {
  const ideal = idealGains(ranking, gain);
  let sum = 0;
  for (let place = 0; place < ideal.length; place++) sum += ideal[place]! / discountAt(place);
  return sum;
}

export function gainNdcg(ranking: JudgedRanking, gain: Gain): number {
  const ideal = gainIdealDcg(ranking, gain);
  return ideal > 0 ? gainDcg(ranking, gain) / ideal : 0;
}

/** nDCG at each relevant document, averaged; a relevant document that was not retrieved has nDCG at the end. */
export function ndcgAtRelevant(ranking: JudgedRanking, gain: Gain): number {
  const ideal = idealGains(ranking, gain);
  if (ideal.length === 0) return 0;
  let results = 0;
  let best = 0;
  let ranked = 0;
  let sum = 0;
  let found = 0;
  const bestAt = (place: number): number => {
    for (; ranked <= place && ranked < ideal.length; ranked++) best += ideal[ranked]! / discountAt(ranked);
    return best;
  };
  for (let i = 0; i < ranking.places.length; i++) {
    const value = gainAt(ranking, i, gain);
    if (value === 0) continue;
    const place = ranking.places[i]!;
    results += value / discountAt(place);
    if (value > 0) {
      sum += results / bestAt(place);
      found++;
    }
  }
  sum += ((ideal.length - found) * results) / bestAt(ideal.length);
  return sum > 0 ? sum / ideal.length : 0;
}

/** nDCG at the ranks where the ideal gain changes, and at the end of the ranking, averaged. */
export function ndcgAtLevels(ranking: JudgedRanking, gain: Gain, level: number): number {
  if (ranking.relevant(level).total === 0) return 0;
  const ideal = idealGains(ranking, gain);
  const { places, retrieved } = ranking;
  let results = 0;
  let at = 0;
  let best = 0;
  let sum = 0;
  let points = 0;
  const resultsUpTo = (place: number): number => {
    for (; at < places.length && places[at]! < place; at++) {
      const value = gainAt(ranking, at, gain);
      if (value !== 0) results += value / discountAt(places[at]!);
    }
    return results;
  };
  for (let place = 0; place < ideal.length; place++) {
    if (place > 0 && ideal[place]! !== ideal[place - 1]!) {
      sum += resultsUpTo(place) / best;
      points++;
    }
    best += ideal[place]! / discountAt(place);
  }
  if (best > 0) {
    // The ideal gain drops to 0 behind its last document; what is retrieved beyond makes one more point, at the end.
    sum += resultsUpTo(ideal.length) / best;
    points++;
    if (retrieved > ideal.length + 1) {
      sum += resultsUpTo(retrieved) / best;
      points++;
    }
  }
  return points === 0 ? 0 : sum / points;
}

/** binG: the mean over relevant documents of 1 / log2(2 + non-relevant documents above). */
export function binaryG(ranking: JudgedRanking, level: number): number {
  const { places, total } = ranking.relevant(level);
  let sum = 0;
  for (let found = 0; found < places.length; found++) sum += 1 / discountAt(places[found]! - found);
  return places.length === 0 ? 0 : sum / total;
}

/** G: each gain over log2(2 + what an ideal ranking would have gained more by then), in relation to all there is to gain. */
export function normalisedG(ranking: JudgedRanking, gain: Gain): number {
  const ideal = idealGains(ranking, gain);
  let all = 0;
  for (const value of ideal) all += value;
  if (all <= 0) return 0;
  let cost = 0;
  let counted = 0;
  let results = 0;
  let sum = 0;
  for (let i = 0; i < ranking.places.length; i++) {
    const value = gainAt(ranking, i, gain);
    results += value;
    // A place costs what the ideal ranking gains there, and 1 at least.
    for (; counted <= ranking.places[i]!; counted++) cost += counted < ideal.length ? Math.max(ideal[counted]!, 1) : 1;
    if (value !== 0) sum += value / Math.log2(2 + cost - results);
  }
  return sum / all;
}
