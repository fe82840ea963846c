import type { HnswArguments, OperationArguments, OperationName, RowsArgument } from '../arguments.ts';
import type { Metric, RowsType } from '../contract.ts';

/** Operations by number, in the order of the table in native/variant.c. */
export const operationNames: readonly OperationName[] = ['maxSim', 'hnswFind', 'hnswLink', 'hnswSearch', 'searchPacked', 'searchScored'];

/** Where the header's entries stand before a call's own numbers; native/node.c and native/wasm.c read the same. */
export const header = { fault: 0, at: 1, begin: 2, end: 3, variant: 4, operation: 5, count: 6, grain: 7, threads: 8, size: 9 } as const;

export type Buffer = ArrayBufferView | undefined;

const typeNumbers: Readonly<Record<RowsType, number>> = { f32: 0, f16: 1, bf16: 2, i8: 3, bits: 4, residual: 5 };
const metricNumbers: Readonly<Record<Metric, number>> = { dot: 0, cosine: 1, l2: 2, hamming: 3 };

/** Writes a call down as numbers and buffers, in the order in which its C kernel takes them. */
export class Writer {
  readonly numbers: Float64Array = new Float64Array(96);
  readonly buffers: Buffer[] = [];
  #at: number = header.size;

  start(operation: OperationName, variant: number): void {
    this.buffers.length = 0;
    this.#at = header.size;
    this.numbers[header.variant] = variant;
    this.numbers[header.operation] = operationNames.indexOf(operation);
  }

  finish(begin: number, end: number): void {
    this.numbers[header.begin] = begin;
    this.numbers[header.end] = end;
    this.numbers[header.count] = this.#at - header.size;
  }

  number(value: number | boolean): void {
    this.numbers[this.#at++] = Number(value);
  }

  buffer(value: Buffer): void {
    this.buffers.push(value);
  }

  metric(value: Metric): void {
    this.number(metricNumbers[value]);
  }

  /** A list that may be absent: −1 entries. */
  list(value: Uint32Array | undefined): void {
    this.number(value === undefined ? -1 : value.length);
    this.buffer(value);
  }

  /** A buffer that may be absent: a flag. */
  optional(value: Buffer): void {
    this.number(value !== undefined);
    this.buffer(value);
  }

  rows(rows: RowsArgument): void {
    this.number(typeNumbers[rows.type]);
    this.number(rows.first + rows.rows);
    this.number(rows.dim);
    this.number(rows.stride);
    this.number(rows.first);
    this.number(rows.rows);
    if (rows.type === 'residual') {
      this.number(rows.bits!);
      this.number(rows.unit === true);
      this.number(rows.centroidIds instanceof Uint32Array);
      this.number(rows.centroids!.length / rows.dim);
    }
    this.buffer(rows.data);
    if (rows.type === 'i8') this.buffer(rows.scales);
    if (rows.type === 'residual') {
      this.buffer(rows.centroidIds);
      this.buffer(rows.centroids);
      this.buffer(rows.weights);
    }
  }
}

function graph(write: Writer, { graph: { m, levels, base, upperStarts, upper, size, entry }, rows, metric, norms }: HnswArguments): void {
  write.number(m);
  write.number(size);
  write.number(entry);
  write.number(levels.length);
  write.number(upper.length / m);
  write.buffer(levels);
  write.buffer(base);
  write.buffer(upperStarts);
  write.buffer(upper);
  write.rows(rows);
  write.metric(metric);
  write.optional(norms);
}

type Encode<N extends OperationName> = (write: Writer, call: OperationArguments[N]) => void;

/** How each operation is written down; the C kernel of that name reads the same, line by line. */
export const encoders: { readonly [N in OperationName]?: Encode<N> } = {
  maxSim(write, call) {
    write.rows(call.query);
    write.rows(call.rows);
    write.number(call.cosine);
    write.number(call.offsets.length - 1);
    write.buffer(call.offsets);
    write.list(call.only);
    write.optional(call.weights);
    write.optional(call.norms);
    write.buffer(call.scores);
    write.number(call.positions !== undefined);
    write.buffer(call.positions);
    write.buffer(call.similarities);
  },
  hnswFind(write, call) {
    graph(write, call);
    write.number(call.from);
    write.number(call.ef);
  },
  hnswLink(write, call) {
    graph(write, call);
    write.number(call.from);
    write.number(call.to);
  },
  hnswSearch(write, call) {
    graph(write, call);
    write.rows(call.queries);
    write.number(call.ef);
    write.list(call.allow);
    write.number(call.k);
    write.buffer(call.indices);
    write.buffer(call.scores);
    write.buffer(call.counts);
  },
  searchPacked(write, call) {
    const { postings, terms } = call;
    write.number(postings.documents);
    write.number(call.k);
    write.number(terms.starts.length);
    write.number(call.pruned);
    write.number(postings.codes instanceof Uint16Array);
    write.number(call.fields);
    write.number(postings.bytes.length);
    write.list(call.allow);
    write.buffer(postings.bytes);
    write.buffer(postings.codes);
    write.buffer(terms.inverses);
    write.buffer(terms.bucketInverses);
    write.buffer(terms.starts);
    write.buffer(terms.counts);
    write.buffer(terms.occurrences);
    write.buffer(terms.fields);
    write.buffer(terms.bases);
    write.buffer(terms.weights);
    write.buffer(call.indices);
    write.buffer(call.scores);
    write.buffer(call.counts);
  },
  searchScored(write, call) {
    write.number(call.documents);
    write.number(call.k);
    write.number(call.ranges.length / 2);
    write.number(call.lists.documents.length);
    write.list(call.allow);
    write.buffer(call.lists.documents);
    write.buffer(call.lists.scores);
    write.buffer(call.ranges);
    write.buffer(call.indices);
    write.buffer(call.scores);
    write.buffer(call.counts);
  },
};
