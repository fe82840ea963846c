export * from '@rank-rank/models';
