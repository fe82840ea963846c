import { Random } from '@rank-rank/core';

/**
 * Spherical k-means of a few rows (Dhillon and Modha 2001): groups by the largest cosine to the group's mean direction. Starts from rows
 * spread by k-means++, ends when nothing moves. Groups are numbered by their first row; a group may come out empty and is then left out.
 */
export function sphericalGroups(
  data: Float32Array,
  rows: number,
  dim: number,
  clusters: number,
  seed: number,
  iterations = 20,
): Uint32Array {
  const random = new Random(seed);
  const means = new Float64Array(clusters * dim);
  const product = (row: number, cluster: number): number => {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += data[row * dim + k]! * means[cluster * dim + k]!;
    return sum;
  };
  const distance = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  for (let c = 0, pick = random.integer(rows); c < clusters; c++) {
    means.set(data.subarray(pick * dim, (pick + 1) * dim), c * dim);
    let total = 0;
    for (let row = 0; row < rows; row++) total += distance[row] = Math.min(distance[row]!, Math.max(0, 1 - product(row, c)));
    let at = random.next() * total;
    pick = 0;
    while (pick < rows - 1 && (at -= distance[pick]!) > 0) pick++;
  }
  const groups = new Uint32Array(rows);
  for (let iteration = 0; iteration < iterations; iteration++) {
    let moved = 0;
    for (let row = 0; row < rows; row++) {
      let best = 0;
      let bestProduct = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < clusters; c++) {
        const value = product(row, c);
        if (value > bestProduct) {
          bestProduct = value;
          best = c;
        }
      }
      if (groups[row] !== best || iteration === 0) moved++;
      groups[row] = best;
    }
    if (moved === 0) break;
    means.fill(0);
    for (let row = 0; row < rows; row++) for (let k = 0; k < dim; k++) means[groups[row]! * dim + k]! += data[row * dim + k]!;
    for (let c = 0; c < clusters; c++) {
      let square = 0;
      for (let k = 0; k < dim; k++) square += means[c * dim + k]! ** 2;
      if (square > 0) for (let k = 0; k < dim; k++) means[c * dim + k]! /= Math.sqrt(square);
    }
  }
  const numbers = new Map<number, number>();
  return groups.map((group) => {
    let number = numbers.get(group);
    if (number === undefined) numbers.set(group, (number = numbers.size));
    return number;
  });
}
