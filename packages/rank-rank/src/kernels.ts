export * from '@rank-rank/kernels';
