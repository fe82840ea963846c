import { cancelled, RankError, yieldToEventLoop } from '@rank-rank/core';
import type { OperationArguments, OperationName } from '../arguments.ts';
import type { Machine } from '../plan.ts';
import { assign, centroidScan, centroidTable, sumClusters } from './centroids.ts';
import { hnswFind, hnswLink, hnswSearch } from './hnsw.ts';
import { packIntegers, unpackIntegers } from './integers.ts';
import { maxSim } from './maxsim.ts';
import { searchPacked, searchScored } from './packed-postings.ts';
import { accumulatePostings, searchPostings, sparseScores } from './postings.ts';
import { pqEncode, pqScores, pqSearch, pqTables } from './pq.ts';
import { dequantise, encodeResiduals, normalise, norms, quantise, sumRows } from './rows.ts';
import { decodeScaledResiduals, encodeScaledResiduals, residualMaxSim, residualTable, warpScan } from './scaled-residuals.ts';
import { scores, search, topK } from './scores.ts';

type Kernel<N extends OperationName> = (call: OperationArguments[N], begin: number, end: number) => void;

/** Every operation in JavaScript: the reference that the compiled kernels are held to, and what runs where nothing else does. */
export const javascriptKernels: { readonly [N in OperationName]: Kernel<N> } = {
  norms,
  normalise,
  quantise,
  dequantise,
  sumRows,
  scores,
  search,
  topK,
  maxSim,
  encodeResiduals,
  assign,
  sumClusters,
  centroidTable,
  centroidScan,
  encodeScaledResiduals,
  decodeScaledResiduals,
  residualTable,
  residualMaxSim,
  warpScan,
  accumulatePostings,
  searchPostings,
  searchPacked,
  searchScored,
  sparseScores,
  packIntegers,
  unpackIntegers,
  pqEncode,
  pqTables,
  pqScores,
  pqSearch,
  hnswFind,
  hnswLink,
  hnswSearch,
};

/** How long the background form works before it lets the event loop have a turn. */
const turnMilliseconds = 5;

/** Runs steps in JavaScript. In the background it works in turns on the one thread there is. */
export function javascriptMachine(readFile: Machine['mapFile']): Machine {
  return {
    backend: 'js',
    instructionSet: 'scalar',
    run({ operation, arguments: call, units }) {
      (javascriptKernels[operation] as Kernel<OperationName>)(call, 0, units);
    },
    async start({ operation, arguments: call, units, grain }, _threads, signal) {
      const kernel = javascriptKernels[operation] as Kernel<OperationName>;
      const step = Math.max(1, grain >> 5);
      let turnEnds = performance.now() + turnMilliseconds;
      for (let begin = 0; begin < units; begin += step) {
        kernel(call, begin, Math.min(units, begin + step));
        if (performance.now() < turnEnds) continue;
        await yieldToEventLoop();
        if (signal?.aborted) throw cancelled(signal, operation);
        turnEnds = performance.now() + turnMilliseconds;
      }
    },
    allocate(bytes) {
      return { buffer: allocateBuffer(bytes), offset: 0 };
    },
    release() {},
    mapFile: readFile,
  };
}

export function allocateBuffer(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new RankError('OUT_OF_RANGE', `There is no memory for ${bytes} bytes. Ask for less, or map a file.`, { bytes }, { cause });
  }
}
