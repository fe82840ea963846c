/**
 * `npm run bench [QUESTION [WORD…]] [-- --json] [--no-peers] [--save]`: measures, prints a table of ratios (or JSON lines), and with
 * `--save` keeps the rows with the machine and the date in `bench/results`.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { unknownName } from '@rank-rank/core';
import { peersFolder, runPeer, shared } from './peers.ts';
import type { Context, Question, Row } from './question.ts';
import { table } from './table.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(here)
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length))
  .sort();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, 'no-peers': { type: 'boolean' }, save: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const [name, ...only] = positionals;

if (values.help || name === undefined) {
  process.stdout.write(`npm run bench QUESTION [WORD…] -- [--json] [--no-peers] [--save]\n\nQuestions:\n`);
  for (const known of names) process.stdout.write(`  ${known.padEnd(20)}${(await load(known)).title}\n`);
} else if (!names.includes(name)) {
  process.stderr.write(`${unknownName('Question', name, names).message}\n`);
  process.exitCode = 2;
} else {
  await ask(name);
}

async function load(question: string): Promise<Question> {
  return ((await import(join(here, `${question}.bench.js`))) as { default: Question }).default;
}

async function ask(questionName: string): Promise<void> {
  const question = await load(questionName);
  const rows: Row[] = [];
  const record = (row: Row): void => {
    rows.push(row);
    if (values.json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${row.peer} ${row.case}`);
  };
  const note = (text: string): void => {
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  };
  const context: Context = {
    only,
    workloads: join(peersFolder, 'workloads'),
    data: join(shared, 'data'),
    note,
    say: (row) => record({ peer: 'rank-rank', threads: 1, ...row }),
    async peer(script, options = {}) {
      if (values['no-peers']) return [];
      const from = rows.length;
      const trouble = await runPeer(script, options, record);
      if (trouble !== undefined) note(`${script} was not measured: ${trouble}`);
      return rows.slice(from);
    },
  };
  await question.run(context);
  if (!values.json) {
    process.stderr.write(process.stderr.isTTY ? '\r\x1b[K' : '');
    process.stdout.write(`${question.title}\n\n${table(rows, question.group ?? ((row) => `${row.task} ${row.case} (${row.metric})`))}\n`);
  }
  if (values.save) {
    const folder = join(here, '../results');
    mkdirSync(folder, { recursive: true });
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memory: totalmem(),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    };
    writeFileSync(
      join(folder, `${questionName}.json`),
      `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, rows }, null, 1)}\n`,
    );
  }
}
