import type { OperationArguments } from '../arguments.ts';
import { fault } from './fault.ts';
import { Heap } from './heap.ts';
import { allowed } from './scores.ts';

export function accumulatePostings(call: OperationArguments['accumulatePostings']): void {
  const { postings, terms, weights, accumulator } = call;
  const { offsets, documents, values } = postings;
  const whole = accumulator instanceof Uint32Array;
  for (let i = 0; i < terms.length; i++) {
    const term = terms[i]!;
    const weight = weights[i]!;
    if (term >= offsets.length - 1) throw fault('accumulatePostings', 'only', i);
    const from = offsets[term]!;
    const to = offsets[term + 1]!;
    if (from > to || to > documents.length) throw fault('accumulatePostings', 'offsets', term);
    for (let p = from; p < to; p++) {
      const document = documents[p]!;
      if (document >= accumulator.length) throw fault('accumulatePostings', 'document', term);
      if (whole) accumulator[document] = accumulator[document]! + Math.imul(weight, values[p]!);
      else accumulator[document] = accumulator[document]! + Math.fround(weight * values[p]!);
    }
  }
}

export function searchPostings(call: OperationArguments['searchPostings']): void {
  const { postings, terms, weights, documents, allow } = call;
  const sums = new Float32Array(documents);
  accumulatePostings({ postings, terms, weights, accumulator: sums });
  const heap = new Heap(call.k);
  for (let document = 0; document < documents; document++) {
    if (sums[document]! > 0 && allowed(allow, document)) heap.push(sums[document]!, document);
  }
  call.counts[0] = heap.drain(call.indices, call.scores, 0, 1);
}

/** A unit is a row (of all, or of the list). */
export function sparseScores(call: OperationArguments['sparseScores'], begin: number, end: number): void {
  const { query, rows, only, scores } = call;
  const { offsets, indices, values } = rows;
  for (let unit = begin; unit < end; unit++) {
    const row = only === undefined ? unit : only[unit]!;
    if (row >= offsets.length - 1) throw fault('sparseScores', 'only', unit);
    const from = offsets[row]!;
    const to = offsets[row + 1]!;
    if (from > to || to > indices.length) throw fault('sparseScores', 'offsets', row);
    let sum = 0;
    for (let p = from; p < to; p++) {
      const index = indices[p]!;
      if (index >= query.length) throw fault('sparseScores', 'document', row);
      sum += query[index]! * values[p]!;
    }
    scores[unit] = sum;
  }
}
