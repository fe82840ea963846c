export * from '@rank-rank/core';
