import { type Combination, eachEntry } from '../lists/combination.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';

/**
 * Scores each document by the greatest of the values that its lists give it, or the least. Lists that give that value share the score.
 */
export function byExtreme(lists: RankedLists, values: Float64Array, which: 'greatest' | 'least'): Combination {
  const { documents, ids, runs } = lists;
  const sign = which === 'greatest' ? 1 : -1;
  const scores = new Float64Array(ids.length).fill(Number.NEGATIVE_INFINITY);
  for (let at = 0; at < documents.length; at++) {
    const document = documents[at]!;
    const value = sign * values[at]!;
    if (value > scores[document]!) scores[document] = value;
  }
  for (let document = 0; document < scores.length; document++) scores[document]! *= sign;
  return {
    scores,
    contributions() {
      const sharers = new Int32Array(ids.length);
      for (let at = 0; at < documents.length; at++) if (values[at] === scores[documents[at]!]) sharers[documents[at]!]!++;
      const shares = new Float64Array(runs.length * ids.length);
      eachEntry(lists, (list, at) => {
        const document = documents[at]!;
        if (values[at] === scores[document]) shares[list * ids.length + document] = values[at]! / sharers[document]!;
      });
      return shares;
    },
  };
}

/** Scores each document by the median of the values that its lists give it; of an even number, by the mean of the middle two. Lists that give a middle value share its half of the score. */
export function byMedian(lists: RankedLists, values: Float64Array): Combination {
  const { documents, ids, runs } = lists;
  const grouped = groupByDocument(lists, values);
  const lower = new Float64Array(ids.length);
  const upper = new Float64Array(ids.length);
  const scores = new Float64Array(ids.length);
  for (let document = 0; document < ids.length; document++) {
    const from = grouped.starts[document]!;
    const last = grouped.starts[document + 1]! - 1;
    sortAscending(grouped.values, from, last + 1);
    lower[document] = grouped.values[(from + last) >> 1]!;
    upper[document] = grouped.values[(from + last + 1) >> 1]!;
    scores[document] = (lower[document]! + upper[document]!) / 2;
  }
  return {
    scores,
    contributions() {
      const shares = new Float64Array(runs.length * ids.length);
      eachEntry(lists, (list, at) => {
        const document = documents[at]!;
        for (const middle of [lower[document]!, upper[document]!]) {
          // Equal values cannot be told apart, so all who gave a middle value share in it.
          if (values[at] === middle) shares[list * ids.length + document]! += middle / 2 / equalTo(grouped, document, middle);
        }
      });
      return shares;
    },
  };
}

/** The values of each document side by side. */
interface GroupedValues {
  /** Where the values of each document begin; one entry more than there are documents. */
  readonly starts: Int32Array;
  readonly values: Float64Array;
}

function groupByDocument({ documents, ids }: RankedLists, values: Float64Array): GroupedValues {
  const starts = new Int32Array(ids.length + 1);
  for (let at = 0; at < documents.length; at++) starts[documents[at]! + 1]!++;
  for (let document = 0; document < ids.length; document++) starts[document + 1]! += starts[document]!;
  const next = starts.slice();
  const grouped = new Float64Array(values.length);
  for (let at = 0; at < documents.length; at++) grouped[next[documents[at]!]!++] = values[at]!;
  return { starts, values: grouped };
}

/** Insertion sort: a document has as many values as there are runs, which are few. */
function sortAscending(values: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > from && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}

function equalTo({ starts, values }: GroupedValues, document: number, value: number): number {
  let count = 0;
  for (let at = starts[document]!; at < starts[document + 1]!; at++) if (values[at] === value) count++;
  return count;
}
