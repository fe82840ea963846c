import type { HnswArguments, OperationArguments, OperationName, RowsArgument, ScaledResidualsArgument } from '../arguments.ts';
import type { Metric, Postings, PqCodebooks, PqRows, PqTables, RowsType } from '../contract.ts';

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

  /** The variant and the operation are numbers that the library gave their names. */
  start(variant: number, operation: number): void {
    this.buffers.length = 0;
    this.#at = header.size;
    this.numbers[header.variant] = variant;
    this.numbers[header.operation] = operation;
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

  /** `listed`: the rows' centroids are said by the lists they stand in. */
  residuals(rows: ScaledResidualsArgument, listed = false): void {
    this.number(rows.rows);
    this.number(rows.dim);
    this.number(rows.bits);
    this.number(listed ? 0 : rows.centroidIds.BYTES_PER_ELEMENT);
    this.rows(rows.centroids);
    this.buffer(rows.codes);
    this.buffer(listed ? undefined : rows.centroidIds);
    this.buffer(rows.levels);
    this.buffer(rows.scaleCodes);
    this.buffer(rows.scales);
  }
}

/** Values of postings and sparse rows: floats, half words or bytes. */
function valueKind(values: Float32Array | Uint16Array | Uint8Array): number {
  return values instanceof Float32Array ? 0 : values instanceof Uint16Array ? 1 : 2;
}

function writePostings(write: Writer, { offsets, documents, values }: Postings): void {
  write.number(offsets.length - 1);
  write.buffer(offsets);
  write.number(documents.length);
  write.buffer(documents);
  write.number(valueKind(values));
  write.buffer(values);
}

function writeCodebooks(write: Writer, { dim, parts, codes, data }: PqCodebooks): void {
  write.number(dim);
  write.number(parts);
  write.number(codes);
  write.buffer(data);
}

function writePqRows(write: Writer, { rows, parts, bits, codes }: PqRows): void {
  write.number(rows);
  write.number(parts);
  write.number(bits);
  write.buffer(codes);
}

function writePqPair(write: Writer, tables: PqTables, rows: PqRows): void {
  write.number(tables.queries);
  write.number(tables.parts);
  write.number(tables.codes);
  write.buffer(tables.data);
  writePqRows(write, rows);
}

/** Where the best of each list go: indices, scores and counts. */
function writeFound(
  write: Writer,
  found: { readonly indices: Uint32Array; readonly scores: Float32Array; readonly counts: Uint32Array },
): void {
  write.buffer(found.indices);
  write.buffer(found.scores);
  write.buffer(found.counts);
}

function writeGraph(write: Writer, { graph, rows, metric, norms }: HnswArguments): void {
  write.number(graph.m);
  write.number(graph.size);
  write.number(graph.entry);
  write.number(graph.levels.length);
  write.number(graph.upper.length / graph.m);
  write.buffer(graph.levels);
  write.buffer(graph.base);
  write.buffer(graph.upperStarts);
  write.buffer(graph.upper);
  write.rows(rows);
  write.metric(metric);
  write.optional(norms);
}

const modes = { plain: 0, frame: 1, delta: 2 } as const;

type Encode<N extends OperationName> = (write: Writer, call: OperationArguments[N]) => void;

