export * from '@rank-rank/eval';
