import type { OperationArguments, OperationName } from '../arguments.ts';
import type { Buffer } from './encode.ts';

type Found = { readonly indices: Buffer; readonly scores: Buffer; readonly counts: Buffer };
const found = ({ indices, scores, counts }: Found): Buffer[] => [indices, scores, counts];

/** What each operation writes to. A kernel that works on copies must have these copied back. */
export const written: { readonly [N in OperationName]: (call: OperationArguments[N]) => readonly Buffer[] } = {
  norms: ({ norms }) => [norms],
  normalise: ({ rows, norms }) => [rows.data, norms],
  quantise: ({ target }) => [target.data, target.scales],
  dequantise: ({ out }) => [out],
  sumRows: ({ out }) => [out],
  scores: ({ scores }) => [scores],
  search: found,
  topK: found,
  maxSim: ({ scores, positions, similarities }) => [scores, positions, similarities],
  encodeResiduals: ({ target }) => [target.data],
  assign: ({ ids, scores }) => [ids, scores],
  sumClusters: ({ sums, counts }) => [sums, counts],
  centroidTable: ({ scores, table, range }) => [scores, table, range],
  centroidScan: ({ scores }) => [scores],
  encodeScaledResiduals: ({ target }) => [target.codes, target.scaleCodes],
  decodeScaledResiduals: ({ out }) => [out],
  residualTable: ({ floats, bytes, range }) => [floats, bytes, range],
  residualMaxSim: ({ scores }) => [scores],
  warpScan: ({ found: documents, scores, counts, places }) => [documents, scores, counts, places],
  accumulatePostings: ({ accumulator }) => [accumulator],
  searchPostings: found,
  searchPacked: found,
  searchScored: found,
  sparseScores: ({ scores }) => [scores],
  packIntegers: ({ widths, bases, words }) => [widths, bases, words],
  unpackIntegers: ({ out }) => [out],
  pqEncode: ({ target }) => [target.codes],
  pqTables: ({ tables }) => [tables],
  pqScores: ({ scores }) => [scores],
  pqSearch: found,
  hnswFind: ({ graph }) => [graph.base, graph.upper],
  hnswLink: ({ graph }) => [graph.base, graph.upper],
  hnswSearch: found,
};
