export * from '@rank-rank/storage';
