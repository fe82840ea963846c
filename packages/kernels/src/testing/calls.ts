/** A call of every operation with random arguments of small, odd shapes: what the fuzz tests and the tests of threads start from. */
import type { F32Rows, I8Rows, Kernels, Metric, PqRows, Rows } from '../contract.ts';
import { type Cases, type CaseType, oracle } from './cases.ts';
import { packedLists } from './packed-lists.ts';

/** Makes the arguments of one call; the fuzz tests then damage some of them. */
type Arguments = (make: Cases) => unknown[];

const types: readonly CaseType[] = [
  'f32',
  'f16',
  'bf16',
  'i8',
  'bits',
  'residual1',
  'residual2',
  'residual4',
  'residual8',
  'residual4unit',
];
const dims = [1, 3, 16, 31, 64, 96, 127, 128, 200];

function pick<T>({ random }: Cases, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}

const typeOf = (make: Cases): CaseType => pick(make, types);
const dimOf = (make: Cases): number => pick(make, dims);
const countOf = (make: Cases, most = 40): number => make.random.integer(most + 1);
const lengthsOf = (make: Cases): number[] => Array.from({ length: countOf(make, 6) }, () => countOf(make, 20));
const metricOf = (make: Cases, queries: Rows, rows: Rows): Metric =>
  pick<Metric>(make, queries.type === 'bits' && rows.type === 'bits' ? ['dot', 'cosine', 'l2', 'hamming'] : ['dot', 'cosine', 'l2']);

function f32(make: Cases, count: number, dim: number): F32Rows {
  return make.rows('f32', count, dim) as F32Rows;
}

/** Each of some options, or not. */
function some(make: Cases, options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && make.random.next() < 0.5));
}

function onlyOf(make: Cases, below: number): Uint32Array | undefined {
  return below === 0 ? undefined : make.list(countOf(make, 9), below);
}

function pairOf(make: Cases, rowsAtLeast = 0): { queries: Rows; rows: Rows; count: number } {
  const dim = dimOf(make);
  const count = rowsAtLeast + countOf(make);
  return {
    queries: make.rows(pick(make, ['f32', 'i8', 'bits', 'bf16']), countOf(make, 37), dim),
    rows: make.rows(typeOf(make), count, dim),
    count,
  };
}

function maxSimArguments(make: Cases): unknown[] {
  const dim = dimOf(make);
  const lengths = lengthsOf(make);
  const offsets = make.offsets(lengths);
  const queryRows = countOf(make, 37);
  const query = make.rows(pick(make, ['f32', 'i8', 'bits', 'bf16']), queryRows, dim);
  const rows = make.rows(typeOf(make), offsets.at(-1)!, dim);
  const options = some(make, {
    only: onlyOf(make, lengths.length),
    weights: make.weights(queryRows),
    metric: pick(make, ['dot', 'cosine']),
    norms: oracle.norms(rows),
  });
  return [query, { rows, offsets }, options];
}

function postingsOf(make: Cases, documents: number) {
  const lists = Array.from({ length: 1 + countOf(make, 5) }, () =>
    Array.from({ length: documents }, (_, d) => d).filter(() => make.random.next() < 0.4),
  );
  const values = make.floats(lists.flat().length);
  return { offsets: make.offsets(lists.map((list) => list.length)), documents: Uint32Array.from(lists.flat()), values };
}

function pqOf(make: Cases) {
  const codes = pick(make, [16, 256] as const);
  const parts = 1 + countOf(make, 8);
  const dim = parts * (1 + countOf(make, 3));
  const codebooks = { data: make.floats(codes * dim), dim, parts, codes };
  return { codebooks, rows: f32(make, countOf(make), dim), queries: f32(make, countOf(make, 5), dim) };
}

function codedOf(make: Cases) {
  const { codebooks, rows, queries } = pqOf(make);
  const coded: PqRows = oracle.pqEncode(rows, codebooks);
  return { tables: oracle.pqTables(queries, codebooks, { metric: pick(make, ['dot', 'l2']) }), coded };
}

function scaledOf(make: Cases) {
  const bits = pick(make, [1, 2, 4, 8] as const);
  const dim = dimOf(make);
  const levels = Int8Array.from({ length: bits === 8 ? 0 : 2 ** bits }, (_, i) => i * 8 - 60);
  const count = countOf(make);
  const centroids = oracle.quantise(f32(make, 1 + countOf(make, 9), dim), 'i8') as I8Rows;
  const codec = {
    bits,
    centroids,
    levels,
    cutoffs: Float32Array.from({ length: Math.max(0, levels.length - 1) }, (_, i) => i / 8 - 1),
    scales: Float32Array.from({ length: 256 }, (_, i) => Math.exp(-9 + i / 28)),
  };
  const ids = Uint16Array.from(make.list(count, centroids.scales.length));
  const rows = f32(make, count, dim);
  const query = oracle.quantise(f32(make, countOf(make, 37), dim), 'i8') as I8Rows;
  return { rows, ids, codec, coded: oracle.encodeScaledResiduals(rows, ids, codec), query, centroids, count };
}

