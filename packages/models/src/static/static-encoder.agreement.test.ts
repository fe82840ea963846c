import { type Document, fullText, type Hit, type Ranking } from '@rank-rank/core';
import { openBeir } from '@rank-rank/core/files';
import { evaluate } from '@rank-rank/eval';
import { fuse } from '@rank-rank/fusion';
import { LexicalIndex } from '@rank-rank/retrieve';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { learnStaticEncoder } from './learn.ts';

/** As the pipeline's `hybrid` has it, chosen without these judgements: `npm run bench weights`. */
const weights = { bm25: 1, dense: 0.2 };

describeWithData('A static encoder fused with BM25', 'collections/vaswani', (vaswani) => {
  it('raises the mean nDCG@10 of four collections and costs none of them more than .005', async () => {
    const gains: number[] = [];
    for (const name of ['cranfield', 'cacm', 'adi', 'vaswani']) {
      const { bm25, fused } = await figuresOf(vaswani.replace(/vaswani$/, name));
      gains.push(fused - bm25);
    }
    for (const gain of gains) expect(gain).toBeGreaterThan(-0.005);
    expect(gains.reduce((sum, gain) => sum + gain, 0) / gains.length).toBeGreaterThan(0.005);
  }, 300_000);
});

async function figuresOf(folder: string): Promise<{ bm25: number; fused: number }> {
  const collection = await openBeir(folder);
  const documents: Document[] = [];
  for await (const document of collection.documents()) documents.push(document);
  const qrels = await collection.qrels();
  const texts = documents.map(fullText);
  const { dense } = await learnStaticEncoder(texts);
  const { data, dim } = await dense.encode(texts, 'document');
  const index = await LexicalIndex.build(documents);
  const runs = { bm25: {} as Record<string, Ranking>, dense: {} as Record<string, Ranking> };
  for (const { id, text } of await collection.queries(collection.splits[0])) {
    const query = (await dense.encode([text], 'query')).data;
    const hits = documents.map((document, i): Hit => {
      let score = 0;
      for (let k = 0; k < dim; k++) score += query[k]! * data[i * dim + k]!;
      return { id: document.id, score };
    });
    runs.bm25[id] = await index.search(text, 1000);
    runs.dense[id] = hits.sort((a, b) => b.score - a.score).slice(0, 1000);
  }
  await index.close();
  const measured = (run: Parameters<typeof evaluate>[1]): number => evaluate(qrels, run, ['nDCG@10']).values['nDCG@10']!;
  return { bm25: measured(runs.bm25), fused: measured(fuse(runs, { method: 'weighted-sum', weights })) };
}
