import { readQrels, readRun } from '@rank-rank/core/files';
import { type CompareOptions, type Comparison, compare, reportText } from '@rank-rank/eval';
import { diagnose } from '@rank-rank/fusion';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, dim, green, red, table } from '../terminal/terminal.ts';
import { gathered, wholeNumber } from './values.ts';

interface CompareCommandOptions extends Record<string, unknown> {
  readonly measure?: string[];
  readonly test?: NonNullable<CompareOptions['test']>;
  readonly queries: number;
}

/** A query whose value differs between two runs. */
interface Delta {
  readonly query: string;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
}

export function compareCommand(): Command {
  return command<[string, string, string], CompareCommandOptions>(
    'compare <qrels> <a> <b>',
    'Two runs side by side: tests, effect sizes, the queries that gain and lose most, how alike they are, and whether fusing them is worth it.',
    'rank compare qrels.txt bm25.run dense.run -m nDCG@10',
    (made) =>
      made
        .option('-m, --measure <name>', 'a measure; may be repeated (nDCG@10)', gathered)
        .option('--test <name>', 't, fisher, bootstrap, wilcoxon, sign or tukey (fisher)')
        .option('-n, --queries <number>', 'how many of the queries that differ most', wholeNumber('--queries', 0), 5),
    async (session, [qrelsFile, fileA, fileB], { measure = ['nDCG@10'], test, queries }) => {
      const qrels = await readQrels(qrelsFile);
      const runs = { a: await readRun(fileA, { signal: session.signal }), b: await readRun(fileB, { signal: session.signal }) };
      const comparison = compare(qrels, runs, measure, test && { test });
      const diagnosis = diagnose(runs, { qrels });
      const deltas = deltasOf(comparison, measure[0]!).slice();
      const gains = deltas.filter(({ difference }) => difference > 0).slice(0, queries);
      const losses = deltas
        .filter(({ difference }) => difference < 0)
        .slice(-queries)
        .reverse();
      session.print({ runs: { a: fileA, b: fileB }, comparisons: comparison.comparisons, gains, losses, fusion: diagnosis }, () =>
        [
          dim(`a = ${fileA}, b = ${fileB}`),
          '',
          reportText(comparison),
          ...(gains.length > 0 ? ['', deltaTable(`${measure[0]}: b gains most`, gains, green)] : []),
          ...(losses.length > 0 ? ['', deltaTable(`${measure[0]}: b loses most`, losses, red)] : []),
          '',
          diagnosis.verdict.text,
        ].join('\n'),
      );
    },
  );
}

/** Largest gain of b first. */
function deltasOf({ runs }: Comparison, measure: string): Delta[] {
  const [a, b] = ['a', 'b'].map((name) => runs.find((run) => run.name === name)!.perQuery);
  const label = Object.keys(runs[0]!.values).find((name) => name === measure) ?? Object.keys(runs[0]!.values)[0]!;
  return Object.keys(a!)
    .map((query) => ({ query, a: a![query]![label]!, b: b![query]?.[label] ?? 0 }))
    .map((pair) => ({ ...pair, difference: pair.b - pair.a }))
    .sort((x, y) => y.difference - x.difference || (x.query < y.query ? -1 : 1));
}

function deltaTable(title: string, deltas: readonly Delta[], paint: (text: string) => string): string {
  return table(
    [
      [bold(title), bold('a'), bold('b'), ''],
      ...deltas.map(({ query, a, b, difference }) => [
        query,
        a.toFixed(4),
        b.toFixed(4),
        paint(`${difference > 0 ? '+' : ''}${difference.toFixed(4)}`),
      ]),
    ],
    [1, 2, 3],
  );
}
