/**
 * Every value of ranx's own tests of fusion and normalization. The data holds them as the text of Python assertions; they are read as the
 * expressions they are, over what this package computes from the same inputs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { type FusionModel, findMethod, fit, fuse, type Normalization, normalizeRuns } from '../index.ts';
import { toRankedLists } from '../lists/ranked-lists.ts';

type Scores = Record<string, Record<string, number>>;
interface TestFile {
  readonly fixtures: Readonly<Record<string, Scores>>;
  readonly asserts: readonly { readonly test: string; readonly assert: string }[];
}
type Environment = Record<string, unknown>;

/** What each section of a test file, which begins by asserting the name of the combined run, fused with. */
const sections: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  bordafuse: [{}, { runs: ['run_4', 'run_5', 'run_6'] }],
  comb_gmnz: [{ gamma: 1 }, { gamma: 0 }],
  condorcet: [{}, { runs: ['run_4', 'run_5', 'run_6'] }],
  logn_isr: [{ sigma: 0.1 }],
  mixed: [{ weights: [1, 1, 1] }, { weights: [0.3, 0.2, 0.5] }],
  probfuse: [{ segments: 2 }],
  rbc: [{ phi: 0.6 }, { phi: 0.8 }, { phi: 0.9 }],
  slidefuse: [{ window: 1 }, { window: 2 }],
  weighted_bordafuse: [{ weights: [1, 1, 1] }, { weights: [3, 2, 1] }],
  weighted_condorcet: [{ weights: [1, 1, 1] }, { weights: [1, 5, 2] }],
  wmnz: [{ weights: [1, 1, 1] }, { weights: [0.3, 0.2, 0.5] }],
  wsum: [{ weights: [0.3, 0.2, 0.5] }],
};

/** The probabilities that bayesfuse's test expects, assertion by assertion. */
const relevanceOfLevels = [8 / 15, 7 / 15, undefined, 12 / 15, 3 / 15, undefined];

function asScores(run: ReadonlyMap<string, readonly { id: string; score: number }[]>): Scores {
  return Object.fromEntries([...run].map(([query, hits]) => [query, Object.fromEntries(hits.map(({ id, score }) => [id, score]))]));
}

/** A run as ranx shows it: rankings by query, and itself under `run`. */
function asRun(scores: Scores): Environment {
  return { ...scores, run: scores, size: Object.keys(scores).length };
}

function fused(runs: readonly Scores[], method: string, options: Record<string, unknown>, model?: FusionModel): Scores {
  const found = findMethod(method);
  const raw = 'normalization' in found.parameters ? { normalization: 'none' } : {};
  return asScores(fuse(runs, { ...raw, ...options, ...(model ? { model } : {}), method: found }));
}

const functions: Environment = {
  np: {
    mean: (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length,
    median: (xs: number[]) => ([...xs].sort((a, b) => a - b)[(xs.length - 1) >> 1]! + [...xs].sort((a, b) => a - b)[xs.length >> 1]!) / 2,
    log: Math.log,
    sqrt: Math.sqrt,
    array: (xs: number[]) => xs,
    array_equal: (a: unknown, b: unknown) => same(a, b),
  },
  sum: (xs: number[]) => xs.reduce((a, b) => a + b, 0),
  len: (x: object) => Object.keys(x).filter((key) => key !== 'run' && key !== 'size' && key !== 'name').length,
  round: (x: number, digits: number) => Number(x.toFixed(digits)),
  isclose: (a: number, b: number) => same(a, b),
  set: (xs: unknown[]) => new Set(xs),
  TypedList: (xs: unknown[]) => xs,
  same,
};

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));
  if (typeof a === 'string') return a === b;
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((x) => b.has(x));
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return Object.keys(x).length === Object.keys(y).length && Object.keys(x).every((key) => same(x[key], y[key]));
}

/** Whether a Python assertion holds in an environment. */
function holds(assertion: string, environment: Environment): boolean {
  const python = assertion
    .replaceAll('.tolist()', '')
    .replaceAll(/\[(\d*):(\d*)\]/g, (_, from, to) => `.slice(${from || 0}${to ? `, ${to}` : ''})`)
    .replaceAll(/\{('d\d'(?:, 'd\d')*)\}/g, 'new Set([$1])');
  const every = /^all\(\((.*) for x in (.*)\)\)$/.exec(python);
  const equal = (text: string): string => {
    const sides = text.split(' == ');
    return sides.length === 2 ? `same(${sides[0]}, ${sides[1]})` : text;
  };
  const body = every ? `${every[2]}.every((x) => ${equal(every[1]!)})` : equal(python);
  const known = { ...functions, ...environment };
  return new Function(...Object.keys(known), `return ${body};`)(...Object.values(known)) as boolean;
}

