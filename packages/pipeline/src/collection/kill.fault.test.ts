import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@rank-rank/core';
import { afterAll, describe, expect, it } from 'vitest';
import { wordWeights } from '../testing/fakes.ts';
import { Collection } from './collection.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Adds, changes and removes notes, and says after each commit how many it has acknowledged. */
const writer = `
import { Collection } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
import { wordWeights } from ${JSON.stringify(new URL('../../dist/testing/fakes.js', import.meta.url).href)};
const [path, from, encoder] = process.argv.slice(2);
const notes = await Collection.open(path, { write: true, encoder: encoder === 'words' ? { name: encoder, sparse: wordWeights() } : encoder });
for (let round = Number(from); ; round++) {
  const documents = Array.from({ length: 20 }, (_, i) => ({ id: 'r' + round + 'n' + i, text: 'round ' + round + ' note ' + i + ' on rivers and bridges' }));
  await notes.add([...documents, { id: 'always', text: 'the last round was ' + round }]);
  if (round > 0) await notes.remove(['r' + (round - 1) + 'n0']);
  await notes.commit();
  process.stdout.write(round + '\\n');
}
`;

/** Runs the writer and kills it after so many milliseconds; gives the last round that it acknowledged. */
async function killed(script: string, path: string, from: number, encoder: string, after: number): Promise<number> {
  const child = spawn(process.execPath, [script, path, String(from), encoder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  while (!said.includes('\n')) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, after));
  child.kill('SIGKILL');
  await ended;
  return Number(said.trim().split('\n').at(-1));
}

describe('a collection whose writer is killed', () => {
  it.each(['static', 'words'])(
    'opens at the last acknowledged commit or one after it, whole, time and again (encoder %s)',
    async (encoder) => {
      const script = join(folder, 'writer.mjs');
      writeFileSync(script, writer);
      const path = join(folder, `${encoder}.rank`);
      const given = encoder === 'words' ? { encoder: { name: encoder, sparse: wordWeights() } } : {};
      const random = new Random(7);
      let acknowledged = -1;
      for (let kill = 0; kill < 8; kill++) {
        acknowledged = Math.max(acknowledged, await killed(script, path, acknowledged + 1, encoder, random.integer(120)));
        const notes = await Collection.open(path, given);
        expect((await notes.verify()).damaged).toEqual([]);
        const last = Number((await notes.get(['always']))[0]!.text.split(' ').at(-1));
        expect(last).toBeGreaterThanOrEqual(acknowledged);
        expect(last).toBeLessThanOrEqual(acknowledged + 1);
        // All of a round or nothing of it: 20 notes each, less the first of every round but the last.
        expect(notes.size).toBe(1 + 20 * (last + 1) - last);
        expect((await notes.get([`r${last}n19`, `r${last + 1}n0`])).map((document) => document?.id)).toEqual([`r${last}n19`, undefined]);
        expect((await notes.run(`round ${last} rivers`, { k: 3 })).hits).toHaveLength(3);
        if (encoder === 'words') {
          // What was committed before its vectors may be ahead of them, and nothing is behind.
          const { hits } = await notes.run(`round ${last} rivers`, { k: 1000, pipeline: 'sparse' });
          expect(hits.length).toBe(notes.statistics().sparse!.vectors);
          expect((await notes.get(hits.map(({ id }) => id))).every((document) => document !== undefined)).toBe(true);
        }
        acknowledged = last;
        await notes.close();
      }
      // Each writer acknowledged a round before it was killed, the first of them round 0.
      expect(acknowledged).toBeGreaterThanOrEqual(7);
    },
  );
});
