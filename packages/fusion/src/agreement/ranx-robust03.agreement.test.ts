/**
 * What ranx 0.3.21 makes of the five robust03 runs (100 queries, up to 1,000 deep), to 1e-9; the figures were made by record-ranx.py.
 * Trained methods are trained on the first fifty queries and fuse the others.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrecQrels, type Run } from '@rank-rank/core';
import { readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FuseOptions, findMethod, fit, fuse, type Measure, optimize, type RunsInput } from '../index.ts';
import recorded from './ranx-robust03.json' with { type: 'json' };

type Sums = readonly number[];

const runNames = ['InexpC2', 'MU03rob01', 'NLPR03vb10', 'SABIR03BASE', 'Sel50'];
/** ranx's names of parameters → ours. */
const parameterNames: Readonly<Record<string, string>> = { w: 'window' };

/** FNV-1a of an id, as a share of all hashes. */
function hashed(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

function sums(rankings: Iterable<readonly { id: string; score: number }[]>): Sums {
  let [plain, weighted] = [0, 0];
  for (const ranking of rankings) {
    for (const { id, score } of ranking) {
      plain += score;
      weighted += score * hashed(id);
    }
  }
  return [plain, weighted];
}

function expectClose(actual: Sums, expected: Sums): void {
  // Sums over 2,000 documents of which some cancel: as close as ten digits of the largest of them.
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-9 * Math.max(1, ...expected.map(Math.abs)));
  });
}

/** Average precision with grades of at least 1, as ranx computes `map`. */
const averagePrecision: Measure = (qrels, run) =>
  new Map(
    [...qrels].map(([query, grades]) => {
      let [found, total] = [0, 0];
      (run.get(query) ?? []).forEach(({ id }, i) => {
        if ((grades.get(id) ?? 0) >= 1) total += ++found / (i + 1);
      });
      return [query, total / [...grades.values()].filter((grade) => grade >= 1).length];
    }),
  );

describeWithData('agrees with ranx on five robust03 runs', 'runs/robust03', (path) => {
  let runs: Run[];
  let training: Run[];
  let testing: Run[];
  let qrels: Map<string, ReadonlyMap<string, number>>;

  beforeAll(async () => {
    runs = await Promise.all(runNames.map((name) => readRun(join(path, `input.${name}.gz`))));
    const queries = [...runs[0]!.keys()].toSorted();
    const part = (of: readonly string[]): Run[] => runs.map((run) => new Map(of.map((query) => [query, run.get(query)!])));
    [training, testing] = [part(queries.slice(0, 50)), part(queries.slice(50))];
    const judged = parseTrecQrels(readFileSync(join(path, 'qrels.txt')));
    qrels = new Map([...judged].filter(([query]) => runs[0]!.has(query)));
  });

  describe.each(
    recorded.cases.map(
      (recordedCase) =>
        [`${recordedCase.method}, ${recordedCase.norm ?? 'none'}, ${JSON.stringify(recordedCase.params)}`, recordedCase] as const,
    ),
  )('%s', (_, { method: name, norm, params, total, queries, best }) => {
    it('for every query', () => {
      const method = findMethod(name);
      const options: Record<string, unknown> = { method };
      for (const [parameter, value] of Object.entries(params)) options[parameterNames[parameter] ?? parameter] = value;
      if ('normalization' in method.parameters) options['normalization'] = norm ?? 'none';
      if ('negative' in method.parameters) options['negative'] = 'allow';
      let over: RunsInput = runs;
      if (method.fit) {
        const judged = new Map([...training[0]!.keys()].map((query) => [query, qrels.get(query)!]));
        options['model'] = fit(training, judged, { method });
        over = testing;
      }
      const fused = fuse(over, options as FuseOptions);
      for (const [query, expected] of Object.entries(queries) as [string, Sums][]) expectClose(sums([fused.get(query)!]), expected);
      expectClose(sums(fused.values()), total);
      // ranx leaves documents of equal scores in any order; its best three were put in ours.
      fused
        .get('650')!
        .slice(0, 3)
        .forEach(({ id, score }, i) => {
          const [expectedId, expectedScore] = best[i] as [string, number];
          expect(id).toBe(expectedId);
          expect(Math.abs(score - expectedScore)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expectedScore)));
        });
    });
  });

  it('searching the k of rrf for the best mean average precision', async () => {
    const { values, params } = recorded.optimized.rrf;
    const report = await optimize(runs, qrels, {
      method: 'rrf',
      measure: averagePrecision,
      grid: { k: params },
      folds: false,
      depth: 100_000,
    });
    expect(report.trials.map(({ parameters }) => parameters['k'])).toEqual(params);
    report.trials.forEach(({ value }, i) => {
      // ranx leaves fused documents of equal scores in any order, which is worth some in the sixth digit.
      expect(value).toBeCloseTo(values[i]!, 5);
    });
  });

  it('searching the weights of two runs', async () => {
    const { values, params } = recorded.optimized.wsum;
    const expected = new Map(params.map((weights, i) => [weights.join(), values[i]!]));
    const report = await optimize(runs.slice(0, 2), qrels, {
      method: 'weighted-sum',
      measure: averagePrecision,
      folds: false,
      depth: 100_000,
    });
    expect(report.trials).toHaveLength(11);
    for (const { parameters, value } of report.trials) {
      const weights = parameters['weights'] as number[];
      // A weight of 0 makes hundreds of documents equal; their order, which ranx leaves open, decides then.
      if (!weights.includes(0)) expect(value).toBeCloseTo(expected.get(weights.join())!, 5);
    }
  });
});
