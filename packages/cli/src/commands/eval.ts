import { basename } from 'node:path';
import { RankError, type RunInput } from '@rank-rank/core';
import { readQrels, readQrelsGroups, readRun } from '@rank-rank/core/files';
import { type Comparison, compare, evaluate, parseMeasures } from '@rank-rank/eval';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, dim, green, table } from '../terminal/terminal.ts';
import { gathered } from './values.ts';

interface EvalOptions extends Record<string, unknown> {
  readonly measure?: string[];
  readonly perQuery?: boolean;
}

const usual = ['nDCG@10', 'AP', 'RR', 'R@100'];

export function evalCommand(): Command {
  return command<[string, string[]], EvalOptions>(
    'eval <qrels> <runs...>',
    'Measure runs against judgements, and say whether they differ.',
    'rank eval qrels.txt bm25.run hybrid.run -m nDCG@10 -m AP --per-query',
    (made) =>
      made
        .option('-m, --measure <name>', 'a measure, as ir-measures or trec_eval name it; may be repeated', gathered)
        .option('--per-query', 'the value of every query'),
    async (session, [qrelsPath, files], { measure = usual, perQuery = false }) => {
      const measures = parseMeasures(measure);
      const qrels = measures.some(({ needs }) => needs === 'subtopics') ? await readQrelsGroups(qrelsPath) : await readQrels(qrelsPath);
      const runs: Record<string, RunInput> = {};
      for (const file of files) {
        const name = nameOf(file, runs);
        runs[name] = await readRun(file, { signal: session.signal });
      }
      const comparison = files.length > 1 ? compare(qrels, runs, measures) : undefined;
      const evaluations = comparison?.runs ?? Object.entries(runs).map(([name, run]) => ({ name, ...evaluate(qrels, run, measures) }));
      const result = {
        measures: measures.map(({ label }) => label),
        runs: evaluations.map(({ name, values, perQuery: each }) => ({ name, values, ...(perQuery && { perQuery: each }) })),
        comparisons: comparison?.comparisons ?? [],
      };
      session.print(result, () => textOf(result, comparison));
    },
  );
}

/** Runs are called by their file names; the same name twice is numbered. */
function nameOf(file: string, taken: Readonly<Record<string, unknown>>): string {
  const plain = basename(file).replace(/(\.(run|txt|trec|json))?(\.gz)?$/, '') || file;
  let name = plain;
  for (let n = 2; name in taken; n++) name = `${plain}-${n}`;
  return name;
}

interface Result {
  readonly measures: readonly string[];
  readonly runs: readonly {
    readonly name: string;
    readonly values: Readonly<Record<string, number>>;
    readonly perQuery?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }[];
}

function textOf({ measures, runs }: Result, comparison: Comparison | undefined): string {
  if (runs.length === 0) throw new RankError('EMPTY_INPUT', 'rank eval has no run to measure.');
  const best = new Map(measures.map((measure) => [measure, Math.max(...runs.map(({ values }) => values[measure]!))]));
  const shown = (value: number, measure: string) =>
    runs.length > 1 && value === best.get(measure) ? green(value.toFixed(4)) : value.toFixed(4);
  const lines = [
    table(
      [
        ['', ...measures.map(bold)],
        ...runs.map(({ name, values }) => [name, ...measures.map((measure) => shown(values[measure]!, measure))]),
      ],
      measures.map((_, i) => i + 1),
    ),
  ];
  for (const { name, perQuery } of runs) {
    if (perQuery === undefined) continue;
    lines.push(
      '',
      bold(name),
      table(
        Object.entries(perQuery).map(([query, values]) => [query, ...measures.map((measure) => values[measure]!.toFixed(4))]),
        measures.map((_, i) => i + 1),
      ),
    );
  }
  if (comparison !== undefined) {
    const rows = comparison.comparisons.map(({ measure, a, b, difference, wins, ties, losses, pValue, significant }) => [
      measure,
      `${b} − ${a}`,
      `${difference >= 0 ? '+' : ''}${difference.toFixed(4)}`,
      `${wins}/${ties}/${losses}`,
      pValue < 0.0001 ? '< 0.0001' : pValue.toFixed(4),
      significant ? green('significant') : dim('not significant'),
    ]);
    const { test, correction, alpha } = comparison.settings;
    lines.push(
      '',
      table([['', '', bold('difference'), bold('win/tie/loss'), bold('p'), ''], ...rows], [2, 3, 4]),
      dim(`${test} test, ${correction} correction over the pairs of a measure, α = ${alpha}`),
    );
  }
  return lines.join('\n');
}
