import { type OperationArguments, type OperationName, queryBlock, type ScaledResidualsArgument } from '../arguments.ts';
import { fault } from '../js/fault.ts';
import { Heap } from '../js/heap.ts';
import { someRows } from '../js/scores.ts';
import { gather, gatherRows, runsOfDocuments, runsOfRows } from './gather.ts';

/** A smaller call of the same operation, over some of its units or candidates. */
export interface Piece<N extends OperationName = OperationName> {
  readonly arguments: OperationArguments[N];
  readonly units: number;
  /** Takes over what the piece found, where it could not be written in its place. */
  readonly after?: () => void;
}

type Divide<N extends OperationName> = (call: OperationArguments[N], units: number, pieces: number) => Iterable<Piece<N>>;

/** Cuts between units. */
function byUnits<N extends OperationName>(
  cut: (call: OperationArguments[N], begin: number, end: number) => OperationArguments[N],
): Divide<N> {
  return function* (call, units, pieces) {
    const step = Math.max(1, Math.ceil(units / pieces));
    for (let begin = 0; begin < units; begin += step) {
      const end = Math.min(units, begin + step);
      yield { arguments: cut(call, begin, end), units: end - begin };
    }
  };
}

/** The offsets of some documents, from 0, and the first of their rows. */
function cutOffsets(
  operation: string,
  offsets: Uint32Array,
  rows: number,
  begin: number,
  end: number,
): { own: Uint32Array; from: number; count: number } {
  const own = offsets.slice(begin, end + 1);
  const from = own[0]!;
  if (from > rows) throw fault(operation, 'offsets', begin);
  for (let d = 1; d < own.length; d++) if (own[d]! < own[d - 1]! || own[d]! > rows) throw fault(operation, 'offsets', begin + d - 1);
  for (let d = 0; d < own.length; d++) own[d]! -= from;
  return { own, from, count: own.at(-1)! };
}

function someResiduals(rows: ScaledResidualsArgument, from: number, count: number): ScaledResidualsArgument {
  const { codes, stride, centroidIds, scaleCodes } = rows;
  return {
    ...rows,
    rows: count,
    codes: codes.subarray(from * stride, (from + count) * stride),
    centroidIds: centroidIds.subarray(from, from + count),
    scaleCodes: scaleCodes.subarray(from, from + count),
  };
}

/** Every few rows' scores go to a matrix of their own, and from there into the columns of the caller's. */
function* divideScores(call: OperationArguments['scores'], units: number, pieces: number): Iterable<Piece<'scores'>> {
  const { queries, rows, only, norms, scores } = call;
  const step = Math.max(1, Math.ceil(units / pieces));
  for (let begin = 0; begin < units; begin += step) {
    const count = Math.min(units, begin + step) - begin;
    const runs = only && runsOfRows('scores', only.subarray(begin, begin + count), rows.rows, begin);
    const part = new Float32Array(queries.rows * count);
    yield {
      arguments: {
        ...call,
        rows: runs ? gatherRows(runs, rows) : someRows(rows, begin, count),
        norms: norms && (runs ? gather(runs, norms, 1) : norms.subarray(begin, begin + count)),
        only: undefined,
        scores: part,
      },
      units: count,
      after() {
        for (let q = 0; q < queries.rows; q++) scores.set(part.subarray(q * count, (q + 1) * count), q * units + begin);
      },
    };
  }
}

/** The best of every few candidates, put together in the first shard's places. Listed candidates go in ascending order, as equal scores do. */
function* divideSearch(call: OperationArguments['search'], _units: number, pieces: number): Iterable<Piece<'search'>> {
  const { queries, rows, metric, only, allow, norms, k, shards } = call;
  const list = only?.slice().sort();
  const total = list?.length ?? rows.rows;
  // Whole words of a bitmap.
  const step = Math.max(32, Math.ceil(total / pieces / 32) * 32);
  const heaps = Array.from({ length: queries.rows }, () => new Heap(k));
  const sign = metric === 'l2' || metric === 'hamming' ? -1 : 1;
  for (let begin = 0; begin < total; begin += step) {
    const count = Math.min(total, begin + step) - begin;
    const runs = list && runsOfRows('search', list.subarray(begin, begin + count), rows.rows, begin);
    const places = Math.min(k, count);
    const found = {
      indices: new Uint32Array(queries.rows * places),
      scores: new Float32Array(queries.rows * places),
      counts: new Uint32Array(queries.rows),
    };
    yield {
      arguments: {
        ...call,
        ...found,
        rows: runs ? gatherRows(runs, rows) : someRows(rows, begin, count),
        norms: norms && (runs ? gather(runs, norms, 1) : norms.subarray(begin, begin + count)),
        only: undefined,
        allow: allow?.subarray(begin / 32, Math.ceil((begin + count) / 32)),
        k: places,
        shards: 1,
        shardSize: count,
      },
      units: Math.ceil(queries.rows / queryBlock),
      after() {
        for (let q = 0; q < queries.rows; q++) {
          for (let i = q * places; i < q * places + found.counts[q]!; i++) {
            const index = found.indices[i]!;
            heaps[q]!.push(sign * found.scores[i]!, list ? list[begin + index]! : begin + index);
          }
        }
      },
    };
  }
  for (let q = 0; q < queries.rows; q++) call.counts[q * shards] = heaps[q]!.drain(call.indices, call.scores, q * shards * k, sign);
}

