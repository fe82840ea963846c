import { checkOptions, RankError } from '@rank-rank/core';
import type { ComparedRun, Comparison, PairComparison } from '../compare.ts';
import { script, style } from './page-style.ts';
import { plotCost } from './plot-cost.ts';
import { plotDeltas } from './plot-deltas.ts';
import { plotLines } from './plot-lines.ts';
import { plotMeans } from './plot-means.ts';
import { escaped } from './svg.ts';
import {
  footnote,
  robustHead,
  robustNote,
  robustRows,
  shownDifference,
  shownEffect,
  shownP,
  shownShare,
  shownValue,
  tableOf,
} from './table.ts';

export interface HtmlOptions {
  /** The page's heading; "Comparison of runs" by default. */
  readonly title?: string;
}

/**
 * A comparison as one HTML page that needs nothing else: tables, and plots of means, of each query's difference, of precision over
 * recall and of measures by depth (where `compare` computed `curves`), and of quality over cost (where runs have one). It follows
 * the reader's light or dark setting; every plot says in words what it shows.
 *
 * @example writeFileSync('report.html', reportHtml(compare(qrels, runs, ['nDCG@10', 'AP'], { curves: true })))
 */
export function reportHtml(comparison: Comparison, options: HtmlOptions = {}): string {
  checkOptions('reportHtml', options, ['title']);
  if (comparison.runs.length === 0) throw new RankError('EMPTY_INPUT', 'reportHtml: the comparison has no runs.');
  const title = escaped(options.title ?? 'Comparison of runs');
  const { runs, measures, queries } = comparison;
  const counts = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'} · ${queries.length} ${queries.length === 1 ? 'query' : 'queries'} · ${measures.length} ${measures.length === 1 ? 'measure' : 'measures'}`;
  const sections = [
    section(
      'values',
      'Values',
      `${valuesTable(comparison)}<p class="note">${escaped(footnote(comparison))} The best value of a measure is bold.</p>`,
    ),
    section(
      'means',
      'Means and how sure they are',
      chooser('measure', measures, (measure, at) => plotMeans(comparison, measure, `mean${at}`)),
      'Bars are 95 % confidence intervals by the bootstrap (bias-corrected and accelerated).',
    ),
    comparison.comparisons.length > 0 &&
      section(
        'pairs',
        'Pairs',
        chooser('measure', measures, (measure) => pairsTable(comparison, measure)),
        `b − a. d is the mean difference over its deviation. The last column is how probable it is that b is worse, the same within ±${comparison.settings.rope}, or better (Bayesian t-test).`,
      ),
    comparison.comparisons.length > 0 &&
      section(
        'queries',
        'Query by query',
        deltas(comparison),
        'A bar a query, the greatest gain first; the dashed line is the mean. Point at a bar for its query.',
      ),
    runs.some(({ curves }) => curves !== undefined) && section('curves', 'Precision over recall, and measures by depth', curvePlots(runs)),
    costSection(comparison),
    queries.length > 1 &&
      section(
        'robust',
        'Beyond the mean',
        chooser('measure', measures, (measure) => robustTable(comparison, measure)),
        robustNote,
      ),
    queries.length > 1 && section('hardest', 'Hardest queries', hardest(comparison), 'By the mean over runs of the first measure.'),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1><p>${counts}</p></header>
<main>
${sections.filter(Boolean).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function section(id: string, title: string, body: string, note = ''): string {
  return `<section aria-labelledby="${id}-h"><h2 id="${id}-h">${title}</h2>${note && `<p class="note">${escaped(note)}</p>`}${body}</section>`;
}

/** Figures of which one is shown at a time. Without scripts all are. */
function chooser<T>(
  what: string,
  items: readonly T[],
  figureOf: (item: T, at: number) => string,
  nameOf: (item: T) => string = String,
): string {
  const figures = items.map(
    (item, at) =>
      `<figure data-item="${at}">${items.length > 1 ? `<figcaption>${escaped(nameOf(item))}</figcaption>` : ''}${figureOf(item, at)}</figure>`,
  );
  if (items.length === 1) return figures[0]!;
  const choices = items.map((item, at) => `<option value="${at}">${escaped(nameOf(item))}</option>`).join('');
  return `<div class="chooser"><label hidden>Choose ${what} <select>${choices}</select></label>${figures.join('')}</div>`;
}

function valuesTable(comparison: Comparison): string {
  const head = comparison.measures.map((measure) => `<th scope="col" class="n">${escaped(measure)}</th>`).join('');
  const rows = tableOf(comparison).map(({ letter, name, cells }, at) => {
    const values = cells.map(
      ({ value, beats, best }) => `<td class="n">${best ? `<b>${shownValue(value)}</b>` : shownValue(value)}<sup>${beats}</sup></td>`,
    );
    return `<tr><td class="letter s${at % 8}">${letter}</td><th scope="row">${escaped(name)}</th>${values.join('')}</tr>`;
  });
  return scrolling(`<table><thead><tr><th></th><th scope="col">Run</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`);
}

function pairsTable({ comparisons }: Comparison, measure: string): string {
  const head = ['a', 'b', 'b − a', 'p', 'better / same / worse', 'd', 'worse · same · better'];
  const rows = comparisons
    .filter((pair) => pair.measure === measure)
    .map((pair) => {
      const { worse, equivalent, better } = pair.posterior;
      const shares = `${shownShare(worse)} worse, ${shownShare(equivalent)} the same, ${shownShare(better)} better`;
      const bar = `<span class="bar" role="img" aria-label="${shares}" title="${shares}"><i class="loss" style="flex:${worse.toFixed(4)}"></i><i class="tie" style="flex:${equivalent.toFixed(4)}"></i><i class="win" style="flex:${better.toFixed(4)}"></i></span>`;
      return `<tr${pair.significant ? ' class="significant"' : ''}><td>${escaped(pair.a)}</td><td>${escaped(pair.b)}</td><td class="n">${shownDifference(pair.difference)}</td><td class="n">${shownP(pair.pValue)}${pair.significant ? '<span class="mark"> *</span>' : ''}</td><td class="n">${pair.wins} / ${pair.ties} / ${pair.losses}</td><td class="n">${shownEffect(pair.effect.cohensDz)}</td><td>${bar}</td></tr>`;
    });
  return scrolling(
    `<table><thead><tr>${head.map((name, at) => `<th scope="col"${at > 1 && at < 6 ? ' class="n"' : ''}>${name}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

const mostDeltas = 60;

function deltas({ runs, comparisons }: Comparison): string {
  const byName = new Map<string, ComparedRun>(runs.map((run) => [run.name, run]));
  const nameOf = ({ measure, a, b }: PairComparison): string => `${measure}: ${b} against ${a}`;
  // A plot a pair and measure, as far as a page can carry them: the first measures have them all.
  const plotted = comparisons.slice(0, Math.max(mostDeltas, comparisons.length / new Set(comparisons.map(({ measure }) => measure)).size));
  return chooser('pair', plotted, (pair, at) => plotDeltas(pair, byName.get(pair.a)!, byName.get(pair.b)!, `delta${at}`), nameOf);
}

function curvePlots(runs: readonly ComparedRun[]): string {
  const drawn = runs.flatMap(({ name, curves }) => (curves === undefined ? [] : [{ name, curves }]));
  const precisionRecall = plotLines({
    id: 'pr',
    title: 'Interpolated precision over recall',
    description: drawn.map(({ name, curves }) => `${name} begins at ${curves.precisionRecall[0]!.precision.toFixed(3)}`).join('; '),
    xLabel: 'recall',
    yLabel: 'interpolated precision',
    xScale: 'linear',
    lines: drawn.map(({ name, curves }) => ({
      name,
      points: curves.precisionRecall.map(({ recall, precision }) => ({ x: recall, y: precision })),
    })),
  });
  const byDepth = Object.keys(drawn[0]!.curves.byDepth).map((measure) =>
    plotLines({
      id: `depth-${measure}`,
      title: `${measure} by depth`,
      description: drawn.map(({ name, curves }) => `${name} ends at ${curves.byDepth[measure]!.at(-1)!.value.toFixed(3)}`).join('; '),
      xLabel: 'depth k (logarithmic)',
      yLabel: `${measure}@k`,
      xScale: 'log',
      lines: drawn.map(({ name, curves }) => ({
        name,
        points: curves.byDepth[measure]!.map(({ depth, value }) => ({ x: depth, y: value })),
      })),
    }),
  );
  return `<div class="grid2">${[precisionRecall, ...byDepth].map((plot) => `<figure>${plot}</figure>`).join('')}</div>`;
}

function costSection(comparison: Comparison): string {
  if (comparison.runs.every(({ cost }) => cost === undefined)) return '';
  return section(
    'cost',
    'Quality over cost',
    chooser('measure', comparison.measures, (measure, at) => plotCost(comparison, measure, `cost${at}`)!),
    'Runs on the line are not beaten in both.',
  );
}

function robustTable(comparison: Comparison, measure: string): string {
  const head = robustHead.slice(1).map((name, at) => `<th scope="col"${at > 0 ? ' class="n"' : ''}>${name}</th>`);
  const rows = robustRows(comparison)
    .filter(([own]) => own === measure)
    .map(([, name, ...figures]) => {
      const cells = figures.map((figure) => `<td class="n">${figure}</td>`).join('');
      return `<tr><th scope="row">${escaped(name!)}</th>${cells}</tr>`;
    });
  return scrolling(`<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`);
}

function hardest({ runs, queries, measures }: Comparison): string {
  const measure = measures[0]!;
  const rows = queries
    .map((query) => ({ query, values: runs.map(({ perQuery }) => perQuery[query]![measure]!) }))
    .map((row) => ({ ...row, mean: row.values.reduce((sum, value) => sum + value, 0) / row.values.length }))
    .sort((a, b) => a.mean - b.mean)
    .slice(0, 10);
  const head = runs.map(({ name }) => `<th scope="col" class="n">${escaped(name)}</th>`).join('');
  const body = rows.map(
    ({ query, values, mean }) =>
      `<tr><th scope="row">${escaped(query)}</th><td class="n"><b>${shownValue(mean)}</b></td>${values.map((value) => `<td class="n">${shownValue(value)}</td>`).join('')}</tr>`,
  );
  return scrolling(
    `<table><thead><tr><th scope="col">Query</th><th scope="col" class="n">Mean ${escaped(measure)}</th>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  );
}

/** Wide tables scroll by themselves; with a key too. */
function scrolling(table: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="Table">${table}</div>`;
}
