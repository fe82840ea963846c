import { RankError } from '@rank-rank/core';
import { type MaxSimExplanation, tokenRetriever } from '@rank-rank/rerank';
import type { LexicalIndex } from '@rank-rank/retrieve';
import type { PipelineDescription } from '../described/description.ts';
import { pipelineFrom, type Resources } from '../described/from-description.ts';
import type { Pipeline } from '../run/pipeline.ts';
import { parents } from '../stage/parents.ts';
import type { StageReranker } from '../stage/rerank.ts';
import type { Source } from '../stage/retrieve.ts';
import type { DocumentSource, Results, Stage } from '../stage/stage.ts';
import { denseSource } from './dense-source.ts';
import { alignment, lateInteraction } from './late-interaction.ts';
import { namedPipeline, type PipelineName, pipelineNames } from './named-pipelines.ts';
import { parentOf } from './passages.ts';
import type { KeptSettings } from './settings.ts';
import { sparseSource } from './sparse-source.ts';
import type { CollectionVectors } from './vectors.ts';

/** The indexes of a collection as the sources and rerankers of pipelines. */
export class CollectionSearch {
  readonly #path: string;
  readonly #settings: KeptSettings;
  readonly #lexical: LexicalIndex;
  readonly #vectors: CollectionVectors;
  readonly #documents: DocumentSource;
  readonly #reranker: StageReranker | undefined;
  /** Leads from passages to their documents, where documents are cut. */
  readonly #last: Stage<Results, Results> | undefined;

  constructor(
    path: string,
    settings: KeptSettings,
    lexical: LexicalIndex,
    vectors: CollectionVectors,
    documents: DocumentSource,
    reranker: StageReranker | undefined,
  ) {
    this.#path = path;
    this.#settings = settings;
    this.#lexical = lexical;
    this.#vectors = vectors;
    this.#documents = { get: (ids) => documents.get(ids) };
    this.#reranker = reranker;
    this.#last = settings.chunking && parents({ parentOf });
  }

  /** `full`, or `bm25` where there are no vectors. */
  get usual(): PipelineName {
    return this.names.includes('full') ? 'full' : 'bm25';
  }

  /** The pipelines that there is something for. */
  get names(): readonly PipelineName[] {
    const { dense, sparse, tokens } = this.#vectors;
    const there: Readonly<Record<PipelineName, boolean>> = {
      bm25: true,
      dense: dense !== undefined,
      sparse: sparse !== undefined,
      late: tokens !== undefined,
      hybrid: dense !== undefined,
      full: dense !== undefined && tokens !== undefined,
    };
    return pipelineNames.filter((name) => there[name]);
  }

  pipeline(name: PipelineName = this.usual): Pipeline<unknown> {
    const there = <T>(part: T | undefined): T => {
      if (part !== undefined) return part;
      throw new RankError(
        'UNSUPPORTED',
        name === 'sparse'
          ? `The pipeline sparse needs sparse vectors, and ${this.#path} has none: its encoder ${JSON.stringify(this.#settings.encoder)} makes none, or nothing was committed yet. Index with a sparse model (SPLADE, say).`
          : `The pipeline ${name} needs vectors, and ${this.#path} has none: it was made with encoder "none", or nothing was committed yet.`,
        { pipeline: name, has: this.names },
      );
    };
    return namedPipeline(name, {
      documents: this.#documents,
      bm25: this.#bm25(),
      dense: () => there(this.#dense()),
      sparse: () => there(this.#sparse()),
      late: () => there(this.#late()),
      lateReranker: () => there(this.#lateReranker()),
      trained: {
        dense: this.#vectors.isByModel('dense'),
        sparse: this.#vectors.sparse !== undefined,
        tokens: this.#vectors.isByModel('tokens'),
      },
      ...(this.#reranker && { reranker: this.#reranker }),
      ...(this.#last && { last: this.#last }),
    });
  }

  described(description: PipelineDescription, resources: Pick<Resources, 'model' | 'rerankers'>): Promise<Pipeline<unknown>> {
    const dense = this.#dense();
    const sparse = this.#sparse();
    const late = this.#late();
    const lateReranker = this.#lateReranker();
    return pipelineFrom(description, {
      ...resources,
      documents: this.#documents,
      sources: { bm25: this.#bm25(), ...(dense && { dense }), ...(sparse && { sparse }), ...(late && { late }) },
      rerankers: { ...(lateReranker && { late: lateReranker }), ...resources.rerankers },
      ...(this.#last && { last: this.#last }),
    });
  }

  /** Of several passages the one that answers the query best, word by word. */
  async align(query: string, passages: readonly string[], options: { readonly matrix?: boolean }): Promise<MaxSimExplanation | undefined> {
    const { tokens, tokenEncoder } = this.#vectors;
    if (tokens === undefined || tokenEncoder === undefined) return undefined;
    const [asked] = await tokenEncoder.encode([query], 'query');
    const known = passages.filter((passage) => tokens.store.has(passage));
    if (asked === undefined || asked.rows === 0 || known.length === 0) return undefined;
    const scores = tokens.store.scores(asked, known);
    const [document] = await this.#documents.get([known[scores.indexOf(Math.max(...scores))]!]);
    return document && alignment(tokenEncoder, query, document, options);
  }

  #bm25(): Source {
    return {
      space: 'bm25',
      search: (query, k, options) => this.#lexical.search(query, k, options),
      searchDetailed: (query, k, options) => this.#lexical.searchDetailed(query, k, options),
      explain: async (query, id) => this.#lexical.explain(query, id),
    };
  }

  #dense() {
    const { dense, denseEncoder } = this.#vectors;
    return dense && denseEncoder && denseSource(dense, denseEncoder);
  }

  #sparse(): Source | undefined {
    const { sparse, sparseEncoder } = this.#vectors;
    return sparse && sparseEncoder && sparseSource(sparse, sparseEncoder);
  }

  #late(): Source | undefined {
    const { tokens, tokenEncoder } = this.#vectors;
    const reranker = this.#lateReranker();
    if (tokens === undefined || tokenEncoder === undefined || reranker === undefined) return undefined;
    const explain = (query: string, id: string) => reranker.explain!(query, { id });
    return Object.assign(tokenRetriever(tokens, { encoder: tokenEncoder }), { explain });
  }

  #lateReranker(): StageReranker | undefined {
    const { tokens, tokenEncoder } = this.#vectors;
    return tokens && tokenEncoder && lateInteraction(tokens.store, tokenEncoder, this.#documents);
  }
}
