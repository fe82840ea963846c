/** Fails a build when search gets worse: `batch-evaluation-in-ci.ts QRELS BASELINE.run NEW.run` ends with exit code 1 on a significant drop. */
import { readQrels, readRun } from '@rank-rank/core/files';
import { compare } from 'rank-rank';

const [qrels, baseline, candidate] = process.argv.slice(2);
if (!qrels || !baseline || !candidate) throw new Error('Usage: batch-evaluation-in-ci.ts QRELS BASELINE.run NEW.run');

const { comparisons } = compare(
  await readQrels(qrels),
  { baseline: await readRun(baseline), candidate: await readRun(candidate) },
  ['nDCG@10', 'RR'],
  {
    baseline: 'baseline',
  },
);
for (const { measure, difference, pValue, significant } of comparisons) {
  const worse = difference < 0 && significant;
  console.log(`${worse ? 'FAILED' : 'ok    '} ${measure} ${difference >= 0 ? '+' : ''}${difference.toFixed(4)} (p = ${pValue.toFixed(4)})`);
  if (worse) process.exitCode = 1;
}
