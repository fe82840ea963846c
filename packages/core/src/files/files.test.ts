import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describeWithData } from '@rank-rank/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { Document } from '../document.ts';
import {
  openBeir,
  readPrefs,
  readQrels,
  readQrelsGroups,
  readQueryFile,
  readRun,
  streamRun,
  writeBeir,
  writeQrels,
  writeRun,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('files', () => {
  it('of runs are told apart by content and named by tag or file', async () => {
    const expected = [['q', [{ id: 'd', score: 1 }]]];
    const trec = await readRun(file('a.run', 'q Q0 d 1 1 bm25\n'));
    expect([...trec]).toEqual(expected);
    expect(trec.name).toBe('bm25');
    const json = await readRun(file('dense.json', ' {"q": {"d": 1}}'));
    expect([...json]).toEqual(expected);
    expect(json.name).toBe('dense');
    // Packed, whatever the name says.
    expect([...(await readRun(file('b.run', gzipSync('q Q0 d 1 1 bm25\n'))))]).toEqual(expected);
    expect([...(await readRun(file('c.json.gz', gzipSync('{"q": {"d": 1}}'))))]).toEqual(expected);
    const streamed = [];
    for await (const { query, ranking } of streamRun(join(folder, 'c.json.gz'))) streamed.push([query, ranking]);
    expect(streamed).toEqual(expected);
  });

  it('of judgements are told apart by content', async () => {
    const expected = new Map([['q', new Map([['d', 1]])]]);
    expect(await readQrels(file('q.txt', 'q 0 d 1\n'))).toEqual(expected);
    expect(await readQrels(file('q.tsv', 'query-id\tcorpus-id\tscore\nq\td\t1\n'))).toEqual(expected);
    expect(await readQrels(file('q.json', '{"q":{"d":1}}'))).toEqual(expected);
    expect(await readQrels(file('q3.tsv', 'q\td\t1'))).toEqual(expected);
    // A TREC file with tabs is no BEIR file.
    expect(await readQrels(file('tabs.txt', 'q\t0\td\t1\n'))).toEqual(expected);
  });

  it('come back as they were written, and nothing is left beside them', async () => {
    const run = new Map([['q', [{ id: 'd', score: 0.1 + 0.2 }]]]);
    for (const name of ['w.run', 'w.run.gz', 'w.json', 'w.json.gz']) {
      await writeRun(join(folder, name), run, { tag: 't' });
      expect(new Map(await readRun(join(folder, name)))).toEqual(run);
    }
    expect(gunzipSync(readFileSync(join(folder, 'w.run.gz'))).toString()).toBe('q Q0 d 1 0.30000000000000004 t\n');
    for (const name of ['w.txt', 'w.tsv.gz']) {
      await writeQrels(join(folder, name), { q: { d: 2 } });
      expect(await readQrels(join(folder, name))).toEqual(new Map([['q', new Map([['d', 2]])]]));
    }
    await writeRun(
      join(folder, 'streamed.run'),
      (async function* () {
        yield { query: 'a', ranking: [{ id: 'd', score: 1 }] };
      })(),
    );
    expect(readFileSync(join(folder, 'streamed.run'), 'utf8')).toBe('a Q0 d 1 1 rank-rank\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });

  it('that are missing, folders, or damaged say so by name', async () => {
    await expect(readRun(join(folder, 'none.run'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('none.run'),
    });
    await expect(readRun(folder)).rejects.toMatchObject({ code: 'IO' });
    const packed = gzipSync('q Q0 d 1 1 t\n'.repeat(1000));
    await expect(readRun(file('cut.gz', packed.subarray(0, packed.length - 10)), { duplicates: 'first' })).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    await expect(readQrels(file('bad.txt', 'q 0 d\n'))).rejects.toMatchObject({
      code: 'PARSE',
      details: { file: join(folder, 'bad.txt'), line: 1, found: 'q 0 d' },
    });
    await expect(writeRun(join(folder, 'nowhere/x.run'), {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await readRun(file('empty.run', ''))).size).toBe(0);
  });

  it('of a failed write leave no draft and the file before as it was', async () => {
    const path = file('kept.run', 'q Q0 d 1 1 t\n');
    await expect(writeRun(path, { q: { 'a b': 1 } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(readFileSync(path, 'utf8')).toBe('q Q0 d 1 1 t\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });

  it('of a BEIR folder come back as they were written', async () => {
    const documents = [
      { id: 'd1', title: 'T', text: 'x' },
      { id: 'd2', text: 'y' },
    ];
    const queries = [
      { id: 'q1', text: 'one' },
      { id: 'q2', text: 'two' },
    ];
    const path = join(folder, 'beir');
    await writeBeir(path, { documents, queries, qrels: { test: { q1: { d1: 1 } }, dev: { q2: { d2: 1 } } } });
    const beir = await openBeir(path);
    expect(beir.splits).toEqual(['test', 'dev']);
    const read: Document[] = [];
    for await (const document of beir.documents()) read.push(document);
    expect(read).toEqual(documents);
    expect(await beir.queries()).toEqual(queries);
    expect(await beir.queries('test')).toEqual([queries[0]]);
    expect((await beir.qrels()).get('q1')?.get('d1')).toBe(1);
    await expect(beir.qrels('tests')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('Did you mean "test"?'),
    });
    await expect(openBeir(folder)).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('corpus.jsonl') });
  });
});

describeWithData('files of others: trec_eval', 'trec_eval', (path) => {
  it('are read, comments and all', async () => {
    expect((await readQrels(join(path, 'qrels.test.with-comments'))).size).toBe(3);
    expect((await readQrels(join(path, 'qrels.test.with-comments'))).get('301')?.get('CR#93E-1860')).toBe(0);
    expect((await readRun(join(path, 'results.trunc'))).name).toBe('STANDARD');
    expect((await readQrelsGroups(join(path, 'qrels.123'))).get('301')?.size).toBe(3);
    expect((await readPrefs(join(path, 'prefs.test'))).size).toBeGreaterThan(5);
    expect((await readRun(join(path, 'results.comment.test'))).size).toBe(301);
  });
});

describeWithData('files of others: robust03', 'runs/robust03', (path) => {
  it('are read packed', async () => {
    const run = await readRun(join(path, 'input.MU03rob01.gz'));
    expect(run.name).toBe('MU03rob01');
    expect(run.size).toBe(100);
    expect([...run.values()].reduce((sum, hits) => sum + hits.length, 0)).toBe(100_000);
    expect((await readQrels(join(path, 'qrels.txt'))).size).toBe(100);
  });
});

describeWithData('files of others: BEIR folders', 'collections/cranfield', (path) => {
  it('are opened', async () => {
    const beir = await openBeir(path);
    let documents = 0;
    for await (const { id, text } of beir.documents()) if (id && text !== undefined) documents++;
    expect(documents).toBe(1400);
    expect((await readQueryFile(join(path, 'queries.jsonl'))).length).toBe(225);
    const judged = [...(await beir.qrels()).values()].reduce((sum, documents) => sum + documents.size, 0);
    expect(judged).toBe(1837);
  });
});
