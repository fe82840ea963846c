/**
 * JavaScript packages with true BM25 scores, given the same terms: wink-bm25-text-search, and MiniSearch without its δ. What is indexed and
 * asked goes through our analysis in all of them, so that they find the same.
 */
import type { Hit } from '@rank-rank/core';
import { Analyzer } from '@rank-rank/retrieve';
import MiniSearch from 'minisearch';
import bm25 from 'wink-bm25-text-search';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';
import { type LexicalWorkload, ndcg, queriesPerSecond, textsOf } from './lexical.ts';

interface Peer {
  readonly name: string;
  /** Larger collections would take it minutes. */
  readonly most: number;
  build(ids: readonly string[], texts: readonly string[], terms: (text: string) => string[]): (text: string, k: number) => Hit[];
}

const peers: readonly Peer[] = [
  {
    name: 'wink-bm25-text-search 3.1.2',
    most: 50_000,
    build(ids, texts, terms) {
      const wink = bm25();
      wink.defineConfig({ fldWeights: { text: 1 }, bm25Params: { k1: 1.2, b: 0.75, k: 1 } });
      wink.definePrepTasks([terms]);
      ids.forEach((id, i) => {
        wink.addDoc({ text: texts[i]! }, id);
      });
      wink.consolidate();
      return (text, k) => wink.search(text, k).map(([id, score]) => ({ id, score }));
    },
  },
  {
    name: 'minisearch 7.2.0',
    most: 200_000,
    build(ids, texts, terms) {
      const mini = new MiniSearch<{ id: string; text: string }>({
        fields: ['text'],
        tokenize: terms,
        processTerm: (term) => term,
        searchOptions: { bm25: { k: 1.2, b: 0.75, d: 0 } },
      });
      mini.addAll(ids.map((id, i) => ({ id, text: texts[i]! })));
      return (text, k) =>
        mini
          .search(text)
          .slice(0, k)
          .map(({ id, score }) => ({ id: id as string, score }));
    },
  },
];

export async function javascriptPeers(context: Context, { name, documents, queries, qrels }: LexicalWorkload): Promise<void> {
  const analyzer = await Analyzer.create(qrels === undefined ? 'standard' : 'english');
  const ids = documents.map(({ id }) => id);
  const texts = textsOf(documents);
  for (const peer of peers) {
    if (documents.length > peer.most) continue;
    const at = performance.now();
    const search = peer.build(ids, texts, (text) => analyzer.terms(text));
    const row = { task: 'lexical', peer: peer.name };
    const rate = (1000 * documents.length) / (performance.now() - at);
    context.say({ ...row, case: `${name}/index`, metric: 'docs_per_s', value: rate });
    // Passes over the largest collection take long.
    const asked = documents.length > 50_000 ? queries.slice(0, 100) : queries;
    for (const k of [10, 1000]) {
      const { rates, run } = await queriesPerSecond(asked, async (text) => search(text, k));
      const quality = k === 10 && qrels !== undefined ? { 'ndcg@10': ndcg(qrels, run) } : undefined;
      context.say({
        ...row,
        case: `${name}/top${k}`,
        metric: 'qps',
        value: quantile(rates, 0.5),
        ...(quality && { quality }),
      });
    }
  }
}
