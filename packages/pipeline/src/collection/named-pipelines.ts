import { unknownName } from '@rank-rank/core';
import { Pipeline } from '../run/pipeline.ts';
import { feedback, type VectorSource } from '../stage/feedback.ts';
import { fuse } from '../stage/fuse.ts';
import { type RerankStageOptions, rerank, type StageReranker } from '../stage/rerank.ts';
import { retrieve, type Source } from '../stage/retrieve.ts';
import type { DocumentSource, Results, Stage } from '../stage/stage.ts';

/** The pipelines that collections have: all of them `bm25`, and the others where there are vectors for them. */
export const pipelineNames = ['bm25', 'dense', 'sparse', 'late', 'hybrid', 'full'] as const;
export type PipelineName = (typeof pipelineNames)[number];

/** What a collection has to make pipelines of. */
export interface Parts {
  readonly documents: DocumentSource;
  readonly bm25: Source;
  readonly dense: () => VectorSource;
  readonly sparse: () => Source;
  readonly late: () => Source;
  readonly lateReranker: () => StageReranker;
  /** What a model made is trusted more than what was learned from the collection's own words. */
  readonly trained: { readonly dense: boolean; readonly sparse: boolean; readonly tokens: boolean };
  /** Reranks last in `full`. */
  readonly reranker?: StageReranker;
  /** Leads from passages to their documents, where documents are cut. */
  readonly last?: Stage<Results, Results>;
}

/**
 * `dense`, `sparse`: the weight beside BM25's 1. `late`: the share of late interaction beside the order before it. Those of what was learned from the
 * texts are chosen by one rule and by pseudo-queries taken out of texts, without judgements (`npm run bench weights`). A model's dense vectors count as
 * much as words do, and its token matrices more than all before them. The weight of sparse vectors is the one that loses least where a model is at its
 * best (SPLADE++ on TREC DL 2019) and where it is small and far from what it was trained on: see the README.
 */
const blending = {
  learned: { dense: 0.2, late: 0.1 },
  trained: { dense: 1, sparse: 1.5, late: 0.75 },
} as const;

/** Passages to look for where several may belong to one document. */
const passageDepth = 3000;

export function namedPipeline(name: PipelineName, parts: Parts): Pipeline<unknown> {
  if (!pipelineNames.includes(name)) throw unknownName('Pipeline', name, pipelineNames);
  const { documents, bm25, trained, reranker, last } = parts;
  const depth = last === undefined ? {} : { depth: passageDepth };
  const options = { documents, name };
  const made = (...stages: readonly Stage<never, unknown>[]): Pipeline<unknown> =>
    new Pipeline(last === undefined ? stages : [...stages, last as Stage<never, unknown>], options);
  if (name === 'bm25') return made(retrieve(bm25, depth) as Stage<never, unknown>);
  if (name === 'late') return made(retrieve(parts.late(), depth) as Stage<never, unknown>);
  if (name === 'dense') return made(retrieve(parts.dense(), depth) as Stage<never, unknown>);
  if (name === 'sparse') return made(retrieve(parts.sparse(), depth) as Stage<never, unknown>);
  const hybrid = hybridStages(parts, depth);
  if (name === 'hybrid') return made(...hybrid);
  // A query without a known word cannot be compared: its order stays.
  const late: RerankStageOptions = {
    name: 'late',
    depth: 100,
    texts: false,
    fallback: 'previous',
    blend: { alpha: (trained.tokens ? blending.trained : blending.learned).late, normalise: 'z-score' },
  };
  const stages = [...hybrid, rerank(parts.lateReranker(), late) as Stage<never, unknown>];
  if (reranker !== undefined) stages.push(rerank(reranker, { name: 'reranker', depth: 50, fallback: 'previous' }) as Stage<never, unknown>);
  return made(...stages);
}

/** Lists of the words, of the vectors and, where there are any, of the sparse vectors, fused after the best of all moved the query's vector. */
function hybridStages(parts: Parts, depth: { readonly depth?: number }): Stage<never, unknown>[] {
  const { bm25, trained } = parts;
  const dense = parts.dense();
  const { trained: byModel, learned } = blending;
  const fusion = {
    method: 'weighted-sum',
    weights: { bm25: 1, dense: (trained.dense ? byModel : learned).dense, ...(trained.sparse && { sparse: byModel.sparse }) },
  } as const;
  const lists = retrieve({ bm25, dense, ...(trained.sparse && { sparse: parts.sparse() }) }, depth);
  return [lists, feedback(dense, { fusion }), fuse(fusion)] as Stage<never, unknown>[];
}
