import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pipeline } from '../run/pipeline.ts';
import { retrieve } from '../stage/retrieve.ts';
import { fixed } from '../testing/fakes.ts';
import { runQueries } from './run-queries.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-batch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const queries = Array.from({ length: 20 }, (_, i) => ({ id: `q${i}`, text: `query ${i}` }));
const scores = { a: 3, b: 2, c: 1 };

it('writes a TREC run and says how long queries took', async () => {
  const output = join(folder, 'all.run');
  const report = await runQueries(pipeline(retrieve(fixed(scores)), { name: 'mine' }), queries, { output, k: 2 });
  expect(report).toMatchObject({ queries: 20, hits: 40, resumed: 0 });
  const lines = readFileSync(output, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(40);
  expect(lines[1]).toBe('q0 Q0 b 2 2 mine');
  expect([existsSync(`${output}.partial`), existsSync(`${output}.journal`)]).toEqual([false, false]);
});

it('goes on where an interrupted batch stopped, whatever was left half written', async () => {
  const whole = join(folder, 'whole.run');
  await runQueries(pipeline(retrieve(fixed(scores))), queries, { output: whole });
  const output = join(folder, 'broken.run');
  for (const cut of [0, 1, 17]) {
    let count = 0;
    const dying = fixed(scores, { fail: () => (++count > 8 ? new Error('the machine went down') : undefined) });
    await expect(runQueries(pipeline(retrieve(dying)), queries, { output, resume: false })).rejects.toThrow('went down');
    const partial = `${output}.partial`;
    truncateSync(partial, readFileSync(partial).length - cut);
    writeFileSync(`${output}.journal`, `${readFileSync(`${output}.journal`, 'utf8')}99`);
    const source = fixed(scores);
    const { resumed } = await runQueries(pipeline(retrieve(source)), queries, { output });
    expect([resumed, source.asked]).toEqual(cut === 0 ? [8, 12] : [7, 13]);
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  }
});

it('refuses the remains of another batch, ids that no run can hold, and queries that stand twice', async () => {
  const search = pipeline(retrieve(fixed(scores)));
  const output = join(folder, 'x.run');
  writeFileSync(`${output}.partial`, 'other Q0 a 1 1 x\n');
  writeFileSync(`${output}.journal`, '17 1 other\n');
  await expect(runQueries(search, queries, { output })).rejects.toThrow(/another batch/);
  await expect(runQueries(search, [{ id: 'a b', text: 'x' }], { output })).rejects.toThrow(/without spaces/);
  await expect(runQueries(search, [queries[0]!, queries[0]!], { output })).rejects.toThrow(/twice/);
  await expect(runQueries(search, queries, { output, signal: AbortSignal.abort(), resume: false })).rejects.toThrow(/cancelled/);
});
