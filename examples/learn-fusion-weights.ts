/** How much should each system count? Weights from judged queries, and by cross-validation what they are worth on new ones. */
import { readQrels, readRun } from '@rank-rank/core/files';
import { optimize } from '@rank-rank/fusion';
import { evaluate } from 'rank-rank';

const [qrelsFile, ...runFiles] = process.argv.slice(2);
if (!qrelsFile || runFiles.length < 2) throw new Error('Usage: learn-fusion-weights.ts QRELS RUN RUN…');
const runs = Object.fromEntries(await Promise.all(runFiles.map(async (file) => [file, await readRun(file)] as const)));

const report = await optimize(runs, await readQrels(qrelsFile), {
  method: 'weighted-sum',
  measure: (qrels, run) =>
    Object.fromEntries(Object.entries(evaluate(qrels, run, 'nDCG@10').perQuery).map(([query, values]) => [query, values['nDCG@10']!])),
});
for (const { run, value } of report.runs) console.log(value.toFixed(4), run);
console.log(report.best.value.toFixed(4), 'fused with', report.best.parameters);
console.log(report.crossValidation?.value.toFixed(4), 'expected on new queries');
