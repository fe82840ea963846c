import { cancelled, checkInteger, checkOneOf, checkOptions, checkString, RankError, throwIfCancelled } from '@rank-rank/core';
import { checkArray } from './check.ts';
import type { ArrayTypes, Kernels, KernelsDescription, MapFileOptions, ThreadOptions } from './contract.ts';
import { assign, centroidScan, centroidTable, sumClusters } from './operations/centroids.ts';
import { hnswGraph, hnswInsert, hnswSearch } from './operations/hnsw.ts';
import { packIntegers, unpackIntegers } from './operations/integers.ts';
import { maxSim, maxSimPositions } from './operations/maxsim.ts';
import { searchPacked, searchScored } from './operations/packed-postings.ts';
import { accumulatePostings, searchPostings, sparseScores } from './operations/postings.ts';
import { pqEncode, pqScores, pqSearch, pqTables } from './operations/pq.ts';
import { dequantise, encodeResiduals, normalise, norms, quantise, sumRows } from './operations/rows.ts';
import { decodeScaledResiduals, encodeScaledResiduals, residualMaxSim, residualTable, warpScan } from './operations/scaled-residuals.ts';
import { scores, search, topK } from './operations/scores.ts';
import type { Machine, Plan } from './plan.ts';

const arrays = { f32: Float32Array, u32: Uint32Array, u16: Uint16Array, i8: Int8Array, u8: Uint8Array };

/** All operations on a machine: every plan in its synchronous form, and those for long work in the background too. */
export function createKernels(machine: Machine, description: KernelsDescription): Kernels {
  const now =
    <A extends unknown[], R>(plan: (...args: A) => Plan<R>) =>
    (...args: A): R => {
      const steps = plan(...args);
      try {
        for (;;) {
          const { done, value } = steps.next();
          if (done) return value;
          if (value.units > 0) machine.run(value);
        }
      } catch (cause) {
        throw tooLarge(plan.name, cause);
      }
    };

  /** `optionsAt` is where the options stand; `threads` and `signal` are taken out of them before the plan sees them. */
  const later =
    <A extends unknown[], R>(optionsAt: number, plan: (...args: A) => Plan<R>) =>
    async (...args: unknown[]): Promise<R> => {
      const { threads, signal, own } = splitOptions(plan.name, args[optionsAt]);
      throwIfCancelled(signal, plan.name);
      const steps = plan(...([...args.slice(0, optionsAt), ...(own === undefined ? [] : [own])] as A));
      try {
        for (;;) {
          const { done, value } = steps.next();
          if (done) return value;
          if (value.units > 0) await machine.start(value, threads, signal);
          if (signal?.aborted) throw cancelled(signal, plan.name);
        }
      } catch (cause) {
        throw tooLarge(plan.name, cause);
      }
    };

  return {
    describe: () => description,

    allocate<T extends keyof ArrayTypes>(type: T, length: number): ArrayTypes[T] {
      const Constructor = arrays[checkOneOf('allocate: type', type, Object.keys(arrays) as (keyof ArrayTypes)[])];
      const { BYTES_PER_ELEMENT: size } = Constructor;
      checkInteger('allocate: length', length, { min: 0, max: 2 ** 32 - 1 });
      const { buffer, offset } = machine.allocate(length * size);
      return new Constructor(buffer as ArrayBuffer, offset, length) as unknown as ArrayTypes[T];
    },
    release(array) {
      checkArray<ArrayBufferView>('release', array, ...Object.values(arrays));
      machine.release(array);
    },
    mapFile(path: string, options: MapFileOptions = {}) {
      checkString('mapFile: path', path);
      checkOptions('mapFile', options, ['offset', 'length']);
      const offset = checkInteger('mapFile: offset', options.offset ?? 0, { min: 0 });
      return machine.mapFile(
        path,
        offset,
        options.length === undefined ? undefined : checkInteger('mapFile: length', options.length, { min: 0 }),
      );
    },

    norms: now(norms),
    normalise: now(normalise),
    quantise: now(quantise) as Kernels['quantise'],
    quantiseAsync: later(2, quantise),
    dequantise: now(dequantise),
    dequantiseAsync: later(1, dequantise),
    sumRows: now(sumRows),

    scores: now(scores),
    scoresAsync: later(2, scores),
    search: now(search),
    searchAsync: later(3, search),
    topK: now(topK),

    maxSim: now(maxSim),
    maxSimAsync: later(2, maxSim),
    maxSimPositions: now(maxSimPositions),
    maxSimPositionsAsync: later(2, maxSimPositions),

    encodeResiduals: now(encodeResiduals),
    encodeResidualsAsync: later(3, encodeResiduals),
    assign: now(assign),
    assignAsync: later(2, assign),
    sumClusters: now(sumClusters),
    sumClustersAsync: later(3, sumClusters),
    centroidTable: now(centroidTable),
    centroidScan: now(centroidScan),
    centroidScanAsync: later(2, centroidScan),

    encodeScaledResiduals: now(encodeScaledResiduals),
    encodeScaledResidualsAsync: later(3, encodeScaledResiduals),
    decodeScaledResiduals: now(decodeScaledResiduals),
    residualTable: now(residualTable),
    residualMaxSim: now(residualMaxSim),
    residualMaxSimAsync: later(2, residualMaxSim),
    warpScan: now(warpScan),

    accumulatePostings: now(accumulatePostings),
    searchPostings: now(searchPostings),
    searchPacked: now(searchPacked),
    searchScored: now(searchScored),
    sparseScores: now(sparseScores),
    packIntegers: now(packIntegers),
    unpackIntegers: now(unpackIntegers),

    pqEncode: now(pqEncode),
    pqEncodeAsync: later(2, pqEncode),
    pqTables: now(pqTables),
    pqScores: now(pqScores),
    pqSearch: now(pqSearch),
    pqSearchAsync: later(3, pqSearch),

    hnswGraph,
    hnswInsert: now(hnswInsert),
    hnswInsertAsync: later(3, hnswInsert),
    hnswSearch: now(hnswSearch),
    hnswSearchAsync: later(4, hnswSearch),
  };
}

/** An array that the runtime would not make is the caller's to hear of; anything else is passed on as it is. */
function tooLarge(operation: string, cause: unknown): unknown {
  if (!(cause instanceof RangeError)) return cause;
  return new RankError(
    'OUT_OF_RANGE',
    `${operation}: there is no memory for a result this large (${cause.message}). Ask for less at a time.`,
    {
      operation,
    },
    { cause },
  );
}

function splitOptions(where: string, options: unknown): ThreadOptions & { threads: number; own: object | undefined } {
  if (options === undefined) return { threads: 1, own: undefined };
  if (typeof options !== 'object' || options === null) checkOptions(where, options, []);
  const { threads, signal, ...own } = options as ThreadOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new RankError('INVALID_ARGUMENT', `${where}: signal is no AbortSignal; expected that of an AbortController.`);
  }
  return {
    threads: checkInteger(`${where}: threads`, threads ?? 1, { min: 1, max: 4096 }),
    ...(signal && { signal }),
    own: Object.keys(own).length > 0 ? own : undefined,
  };
}
