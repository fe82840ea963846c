import type { OperationArguments } from '../arguments.ts';
import type { PackedPostings } from '../contract.ts';
import { fault } from './fault.ts';
import { Heap } from './heap.ts';
import { allowed } from './scores.ts';

const block = 128;
const infoBytes = 8;
const f32 = Math.fround;

/** Scores every document of every list; `pruned` makes no difference here. */
export function searchPacked(call: OperationArguments['searchPacked']): void {
  const { postings, terms, allow } = call;
  const { documents, codes } = postings;
  const entries = codes instanceof Uint16Array ? 65_536 : 256;
  const sums = new Float64Array(documents);
  for (let term = 0; term < terms.starts.length; term++) {
    const base = terms.bases[term]!;
    const weight = terms.weights[term]!;
    const field = terms.fields[term]!;
    if (field >= call.fields) throw fault('searchPacked', 'arguments', term);
    const read = (document: number, frequency: number): void => {
      if (document >= documents) throw fault('searchPacked', 'offsets', term);
      const inverse = terms.inverses[field * entries + codes[field * documents + document]!]!;
      sums[document]! += f32(base - f32(weight / f32(1 + f32(frequency * inverse))));
    };
    const count = terms.counts[term]!;
    if (count === 1) read(terms.starts[term]!, terms.occurrences[term]!);
    else if (count > 1) readList(postings, terms.starts[term]!, count, term, read);
  }
  best(sums, allow, call);
}

export function searchScored(call: OperationArguments['searchScored']): void {
  const { lists, ranges, documents, allow } = call;
  const sums = new Float64Array(documents);
  for (let i = 0; i < ranges.length; i += 2) {
    const [begin, end] = [ranges[i]!, ranges[i + 1]!];
    if (begin > end || end > lists.documents.length) throw fault('searchScored', 'offsets', i / 2);
    for (let p = begin; p < end; p++) {
      const document = lists.documents[p]!;
      if (document >= documents) throw fault('searchScored', 'document', i / 2);
      sums[document]! += lists.scores[p]!;
    }
  }
  best(sums, allow, call);
}

/** The best of sums of single precision, of those above a score. */
function best(sums: Float64Array, allow: Uint32Array | undefined, call: OperationArguments['searchPacked' | 'searchScored']): void {
  const heap = new Heap(call.k);
  for (let document = 0; document < sums.length; document++) {
    const score = f32(sums[document]!);
    if (score > call.above && allowed(allow, document)) heap.push(score, document);
  }
  call.counts[0] = heap.drain(call.indices, call.scores, 0, 1);
}

function readList(
  { bytes }: PackedPostings,
  start: number,
  count: number,
  term: number,
  read: (document: number, frequency: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = Math.ceil(count / block);
  const long = count >= block;
  let document = -1;
  try {
    let at = start;
    for (let b = 0; b < blocks; b++) {
      const size = Math.min(block, count - b * block);
      let gapBits: number;
      let frequencyBits: number;
      if (long) {
        const info = start + blocks * 8 + b * infoBytes;
        const table = blocks * (8 + infoBytes) + infoBytes;
        gapBits = view.getUint8(info);
        frequencyBits = view.getUint8(info + 1);
        at = start + table + (b === 0 ? 0 : view.getUint32(start + (blocks + b - 1) * 4, true));
      } else {
        const head = view.getUint8(at++);
        gapBits = head & 63;
        frequencyBits = head >>> 6;
        if (frequencyBits === 3) frequencyBits = view.getUint8(at++);
      }
      if (gapBits > 32 || frequencyBits > 32) throw fault('searchPacked', 'offsets', term);
      const whole = size === block;
      const frequencies = at + Math.ceil((size * gapBits) / 8);
      for (let i = 0; i < size; i++) {
        document += numberAt(view, at, gapBits, i, whole) + 1;
        read(document, numberAt(view, frequencies, frequencyBits, i, whole) + 1);
      }
    }
  } catch (error) {
    // Past the end of the bytes.
    if (error instanceof RangeError) throw fault('searchPacked', 'offsets', term);
    throw error;
  }
}

/** Number i of packed ones: in four lanes, or one after the other. */
function numberAt(view: DataView, start: number, bits: number, i: number, lanes: boolean): number {
  let value = 0;
  for (let b = 0; b < bits; b++) {
    const bit = (lanes ? i >>> 2 : i) * bits + b;
    const byte = lanes ? start + (bit >>> 5) * 16 + (i & 3) * 4 + ((bit & 31) >>> 3) : start + Math.floor(bit / 8);
    value += ((view.getUint8(byte) >>> (bit & 7)) & 1) * 2 ** b;
  }
  return value;
}
