export * from '@rank-rank/pipeline';
