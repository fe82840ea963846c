export * from '@rank-rank/fusion';
