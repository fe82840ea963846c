import { openBeir } from '@rank-rank/core/files';
import { measure } from '@rank-rank/eval';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { Collection } from './collection.ts';

/** The weights are chosen without these judgements: `npm run bench weights`. */
describeWithData('The named pipelines, beside BM25', 'collections/vaswani', (vaswani) => {
  it('raise the mean nDCG@10 of four collections and cost none of them more than .005', async () => {
    const gains: Record<'hybrid' | 'full', number[]> = { hybrid: [], full: [] };
    for (const name of ['cranfield', 'cacm', 'adi', 'vaswani']) {
      const beir = await openBeir(vaswani.replace(/vaswani$/, name));
      const collection = await Collection.memory();
      await collection.add(beir.documents());
      await collection.commit();
      const queries = await beir.queries('test');
      const qrels = await beir.qrels();
      const figure = async (pipeline: 'bm25' | 'hybrid' | 'full'): Promise<number> => {
        const { values } = await measure(collection.pipeline(pipeline), queries, qrels, { k: 10, measures: ['nDCG@10'], warmUp: 0 });
        return values['nDCG@10']!;
      };
      const bm25 = await figure('bm25');
      for (const pipeline of ['hybrid', 'full'] as const) gains[pipeline].push((await figure(pipeline)) - bm25);
      await collection.close();
    }
    for (const all of Object.values(gains)) {
      expect(Math.min(...all)).toBeGreaterThan(-0.005);
      expect(all.reduce((sum, gain) => sum + gain, 0) / all.length).toBeGreaterThan(0.01);
    }
  }, 300_000);
});
