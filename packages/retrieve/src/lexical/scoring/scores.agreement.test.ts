import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBeir } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import type { ModelSpec } from './models.ts';
import { tfIdf } from './tf-idf.ts';

type Hits = [id: string, score: number][];
type Figures<T> = Record<string, Record<string, T>>;
const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const bm25s = read('./bm25s.json') as Figures<Record<string, Hits>>;
const terrier = read('./terrier.json') as Figures<Record<string, Hits>> & Figures<{ term: string; hits: Hits }[]>;

describeWithData('scores on judged collections', 'collections', (folder) => {
  async function indexOf(name: string): Promise<{ index: LexicalIndex; queries: Map<string, string> }> {
    const beir = await openBeir(join(folder, name));
    const queries = new Map((await beir.queries()).map(({ id, text }) => [id, text]));
    return { index: await LexicalIndex.build(beir.documents()), queries };
  }

  /** The same scores in the same places; documents of equal scores may stand the other way round. */
  async function expectHits(index: LexicalIndex, query: Parameters<LexicalIndex['search']>[0], model: ModelSpec, hits: Hits, factor = 1) {
    const found = await index.search(query, 40, { model });
    const ours = new Map(found.map(({ id, score }) => [id, score]));
    hits.forEach(([id, score], i) => {
      expect(Math.abs(found[i]!.score - score * factor)).toBeLessThan(1e-4);
      expect(Math.abs(ours.get(id)! - score * factor), id).toBeLessThan(1e-4);
    });
  }

  it.each(['cranfield', 'vaswani', 'cacm'])('all variants of BM25 agree with bm25s on %s', async (name) => {
    const { index, queries } = await indexOf(name);
    for (const variant of ['lucene', 'robertson', 'atire', 'bm25l', 'bm25+'] as const) {
      const model = { model: 'bm25', variant, ...(variant.startsWith('bm25') && { absentTerms: true }) } as const;
      for (const [query, hits] of Object.entries(bm25s[name]![variant]!)) await expectHits(index, queries.get(query)!, model, hits);
    }
  });

  it.each(['cranfield', 'vaswani'])('divergence from randomness and query likelihood agree with Terrier on %s', async (name) => {
    const { index, queries } = await indexOf(name);
    const models = [
      ['PL2', { model: 'pl2', c: 1 }, 1],
      ['DPH', { model: 'dph' }, 1],
      ['Hiemstra_LM', { model: 'ql', smoothing: 'jelinek-mercer', lambda: 0.85 }, Math.LN2],
    ] as const;
    for (const [theirs, model, factor] of models) {
      for (const [query, hits] of Object.entries(terrier[name]![theirs]!)) {
        await expectHits(index, queries.get(query)!, model, hits as Hits, factor);
      }
    }
    for (const { term, hits } of terrier[name]!['DirichletLM'] as unknown as { term: string; hits: Hits }[]) {
      await expectHits(index, { term }, { model: 'ql', smoothing: 'dirichlet', mu: 2500 }, hits, Math.LN2);
    }
  });
});

it('Dirichlet’s length part counts for query terms that a document lacks too', async () => {
  const documents = ['ant ant bee', 'bee cow dog eel'].map((text, i) => ({ id: String(i), text }));
  const index = await LexicalIndex.build(documents, { analysis: 'whitespace' });
  const [hit] = await index.search('ant cow', 1, { model: { model: 'ql', mu: 10 } });
  // p(ant) = 2/7, p(cow) = 1/7; document 0 has ant twice and no cow.
  const parts = [(2 + 10 * (2 / 7)) / (3 + 10), (10 * (1 / 7)) / (3 + 10)];
  const background = [2 / 7, 1 / 7];
  const expected = parts.reduce((sum, p, i) => sum + Math.log(p / background[i]!), 0);
  expect(hit).toEqual({ id: '0', score: expect.closeTo(expected, 5) });
});

describe('TF–IDF', () => {
  const term = { documentFrequency: 3, collectionFrequency: 9 };
  const collection = { documents: 100, totalLength: 1000 };
  const idfs = { standard: Math.log(100 / 3), smoothed: Math.log(1 + (100 - 3 + 0.5) / (3 + 0.5)) };
  const tfs = { linear: 4, log: 1 + Math.log(4), binary: 1 };

  it.each(
    (['linear', 'log', 'binary'] as const).flatMap((tf) =>
      (['standard', 'smoothed'] as const).flatMap((idf) => (['none', 'length'] as const).map((norm) => ({ tf, idf, norm }))),
    ),
  )('$tf · $idf, norm $norm, is what its formula gives', ({ tf, idf, norm }) => {
    const score = tfIdf({ tf, idf, norm }).term(term, collection, 2)(4, 16);
    expect(score).toBeCloseTo((2 * tfs[tf] * idfs[idf]) / (norm === 'length' ? 4 : 1), 12);
  });
});
