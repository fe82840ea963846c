/**
 * The whole stack by one import. What a program needs first is here; each package is whole under its own name: `rank-rank/fusion`,
 * `rank-rank/eval`, `rank-rank/retrieve`, `rank-rank/rerank`, `rank-rank/models`, `rank-rank/kernels`, `rank-rank/storage`.
 */
export * from '@rank-rank/core';
export { compare, evaluate } from '@rank-rank/eval';
export { fuse as fuseRuns } from '@rank-rank/fusion';
export { learnStaticEncoder, StaticEncoder } from '@rank-rank/models';
export * from '@rank-rank/pipeline';
export { explainMaxSim, maxsimReranker, TokenStore } from '@rank-rank/rerank';
export { Analyzer, DenseIndex, LexicalIndex, SparseIndex } from '@rank-rank/retrieve';