function graphOf(make: Cases) {
  const count = 1 + countOf(make, 60);
  const dim = pick(make, [3, 16, 33]);
  const rows = make.rows(pick(make, ['f32', 'i8', 'f16', 'bits']), count, dim);
  const graph = oracle.hnswGraph(count, { m: pick(make, [2, 4, 7]) });
  return { graph, rows, count, dim, metric: pick<Metric>(make, ['dot', 'cosine', 'l2']) };
}

/** The arguments of every operation, by its name. */
export const callsOf: { readonly [name in keyof Kernels]?: Arguments } = {
  norms: (make) => [make.rows(typeOf(make), countOf(make), dimOf(make))],
  normalise: (make) => [f32(make, countOf(make), dimOf(make))],
  quantise: (make) => [f32(make, countOf(make), dimOf(make)), pick(make, ['f16', 'bf16', 'i8', 'bits'])],
  dequantise: (make) => {
    const count = countOf(make);
    return [make.rows(typeOf(make), count, dimOf(make)), some(make, { only: onlyOf(make, count) })];
  },
  sumRows: (make) => {
    const offsets = make.offsets(lengthsOf(make));
    return [{ rows: make.rows(typeOf(make), offsets.at(-1)!, dimOf(make)), offsets }, some(make, { mean: true })];
  },
  scores: (make) => {
    const { queries, rows, count } = pairOf(make);
    return [queries, rows, some(make, { metric: metricOf(make, queries, rows), only: onlyOf(make, count), norms: oracle.norms(rows) })];
  },
  search: (make) => {
    const { queries, rows, count } = pairOf(make);
    const limit = make.random.next() < 0.5 ? { only: onlyOf(make, count) } : { allow: make.bitmap(count) };
    return [
      queries,
      rows,
      1 + countOf(make, 12),
      some(make, { metric: metricOf(make, queries, rows), ...limit, norms: oracle.norms(rows) }),
    ];
  },
  topK: (make) => {
    const count = countOf(make, 200);
    const values = pick(make, [make.floats(count), make.list(count, 2 ** 32), Uint16Array.from(make.list(count, 65_536))]);
    return [values, countOf(make, 30), some(make, { allow: make.bitmap(count), order: pick(make, ['largest', 'smallest']) })];
  },
  maxSim: maxSimArguments,
  maxSimPositions: maxSimArguments,
  encodeResiduals: (make) => {
    const [bits, dim, count] = [pick(make, [1, 2, 4, 8] as const), dimOf(make), countOf(make)];
    const codes = 2 ** bits;
    const codec = { bits, dim, centroids: make.floats(3 * dim), cutoffs: make.floats(codes - 1).sort(), weights: make.floats(codes) };
    return [f32(make, count, dim), make.list(count, 3), codec];
  },
  assign: (make) => {
    const { queries, rows } = pairOf(make, 1);
    return [queries, rows, some(make, { metric: pick(make, ['dot', 'l2']) })];
  },
  sumClusters: (make) => {
    const [count, clusters] = [countOf(make), 1 + countOf(make, 9)];
    return [make.rows(typeOf(make), count, dimOf(make)), make.list(count, clusters), clusters];
  },
  centroidTable: (make) => {
    const [dim, queryRows] = [dimOf(make), countOf(make, 37)];
    const options = some(make, { type: pick(make, ['u8', 'f32']), weights: make.weights(queryRows) });
    return [f32(make, queryRows, dim), f32(make, 1 + countOf(make, 20), dim), options];
  },
  centroidScan: (make) => {
    const dim = dimOf(make);
    const lengths = lengthsOf(make);
    const offsets = make.offsets(lengths);
    const count = 1 + countOf(make, 20);
    const table = oracle.centroidTable(f32(make, countOf(make, 37), dim), f32(make, count, dim), {
      type: pick(make, ['u8', 'f32'] as const),
    });
    const ids = make.list(offsets.at(-1)!, count);
    const centroidIds = make.random.next() < 0.5 ? ids : Uint16Array.from(ids);
    return [table, { centroidIds, offsets }, some(make, { only: onlyOf(make, lengths.length) })];
  },
  encodeScaledResiduals: (make) => {
    const { rows, ids, codec } = scaledOf(make);
    return [rows, ids, codec];
  },
  decodeScaledResiduals: (make) => {
    const { coded, count } = scaledOf(make);
    return [coded, some(make, { only: onlyOf(make, count) })];
  },
  residualTable: (make) => {
    const { query, centroids } = scaledOf(make);
    return [query, centroids];
  },
  residualMaxSim: (make) => {
    const { coded, query, centroids, count } = scaledOf(make);
    const offsets = Uint32Array.of(0, count >> 1, count);
    return [oracle.residualTable(query, centroids), { rows: coded, offsets }, some(make, { only: make.list(5, 2) })];
  },
  warpScan: (make) => {
    const { coded, query, centroids, count } = scaledOf(make);
    const lists = centroids.scales.length;
    const offsets = Uint32Array.from({ length: lists + 1 }, (_, i) => Math.floor((i * count) / lists));
    const documents = make.list(count, 7);
    const missing = make.floats(query.scales.length);
    const probes = Uint32Array.from({ length: lists }, (_, i) => i).filter(() => make.random.next() < 0.7);
    const table = oracle.residualTable(query, centroids);
    return [
      table,
      { rows: coded, offsets, documents, count: 7 },
      probes,
      missing,
      1 + countOf(make, 9),
      some(make, { allow: make.bitmap(7) }),
    ];
  },
  accumulatePostings: (make) => {
    const postings = postingsOf(make, 50);
    return [postings, make.list(3, postings.offsets.length - 1), make.floats(3), make.floats(50)];
  },
  searchPostings: (make) => {
    const postings = postingsOf(make, 50);
    const terms = make.list(3, postings.offsets.length - 1);
    return [postings, terms, make.floats(3), 1 + countOf(make, 60), { documents: 50, ...some(make, { allow: make.bitmap(50) }) }];
  },
  searchScored: (make) => {
    const { offsets, documents } = postingsOf(make, 50);
    const scores = make.floats(documents.length).map(Math.abs);
    const ranges = Uint32Array.from(Array.from(make.list(3, offsets.length - 1)).flatMap((i) => [offsets[i]!, offsets[i + 1]!]));
    return [{ documents, scores }, ranges, 1 + countOf(make, 60), { documents: 50, ...some(make, { allow: make.bitmap(50), above: 0.3 }) }];
  },
  searchPacked: (make) => {
    const documents = pick(make, [1, 130, 600]);
    const { postings, terms, query } = packedLists(String(make.random.next()), documents, 1 + countOf(make, 1), make.random.next() < 0.5);
    const asked = query(Array.from({ length: 1 + countOf(make, 3) }, () => make.random.integer(terms)));
    return [postings, asked, 1 + countOf(make, 20), some(make, { allow: make.bitmap(documents), above: 0.5, pruned: false })];
  },
  sparseScores: (make) => {
    const lengths = lengthsOf(make);
    const offsets = make.offsets(lengths);
    const [count, width] = [offsets.at(-1)!, 1 + countOf(make)];
    return [
      make.floats(width),
      { offsets, indices: make.list(count, width), values: make.floats(count) },
      some(make, { only: onlyOf(make, lengths.length) }),
    ];
  },
  packIntegers: (make) => [
    make.list(countOf(make, 600), 2 ** make.random.integer(33)).sort(),
    some(make, { mode: pick(make, ['plain', 'frame', 'delta']), block: pick(make, [128, 256]) }),
  ],
  unpackIntegers: (make) => {
    const options = { mode: pick(make, ['plain', 'frame', 'delta'] as const), block: pick(make, [128, 256] as const) };
    return [oracle.packIntegers(make.list(countOf(make, 600), 2 ** make.random.integer(33)).sort(), options), {}];
  },
  pqEncode: (make) => {
    const { rows, codebooks } = pqOf(make);
    return [rows, codebooks];
  },
  pqTables: (make) => {
    const { queries, codebooks } = pqOf(make);
    return [queries, codebooks, some(make, { metric: pick(make, ['dot', 'l2']) })];
  },
  pqScores: (make) => {
    const { tables, coded } = codedOf(make);
    return [tables, coded, some(make, { only: onlyOf(make, coded.rows) })];
  },
  pqSearch: (make) => {
    const { tables, coded } = codedOf(make);
    const limit = make.random.next() < 0.5 ? { only: onlyOf(make, coded.rows) } : { allow: make.bitmap(coded.rows) };
    return [tables, coded, 1 + countOf(make, 12), some(make, limit)];
  },
  hnswInsert: (make) => {
    const { graph, rows, count, metric } = graphOf(make);
    return [graph, rows, count, { metric, efConstruction: 1 + countOf(make, 30) }];
  },
  hnswSearch: (make) => {
    const { graph, rows, count, dim, metric } = graphOf(make);
    oracle.hnswInsert(graph, rows, count, { metric, efConstruction: 20 });
    return [
      graph,
      rows,
      f32(make, countOf(make, 4), dim),
      1 + countOf(make, 12),
      { metric, ...some(make, { ef: 1 + countOf(make, 30), allow: make.bitmap(count) }) },
    ];
  },
};