describeWithData('agrees with the values of ranx', 'fusion/fusion-normalization-expected.json', (path) => {
  const { files } = JSON.parse(readFileSync(join(path), 'utf8')) as { files: Record<string, TestFile> };
  let checked = 0;

  for (const [file, { fixtures, asserts }] of Object.entries(files)) {
    const subject = /([^/]*)_test\.py$/.exec(file)![1]!;
    it(`in ${file}`, () => {
      const runs: Record<string, Scores> = {};
      for (const [name, scores] of Object.entries(fixtures)) if (name !== 'qrels') runs[name] = scores;
      const environment: Environment = Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, asRun(run)]));
      let section = -1;
      for (const [i, { test, assert }] of asserts.entries()) {
        if (assert.startsWith('combined_run.name')) section++;
        const state = file.startsWith('fusion')
          ? fusionEnvironment(subject, runs, fixtures['qrels'], Math.max(section, 0), i)
          : normalizationEnvironment(subject, runs, test);
        expect(holds(assert, { ...environment, ...state }), `${file}, ${test}: ${assert}`).toBe(true);
        checked++;
      }
    });
  }

  it('which are 520', () => expect(checked).toBe(520));
});

function fusionEnvironment(
  subject: string,
  runs: Record<string, Scores>,
  qrels: Scores | undefined,
  section: number,
  i: number,
): Environment {
  const method = findMethod(subject);
  const { runs: chosen, ...options } = (sections[subject]?.[section] ?? {}) as { runs?: string[] };
  const inputs = (chosen ?? Object.keys(runs).slice(0, subject === 'rbc' ? 4 : 3)).map((name) => runs[name]!);
  const model = qrels && method.fit ? fit(inputs, qrels, { ...options, method }) : undefined;
  const state: Environment = {
    combined_run: { ...asRun(fused(inputs, subject, options, model)), name: subject === 'wsum' ? 'weighted_sum' : subject },
    comb_mnz: (all: { run: Scores }[]) =>
      asRun(
        fused(
          all.map(({ run }) => run),
          'mnz',
          {},
        ),
      ),
    comb_sum: (all: { run: Scores }[]) =>
      asRun(
        fused(
          all.map(({ run }) => run),
          'sum',
          {},
        ),
      ),
    weights: (options as { weights?: number[] }).weights,
    sigma: 0.1,
    probs: model?.tables,
    map_scores: model?.tables.map(([map]) => map),
  };
  if (subject === 'bayesfuse') {
    const ends = [5, 10, 15, 20, 30, 100, 200, 500, 1000];
    const byPosition = model!.tables.map((table) => Array.from({ length: 1000 }, (_, at) => table[ends.findIndex((end) => at < end)]!));
    const relevant = relevanceOfLevels[i];
    Object.assign(state, { log_odds: i < 6 ? byPosition[i < 3 ? 0 : 1] : byPosition, p_rel: relevant, p_nonrel: 1 - (relevant ?? 0) });
  }
  if (subject === 'condorcet') {
    const queries = Object.keys(inputs[0]!);
    const lists = queries.map((query) =>
      toRankedLists(
        inputs.map((run) => run[query]),
        String,
      ),
    );
    const listsOf = lists.map(({ ids, documents, starts, runs: present }) =>
      present.map((_, list) => Array.from(documents.subarray(starts[list], starts[list + 1]), (document) => ids[document]!)),
    );
    Object.assign(state, { candidates: lists.map(({ ids }) => ids), results: listsOf });
  }
  return state;
}

function normalizationEnvironment(subject: string, runs: Record<string, Scores>, test: string): Environment {
  const name = subject.replace(/_norm$/, '');
  const normalization = (test.endsWith('with_invert') ? 'min-max-inverted' : name) as Normalization;
  const before = structuredClone(runs);
  const normalized = normalizeRuns(Object.values(runs), normalization).map((run) => asRun(asScores(run)));
  return {
    run_copy: before['run'],
    run_1_copy: before['run_1'],
    run_2_copy: before['run_2'],
    run_3_copy: before['run_3'],
    norm_run: normalized[0],
    norm_run_1: normalized[0],
    norm_run_2: normalized[1],
    norm_run_3: normalized[2],
  };
}