/** How calls are divided whose data lies outside of WebAssembly's memory and is not small. The results are those of the whole, bit for bit. */
export const divisions: { readonly [N in OperationName]?: Divide<N> } = {
  norms: byUnits((call, begin, end) => ({ rows: someRows(call.rows, begin, end - begin), norms: call.norms.subarray(begin, end) })),
  normalise: byUnits((call, begin, end) => ({ rows: someRows(call.rows, begin, end - begin), norms: call.norms.subarray(begin, end) })),
  quantise: byUnits((call, begin, end) => ({
    rows: someRows(call.rows, begin, end - begin),
    target: someRows(call.target, begin, end - begin),
  })),
  dequantise: byUnits(({ rows, only, out }, begin, end) => ({
    rows: only
      ? gatherRows(runsOfRows('dequantise', only.subarray(begin, end), rows.rows, begin), rows)
      : someRows(rows, begin, end - begin),
    only: undefined,
    out: out.subarray(begin * rows.dim, end * rows.dim),
  })),
  sumRows: byUnits((call, begin, end) => {
    const { own, from, count } = cutOffsets('sumRows', call.offsets, call.rows.rows, begin, end);
    const out = call.out.subarray(begin * call.rows.dim, end * call.rows.dim);
    return { ...call, rows: someRows(call.rows, from, count), offsets: own, out };
  }),
  scores: divideScores,
  search: divideSearch,
  maxSim: byUnits((call, begin, end) => {
    const { query, rows, offsets, only, norms, scores, positions, similarities } = call;
    const places = {
      scores: scores.subarray(begin, end),
      positions: positions?.subarray(begin * query.rows, end * query.rows),
      similarities: similarities?.subarray(begin * query.rows, end * query.rows),
    };
    if (only !== undefined) {
      const runs = runsOfDocuments('maxSim', offsets, only.subarray(begin, end), rows.rows, begin);
      return {
        ...call,
        ...places,
        rows: gatherRows(runs, rows),
        offsets: runs.offsets,
        only: undefined,
        norms: norms && gather(runs, norms, 1),
      };
    }
    const { own, from, count } = cutOffsets('maxSim', offsets, rows.rows, begin, end);
    return { ...call, ...places, rows: someRows(rows, from, count), offsets: own, norms: norms?.subarray(from, from + count) };
  }),
  encodeResiduals: byUnits((call, begin, end) => ({
    ...call,
    rows: someRows(call.rows, begin, end - begin),
    target: someRows(call.target, begin, end - begin),
  })),
  assign: byUnits((call, begin, end) => {
    const from = begin * queryBlock;
    const to = Math.min(call.rows.rows, end * queryBlock);
    return {
      ...call,
      rows: someRows(call.rows, from, to - from),
      ids: call.ids.subarray(from, to),
      scores: call.scores.subarray(from, to),
    };
  }),
  centroidScan: byUnits((call, begin, end) => {
    if (call.only !== undefined) return { ...call, only: call.only.subarray(begin, end), scores: call.scores.subarray(begin, end) };
    const { centroidIds, offsets } = call.documents;
    const { own, from, count } = cutOffsets('centroidScan', offsets, centroidIds.length, begin, end);
    const documents = { centroidIds: centroidIds.subarray(from, from + count), offsets: own };
    return { ...call, documents, scores: call.scores.subarray(begin, end) };
  }),
  encodeScaledResiduals: byUnits((call, begin, end) => ({
    ...call,
    rows: someRows(call.rows, begin, end - begin),
    target: someResiduals(call.target, begin, end - begin),
  })),
  residualMaxSim: byUnits((call, begin, end) => {
    const { rows, offsets, only } = call;
    const scores = call.scores.subarray(begin, end);
    if (only !== undefined) {
      const runs = runsOfDocuments('residualMaxSim', offsets, only.subarray(begin, end), rows.rows, begin);
      const gathered = {
        ...rows,
        rows: runs.offsets.at(-1)!,
        codes: gather(runs, rows.codes, rows.stride),
        centroidIds: gather(runs, rows.centroidIds, 1),
        scaleCodes: gather(runs, rows.scaleCodes, 1),
      };
      return { ...call, rows: gathered, offsets: runs.offsets, only: undefined, scores };
    }
    const { own, from, count } = cutOffsets('residualMaxSim', offsets, rows.rows, begin, end);
    return { ...call, rows: someResiduals(rows, from, count), offsets: own, scores };
  }),
  pqEncode: byUnits((call, begin, end) => {
    const { rows, target } = call;
    const each = target.bits === 4 ? 32 : 1;
    const bytes = target.bits === 4 ? target.parts * 16 : target.parts;
    const from = begin * each;
    const count = Math.min(rows.rows, end * each) - from;
    const codes = target.codes.subarray(begin * bytes, end * bytes);
    return { ...call, rows: someRows(rows, from, count), target: { ...target, codes, rows: count } };
  }),
};

/** Operations that look at little of their data: where it lies outside and is not small, they run where it is, in JavaScript. */
export const sparing: ReadonlySet<OperationName> = new Set([
  'accumulatePostings',
  'searchPostings',
  'searchPacked',
  'searchScored',
  'hnswSearch',
  'warpScan',
] satisfies OperationName[]);