/** How each operation is written down; the C kernel of that name reads the same, line by line. */
export const encoders: { readonly [N in OperationName]?: Encode<N> } = {
  norms(write, call) {
    write.rows(call.rows);
    write.buffer(call.norms);
  },
  normalise(write, call) {
    write.rows(call.rows);
    write.buffer(call.norms);
  },
  quantise(write, call) {
    write.rows(call.rows);
    write.rows(call.target);
  },
  dequantise(write, call) {
    write.rows(call.rows);
    write.list(call.only);
    write.buffer(call.out);
  },
  sumRows(write, call) {
    write.rows(call.rows);
    write.number(call.offsets.length - 1);
    write.buffer(call.offsets);
    write.number(call.mean);
    write.buffer(call.out);
  },
  scores(write, call) {
    write.rows(call.queries);
    write.rows(call.rows);
    write.metric(call.metric);
    write.list(call.only);
    write.optional(call.norms);
    write.buffer(call.scores);
  },
  search(write, call) {
    write.rows(call.queries);
    write.rows(call.rows);
    write.metric(call.metric);
    write.list(call.only);
    write.list(call.allow);
    write.optional(call.norms);
    write.number(call.k);
    write.number(call.shards);
    write.number(call.shardSize);
    writeFound(write, call);
  },
  topK(write, call) {
    // 8 stands for floats, which take 4 bytes as words do.
    write.number(call.values instanceof Float32Array ? 8 : call.values.BYTES_PER_ELEMENT);
    write.number(call.values.length);
    write.buffer(call.values);
    write.number(call.smallest);
    write.list(call.allow);
    write.number(call.k);
    writeFound(write, call);
  },
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
  encodeResiduals(write, call) {
    write.rows(call.rows);
    write.rows(call.target);
    write.number(call.cutoffs.length);
    write.buffer(call.cutoffs);
  },
  assign(write, call) {
    write.rows(call.rows);
    write.rows(call.centroids);
    write.number(call.squaredDistance);
    write.buffer(call.ids);
    write.buffer(call.scores);
  },
  sumClusters(write, call) {
    write.rows(call.rows);
    write.buffer(call.ids);
    write.number(call.clusters);
    write.buffer(call.sums);
    write.buffer(call.counts);
  },
  centroidTable(write, call) {
    write.rows(call.query);
    write.rows(call.centroids);
    write.optional(call.weights);
    write.number(call.stride);
    write.buffer(call.scores);
    write.number(call.table !== undefined);
    write.buffer(call.table);
    write.buffer(call.range);
  },
  centroidScan(write, { table, documents, only, scores }) {
    write.number(table.type === 'u8');
    write.number(table.centroids);
    write.number(table.queryRows);
    write.number(table.stride);
    write.number(table.low);
    write.number(table.step);
    write.buffer(table.data);
    write.number(documents.centroidIds instanceof Uint32Array);
    write.number(documents.centroidIds.length);
    write.buffer(documents.centroidIds);
    write.number(documents.offsets.length - 1);
    write.buffer(documents.offsets);
    write.list(only);
    write.buffer(scores);
  },
  accumulatePostings(write, call) {
    writePostings(write, call.postings);
    write.number(call.terms.length);
    write.buffer(call.terms);
    write.number(call.accumulator instanceof Uint32Array);
    write.buffer(call.weights);
    write.number(call.accumulator.length);
    write.buffer(call.accumulator);
  },
  searchPostings(write, call) {
    writePostings(write, call.postings);
    write.number(call.terms.length);
    write.buffer(call.terms);
    write.buffer(call.weights);
    write.number(call.documents);
    write.list(call.allow);
    write.number(call.blocks?.size ?? 0);
    write.number(call.blocks?.largest.length ?? 0);
    write.buffer(call.blocks?.rows);
    write.buffer(call.blocks?.maxima);
    write.buffer(call.blocks?.largest);
    write.number(call.k);
    writeFound(write, call);
  },
  sparseScores(write, { query, rows, only, scores }) {
    write.number(query.length);
    write.buffer(query);
    write.number(rows.offsets.length - 1);
    write.buffer(rows.offsets);
    write.number(rows.indices.length);
    write.number(rows.indices instanceof Uint32Array);
    write.buffer(rows.indices);
    write.number(valueKind(rows.values));
    write.buffer(rows.values);
    write.list(only);
    write.buffer(scores);
  },
  packIntegers(write, call) {
    write.number(call.values.length);
    write.buffer(call.values);
    write.number(modes[call.mode]);
    write.number(call.block);
    write.buffer(call.widths);
    write.buffer(call.bases);
    write.number(call.starts !== undefined);
    write.buffer(call.starts);
    write.number(call.words?.length ?? 0);
    write.buffer(call.words);
  },
  unpackIntegers(write, call) {
    write.number(modes[call.mode]);
    write.number(call.block);
    write.number(call.count);
    write.number(call.words.length);
    write.buffer(call.words);
    write.buffer(call.starts);
    write.buffer(call.widths);
    write.buffer(call.bases);
    write.number(call.from);
    write.number(call.out.length);
    write.buffer(call.out);
  },
  pqEncode(write, call) {
    write.rows(call.rows);
    writeCodebooks(write, call.codebooks);
    writePqRows(write, call.target);
  },
  pqTables(write, call) {
    write.rows(call.queries);
    writeCodebooks(write, call.codebooks);
    write.number(call.squaredDistance);
    write.buffer(call.tables);
  },
  pqScores(write, call) {
    writePqPair(write, call.tables, call.rows);
    write.list(call.only);
    write.buffer(call.scores);
  },
  pqSearch(write, call) {
    writePqPair(write, call.tables, call.rows);
    write.number(call.tables.smallest);
    write.list(call.only);
    write.list(call.allow);
    write.number(call.k);
    write.number(call.shards);
    write.number(call.shardSize);
    writeFound(write, call);
  },
  encodeScaledResiduals(write, call) {
    write.rows(call.rows);
    write.residuals(call.target);
    write.buffer(call.cutoffs);
  },
  decodeScaledResiduals(write, call) {
    write.residuals(call.rows);
    write.list(call.only);
    write.buffer(call.out);
  },
  residualTable(write, call) {
    write.rows(call.query);
    write.rows(call.centroids);
    write.number(call.stride);
    write.buffer(call.floats);
    write.buffer(call.bytes);
    write.buffer(call.range);
  },
  residualMaxSim(write, call) {
    write.rows(call.query);
    write.residuals(call.rows);
    write.number(call.tableStride);
    write.buffer(call.table);
    write.number(call.offsets.length - 1);
    write.buffer(call.offsets);
    write.list(call.only);
    write.buffer(call.scores);
  },
  warpScan(write, call) {
    write.rows(call.query);
    write.residuals(call.rows, true);
    write.number(call.tableStride);
    write.buffer(call.table);
    write.buffer(call.listOffsets);
    write.buffer(call.documents);
    write.number(call.probes.length);
    write.buffer(call.probes);
    write.buffer(call.missing);
    write.number(call.places.length);
    write.buffer(call.places);
    write.number(call.found.length);
    write.buffer(call.found);
    write.buffer(call.scores);
    write.buffer(call.counts);
  },
  hnswFind(write, call) {
    writeGraph(write, call);
    write.number(call.from);
    write.number(call.ef);
  },
  hnswLink(write, call) {
    writeGraph(write, call);
    write.number(call.from);
    write.number(call.to);
  },
  hnswSearch(write, call) {
    writeGraph(write, call);
    write.rows(call.queries);
    write.number(call.ef);
    write.list(call.allow);
    write.number(call.k);
    writeFound(write, call);
  },
  searchPacked(write, call) {
    const { postings, terms } = call;
    write.number(postings.documents);
    write.number(call.k);
    write.number(terms.starts.length);
    write.number(call.above);
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
    write.number(call.above);
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
