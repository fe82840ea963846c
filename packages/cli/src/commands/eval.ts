import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { RankError, type RunInput, unknownName } from '@rank-rank/core';
import { readQrels, readQrelsGroups, readRun } from '@rank-rank/core/files';
import {
  type CompareOptions,
  type Comparison,
  compare,
  evaluate,
  type GateResult,
  gate,
  type JudgementsInput,
  parseMeasures,
  reportCsv,
  reportHtml,
  reportLatex,
  reportMarkdown,
} from '@rank-rank/eval';
import type { Command } from 'commander';
import { command, exitCodes } from '../command.ts';
import { bold, dim, green, red, table } from '../terminal/terminal.ts';
import { gathered } from './values.ts';

interface EvalOptions extends Record<string, unknown> {
  readonly measure?: string[];
  readonly perQuery?: boolean;
  readonly html?: string;
  readonly format?: string;
  readonly test?: NonNullable<CompareOptions['test']>;
  readonly baseline?: string;
  readonly failIf?: string[];
}

const usual = ['nDCG@10', 'AP', 'RR', 'R@100'];

const reports: Readonly<Record<string, (comparison: Comparison) => string>> = {
  markdown: reportMarkdown,
  latex: reportLatex,
  csv: reportCsv,
};

export function evalCommand(): Command {
  return command<[string, string[]], EvalOptions>(
    'eval <qrels> <runs...>',
    'Measure runs against judgements, and say whether they differ.',
    'rank eval qrels.txt bm25.run hybrid.run -m nDCG@10 -m AP --html report.html\nrank eval qrels.txt new.run --baseline old.run --fail-if "nDCG@10 drops by more than 0.01 with p < 0.05"',
    (made) =>
      made
        .option('-m, --measure <name>', 'a measure, as ir-measures or trec_eval name it; may be repeated', gathered)
        .option('--per-query', 'the value of every query')
        .option('--test <name>', 't, fisher, bootstrap, wilcoxon, sign or tukey (fisher)')
        .option('--html <file>', 'a report with plots, as one page')
        .option('--format <name>', `print the report as ${Object.keys(reports).join(', ')}`)
        .option('--baseline <run>', 'compare the others with this run only: a file, or one of the runs')
        .option(
          '--fail-if <rule>',
          'end with exit code 1 where this holds: "AP drops by more than 2%", "R@100 below 0.8"; may be repeated',
          gathered,
        ),
    async (session, [qrelsPath, files], options) => {
      const { perQuery = false, baseline, failIf = [], format } = options;
      const measures = parseMeasures(options.measure ?? usual);
      const report = format === undefined ? undefined : reports[format];
      if (format !== undefined && report === undefined) throw unknownName('--format', format, Object.keys(reports));
      const qrels = measures.some(({ needs }) => needs === 'subtopics') ? await readQrelsGroups(qrelsPath) : await readQrels(qrelsPath);
      const runs: Record<string, RunInput> = {};
      const before = baseline === undefined || files.includes(baseline) ? [] : [baseline];
      let baselineName: string | undefined;
      for (const file of [...before, ...files]) {
        const name = nameOf(file, runs);
        runs[name] = await readRun(file, { signal: session.signal });
        if (file === baseline) baselineName = name;
      }
      const settings: CompareOptions = {
        ...(baselineName !== undefined && { baseline: baselineName }),
        ...(options.test !== undefined && { test: options.test }),
        ...(options.html !== undefined && { curves: true }),
      };
      const several = Object.keys(runs).length > 1;
      const comparison =
        several || options.html !== undefined || report !== undefined ? compare(qrels, runs, measures, settings) : undefined;
      const evaluations = comparison?.runs ?? Object.entries(runs).map(([name, run]) => ({ name, ...evaluate(qrels, run, measures) }));
      if (options.html !== undefined && comparison !== undefined) writeFileSync(options.html, reportHtml(comparison));
      const gates = failIf.length === 0 ? [] : gatesOf(qrels, runs, baselineName, failIf);
      const passed = gates.every(({ passed: each }) => each);
      const result = {
        measures: measures.map(({ label }) => label),
        runs: evaluations.map(({ name, values, perQuery: each }) => ({ name, values, ...(perQuery && { perQuery: each }) })),
        comparisons: comparison?.comparisons ?? [],
        ...(gates.length > 0 && { passed, checks: gates.flatMap(({ run, checks }) => checks.map((check) => ({ run, ...check }))) }),
      };
      session.print(result, () =>
        report !== undefined && comparison !== undefined
          ? report(comparison)
          : [textOf(result, several ? comparison : undefined), ...gates.flatMap(gateText)].join('\n'),
      );
      return passed ? exitCodes.success : exitCodes.finding;
    },
  );
}

interface RunGate extends GateResult {
  readonly run: string;
}

/** Every run but the baseline, held to the rules. Without a baseline the first run is it; a run alone is held to rules of least values only. */
function gatesOf(
  qrels: JudgementsInput,
  runs: Readonly<Record<string, RunInput>>,
  baseline: string | undefined,
  rules: readonly string[],
): RunGate[] {
  const names = Object.keys(runs);
  const first = baseline ?? names[0]!;
  const candidates = names.length === 1 ? names : names.filter((name) => name !== first);
  return candidates.map((run) => ({ run, ...gate(qrels, runs[first]!, runs[run]!, rules) }));
}

function gateText({ run, checks }: RunGate): string[] {
  return ['', ...checks.map(({ passed, message }) => `${passed ? green('passed') : red('FAILED')} ${run}: ${message}`)];
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
