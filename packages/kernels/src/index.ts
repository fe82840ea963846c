import type { Kernels } from './contract.ts';
import { openKernels } from './load.ts';

export type {
  ArrayTypes,
  Assignment,
  Best,
  Bf16Rows,
  Bitmap,
  BitRows,
  CentroidDocuments,
  CentroidTable,
  Documents,
  F16Rows,
  F32Rows,
  HnswGraph,
  HnswInsertOptions,
  HnswSearchOptions,
  I8Rows,
  Kernels,
  KernelsDescription,
  MapFileOptions,
  MaxSimOptions,
  MaxSimPositions,
  MaxSimPositionsOptions,
  Metric,
  Nearest,
  OutOption,
  PackedIntegers,
  PackedPostings,
  PostingBlocks,
  Postings,
  PqCodebooks,
  PqRows,
  PqSearchOptions,
  PqTables,
  ResidualCodec,
  ResidualLists,
  ResidualRows,
  ResidualTable,
  Rows,
  RowsType,
  SaturatingTerms,
  ScaledResidualCodec,
  ScaledResiduals,
  ScoredLists,
  ScoresOptions,
  SearchOptions,
  SearchPackedOptions,
  SparseRows,
  ThreadOptions,
  TopKOptions,
} from './contract.ts';
export { NONE } from './contract.ts';
export { openKernels } from './load.ts';

/** The kernels in use: the best that run here, or those that the environment variable `RANK_KERNELS` names (`native`, `wasm`, `js`, `native:avx2`, …). */
export const kernels: Kernels = openKernels(globalThis.process?.env?.['RANK_KERNELS']);

/** Which kernels are in use, and why. */
export const describeKernels: Kernels['describe'] = kernels.describe;
export const norms: Kernels['norms'] = kernels.norms;
export const normalise: Kernels['normalise'] = kernels.normalise;
export const quantise: Kernels['quantise'] = kernels.quantise;
export const quantiseAsync: Kernels['quantiseAsync'] = kernels.quantiseAsync;
export const dequantise: Kernels['dequantise'] = kernels.dequantise;
export const dequantiseAsync: Kernels['dequantiseAsync'] = kernels.dequantiseAsync;
export const sumRows: Kernels['sumRows'] = kernels.sumRows;
export const scores: Kernels['scores'] = kernels.scores;
export const scoresAsync: Kernels['scoresAsync'] = kernels.scoresAsync;
export const search: Kernels['search'] = kernels.search;
export const searchAsync: Kernels['searchAsync'] = kernels.searchAsync;
export const topK: Kernels['topK'] = kernels.topK;
export const maxSim: Kernels['maxSim'] = kernels.maxSim;
export const maxSimAsync: Kernels['maxSimAsync'] = kernels.maxSimAsync;
export const maxSimPositions: Kernels['maxSimPositions'] = kernels.maxSimPositions;
export const maxSimPositionsAsync: Kernels['maxSimPositionsAsync'] = kernels.maxSimPositionsAsync;
export const encodeResiduals: Kernels['encodeResiduals'] = kernels.encodeResiduals;
export const encodeResidualsAsync: Kernels['encodeResidualsAsync'] = kernels.encodeResidualsAsync;
export const assign: Kernels['assign'] = kernels.assign;
export const assignAsync: Kernels['assignAsync'] = kernels.assignAsync;
export const sumClusters: Kernels['sumClusters'] = kernels.sumClusters;
export const sumClustersAsync: Kernels['sumClustersAsync'] = kernels.sumClustersAsync;
export const centroidTable: Kernels['centroidTable'] = kernels.centroidTable;
export const centroidScan: Kernels['centroidScan'] = kernels.centroidScan;
export const centroidScanAsync: Kernels['centroidScanAsync'] = kernels.centroidScanAsync;
export const encodeScaledResiduals: Kernels['encodeScaledResiduals'] = kernels.encodeScaledResiduals;
export const encodeScaledResidualsAsync: Kernels['encodeScaledResidualsAsync'] = kernels.encodeScaledResidualsAsync;
export const decodeScaledResiduals: Kernels['decodeScaledResiduals'] = kernels.decodeScaledResiduals;
export const residualTable: Kernels['residualTable'] = kernels.residualTable;
export const residualMaxSim: Kernels['residualMaxSim'] = kernels.residualMaxSim;
export const residualMaxSimAsync: Kernels['residualMaxSimAsync'] = kernels.residualMaxSimAsync;
export const warpScan: Kernels['warpScan'] = kernels.warpScan;
export const accumulatePostings: Kernels['accumulatePostings'] = kernels.accumulatePostings;
export const searchPostings: Kernels['searchPostings'] = kernels.searchPostings;
export const searchPacked: Kernels['searchPacked'] = kernels.searchPacked;
export const searchScored: Kernels['searchScored'] = kernels.searchScored;
export const sparseScores: Kernels['sparseScores'] = kernels.sparseScores;
export const packIntegers: Kernels['packIntegers'] = kernels.packIntegers;
export const unpackIntegers: Kernels['unpackIntegers'] = kernels.unpackIntegers;
export const pqEncode: Kernels['pqEncode'] = kernels.pqEncode;
export const pqEncodeAsync: Kernels['pqEncodeAsync'] = kernels.pqEncodeAsync;
export const pqTables: Kernels['pqTables'] = kernels.pqTables;
export const pqScores: Kernels['pqScores'] = kernels.pqScores;
export const pqSearch: Kernels['pqSearch'] = kernels.pqSearch;
export const pqSearchAsync: Kernels['pqSearchAsync'] = kernels.pqSearchAsync;
export const hnswGraph: Kernels['hnswGraph'] = kernels.hnswGraph;
export const hnswInsert: Kernels['hnswInsert'] = kernels.hnswInsert;
export const hnswInsertAsync: Kernels['hnswInsertAsync'] = kernels.hnswInsertAsync;
export const hnswSearch: Kernels['hnswSearch'] = kernels.hnswSearch;
export const hnswSearchAsync: Kernels['hnswSearchAsync'] = kernels.hnswSearchAsync;
export const allocate: Kernels['allocate'] = kernels.allocate;
export const release: Kernels['release'] = kernels.release;
export const mapFile: Kernels['mapFile'] = kernels.mapFile;
