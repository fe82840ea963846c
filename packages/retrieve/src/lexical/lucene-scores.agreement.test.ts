import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, Query } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { LexicalIndex } from './lexical-index.ts';

type Hits = Record<string, [id: string, score: number][]>;
/** What Lucene 9.12.0 gives; the file says how it was made. */
const lucene = JSON.parse(readFileSync(new URL('./lucene-scores.json', import.meta.url), 'utf8')) as Record<
  string,
  { anserini: Hits; default: Hits }
>;

function lines<T>(path: string, toItem: (line: { _id: string; title?: string; text: string }) => T): T[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => toItem(JSON.parse(line)));
}

describeWithData('Lucene scores', 'collections', (folder) => {
  it.each(['cranfield', 'vaswani', 'cacm'])('the best ten of %s have Lucene’s scores to the last digit', async (name) => {
    const documents = lines(join(folder, name, 'corpus.jsonl'), ({ _id, title = '', text }): Document => ({ id: _id, title, text }));
    const queries = new Map(
      lines(join(folder, name, 'queries.jsonl'), ({ _id, text }): Query => ({ id: _id, text })).map((query) => [query.id, query.text]),
    );
    const index = await LexicalIndex.build(documents);
    for (const [expected, model] of [
      [lucene[name]!.anserini, 'anserini'],
      [lucene[name]!.default, { model: 'bm25', lossyLengths: true }],
    ] as const) {
      for (const [query, hits] of Object.entries(expected)) {
        const ours = new Map((await index.search(queries.get(query)!, 30, { model })).map(({ id, score }) => [id, score]));
        expect([...ours.values()].slice(0, hits.length)).toEqual(hits.map(([, score]) => Math.fround(score)));
        for (const [id, score] of hits) expect(ours.get(id), `query ${query}, document ${id}`).toBe(Math.fround(score));
      }
    }
    await index.close();
  });
});
