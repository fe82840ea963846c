export { cancelled, throwIfCancelled, yieldToEventLoop } from './cancel.ts';
export { compareCodePoints } from './code-point-order.ts';
export type {
  Candidate,
  DenseEncoder,
  EncodeOptions,
  Explanation,
  Reranker,
  RerankOptions,
  Retriever,
  SearchOptions,
  SparseEncoder,
  TextRole,
  TokenEncoder,
  WorkOptions,
} from './contracts.ts';
export { type Document, fullText, type Metadata, type MetadataValue, type Query } from './document.ts';
export { isRankError, RankError, type RankErrorCode } from './error.ts';
export { checkFilter, type Filter, type FilterValue, matchesFilter } from './filter.ts';
export * from './formats/index.ts';
export { nearestName } from './nearest.ts';
export { type OnProgress, type Progress, throttleProgress } from './progress.ts';
export { type Qrels, type QrelsInput, toQrels } from './qrels.ts';
export { Random } from './random.ts';
export { checkHits, compareHits, type Hit, isRanking, type Ranking, toRanking } from './ranking.ts';
export type { Matrix, ScoreSpace, SparseVector, Tokens } from './representation.ts';
export { type Run, type RunInput, toRun } from './run.ts';
export { TopK, topK } from './top-k.ts';
export { checkId, checkInteger, checkNumber, checkOneOf, checkOptions, checkString, shown, unknownName } from './validate.ts';
export { workerFlags } from './worker-flags.ts';
