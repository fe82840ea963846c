import type { DatasetReport, Spread } from './dataset-report.ts';

/** A dataset report as text for terminals. */
export function datasetText(report: DatasetReport): string {
  const { queries, documents, judgements, runs, problems } = report;
  const lines = [`A ${report.kind} test collection with ${report.grades} grades.`, ''];
  const row = (name: string, text: string): void => {
    lines.push(`${name.padEnd(14)}${text}`);
  };
  row(
    'queries',
    `${queries.judged} judged, ${queries.withRelevant} with relevant documents${queries.total === undefined ? '' : `, of ${queries.total}`}${queries.words === undefined ? '' : `; ${shown(queries.words)} words`}`,
  );
  if (documents !== undefined) {
    row(
      'documents',
      `${documents.total}${documents.words === undefined ? '' : `; ${shown(documents.words)} words`}${documents.empty === 0 ? '' : `; ${documents.empty} empty`}`,
    );
  }
  row('judgements', `${judgements.total}; ${shown(judgements.perQuery)} a query, ${shown(judgements.relevantPerQuery)} of them relevant`);
  row(
    'grades',
    Object.entries(judgements.histogram)
      .map(([grade, count]) => `${grade}: ${count}`)
      .join(', '),
  );
  if (judgements.coverage !== undefined)
    row('judged', `${(judgements.coverage * 100).toFixed(1)} % of the documents, for one query or another`);
  for (const run of runs) {
    row(
      'run',
      `${run.name}: ${run.queries} queries, ${shown(run.depth)} deep, ${(run.unjudgedAt10 * 100).toFixed(1)} % of the first 10 unjudged, ${(run.tied * 100).toFixed(1)} % of scores tied`,
    );
  }
  lines.push('', problems.length === 0 ? 'Nothing looks wrong.' : 'What looks wrong:');
  for (const { severity, message, examples } of problems) {
    lines.push(`  ${severity}: ${message}${examples.length === 0 ? '' : ` For example ${examples.slice(0, 3).join(', ')}.`}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Lowest to highest, and the mean. */
function shown({ lowest, mean, highest }: Spread): string {
  return lowest === highest ? String(lowest) : `${lowest} to ${highest} (mean ${mean.toFixed(1)})`;
}
