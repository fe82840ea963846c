/** Why is this document here? Its score as a tree of named parts that add up, down to the words. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Collection, type Explanation } from 'rank-rank';

const collection = await Collection.open(join(mkdtempSync(join(tmpdir(), 'explain-')), 'collection'), { write: true });
await collection.add([
  { id: 'a', text: 'Tall buildings survive an earthquake if they can sway.' },
  { id: 'b', text: 'A skyscraper is designed to sway in wind and in tremors.' },
  { id: 'c', text: 'Bread needs flour, water, yeast and an oven.' },
]);
await collection.commit();

const print = ({ name, value, description = '', parts = [] }: Explanation, depth = 0): void => {
  console.log(`${'  '.repeat(depth)}${value.toFixed(4)} ${name} ${description}`);
  for (const part of parts) print(part, depth + 1);
};
const [best] = await collection.search('skyscraper in an earthquake', 1);
if (best) print((await collection.explain('skyscraper in an earthquake', best.id))!);
await collection.close();
