/** Search a folder's Markdown files: `search-your-notes.ts FOLDER QUESTION…` */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Collection } from 'rank-rank';

const [folder = 'docs', ...words] = process.argv.slice(2);
const question = words.join(' ') || 'how are tests named';

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
const notes = await Collection.open(join(mkdtempSync(join(tmpdir(), 'notes-')), 'notes.rank'), { write: true });
await notes.add(files.map((file) => ({ id: file, text: readFileSync(join(folder, file), 'utf8') })));
await notes.commit();

for (const { id, score } of await notes.search(question, 5)) console.log(score.toFixed(3), id);
await notes.close();
