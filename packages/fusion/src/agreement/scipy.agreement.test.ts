/** τ-b of scipy 1.17.1 between pairs of the robust03 runs; the figures were made by record-scipy.py. */
import { join } from 'node:path';
import { readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { kendallTau } from '../index.ts';
import recorded from './scipy-kendall.json' with { type: 'json' };

describeWithData('kendallTau agrees with scipy', 'runs/robust03', (path) => {
  it(`on ${recorded.rows.length} pairs of rankings`, async () => {
    const names = [...new Set(recorded.rows.flatMap(([a, b]) => [a, b] as string[]))];
    const runs = new Map(await Promise.all(names.map(async (name) => [name, await readRun(join(path, `input.${name}.gz`))] as const)));
    for (const [a, b, query, , tau] of recorded.rows as [string, string, string, number, number][]) {
      expect(kendallTau(runs.get(a)!.get(query)!, runs.get(b)!.get(query)!), `${a}, ${b}, ${query}`).toBeCloseTo(tau, 12);
    }
  });
});
