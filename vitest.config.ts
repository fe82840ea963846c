import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'bench/src/**/*.test.ts', 'examples/**/*.test.ts', 'docs/**/*.test.ts'],
    // Figures and damaged files take longer than a unit test, most of all where processors are shared; a hang must still end.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
  },
});
