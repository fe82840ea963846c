export * from '@rank-rank/retrieve';
