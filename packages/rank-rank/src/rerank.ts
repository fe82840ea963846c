export * from '@rank-rank/rerank';
