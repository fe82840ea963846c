/** Does fusing help? Three ways of searching the same documents, measured on judged queries, with a test of significance. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBeir, readQrels } from '@rank-rank/core/files';
import { Collection, compare, type Ranking } from 'rank-rank';

const folder = process.argv[2] ?? 'packages/cli/demo';
const beir = await openBeir(folder);
const collection = await Collection.open(join(mkdtempSync(join(tmpdir(), 'hybrid-')), 'collection'), { write: true });
await collection.add(beir.documents());
await collection.commit();

const queries = await beir.queries();
const runs: Record<string, Map<string, Ranking>> = {};
for (const name of ['bm25', 'dense', 'hybrid'] as const) {
  const search = collection.pipeline(name);
  runs[name] = new Map();
  for (const { id, text } of queries) runs[name].set(id, await search.search(text, 100));
}
await collection.close();

const { runs: measured, comparisons } = compare(await readQrels(join(folder, 'qrels/test.tsv')), runs, ['nDCG@10', 'R@100'], {
  baseline: 'bm25',
});
for (const { name, values } of measured) console.log(name.padEnd(8), values);
for (const { measure, b, difference, pValue } of comparisons)
  console.log(`${measure}: ${b} ${difference.toFixed(3)} against bm25, p = ${pValue.toFixed(4)}`);
