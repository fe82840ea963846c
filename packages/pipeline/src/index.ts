export { type RunQueriesOptions, type RunReport, runQueries } from './batch/run-queries.ts';
export { type Chunk, type ChunkingSpec, chunk } from './chunking/chunk.ts';
export { type Added, Collection, type CollectionOptions } from './collection/collection.ts';
export type { CollectionEncoder } from './collection/collection-encoder.ts';
export { denseSource } from './collection/dense-source.ts';
export { type PipelineName, pipelineNames } from './collection/named-pipelines.ts';
export { type Repair, repairCollection } from './collection/repair.ts';
export type { CollectionSettings } from './collection/settings.ts';
export { sparseSource } from './collection/sparse-source.ts';
export type { CollectionStatistics, FieldSummary } from './collection/statistics.ts';
export { type DescribedStage, type PipelineDescription, pipelineSchema } from './described/description.ts';
export { pipelineFrom, type Resources } from './described/from-description.ts';
export type { Answer, Citation, Passage } from './generate/answer.ts';
export type { ChatMessage, ChatModel, ChatOptions } from './generate/chat-model.ts';
export { checkCitations } from './generate/citations.ts';
export { type ExtractiveOptions, extractiveAnswer } from './generate/extractive.ts';
export { answerPrompt, type PromptOptions, passagesWithin } from './generate/prompt.ts';
export { documentsIn } from './import/documents-in.ts';
export { htmlDocument } from './import/html.ts';
export type { ImportOptions } from './import/import-options.ts';
export { markdownDocument } from './import/markdown.ts';
export { type Columns, type Schema, schemaText } from './import/schema.ts';
export { type HydeOptions, hyde } from './query/hyde.ts';
export { type MultiQueryOptions, multiQuery } from './query/multi-query.ts';
export { type QueryFeatures, queryFeatures } from './query/query-features.ts';
export { type LearnedRouter, learnRouter, type RoutedQuery, type RouteRule, type RouterOptions, router } from './query/router.ts';
export {
  type CacheCalibration,
  calibrateCache,
  type QueryPair,
  type SemanticCache,
  type SemanticCacheOptions,
  semanticCache,
} from './query/semantic-cache.ts';
export { Pipeline, type PipelineOptions, type PipelineResult, pipeline, type RunOptions } from './run/pipeline.ts';
export { type RankChange, rankChanges, type StageTrace, type Trace } from './run/trace.ts';
export { type DiversifyOptions, diversify, type Likeness } from './stage/diversify.ts';
export { type FeedbackOptions, feedback, type VectorSource } from './stage/feedback.ts';
export { type FilterStageOptions, filter } from './stage/filter.ts';
export { type FuseStageOptions, fuse } from './stage/fuse.ts';
export { type GenerateOptions, generate } from './stage/generate.ts';
export { type ParentsOptions, parents } from './stage/parents.ts';
export { type RerankStageOptions, rerank, type StageReranker } from './stage/rerank.ts';
export { type RetrieveOptions, retrieve, type Source, type SourceOptions } from './stage/retrieve.ts';
export type {
  Controls,
  DocumentSource,
  Explained,
  ResultLists,
  Results,
  Stage,
  StageContext,
  StageKind,
  StageOptions,
} from './stage/stage.ts';
export {
  type Choice,
  frontOf,
  type Parameters,
  type SearchSpace,
  type Trial,
  type TuneOptions,
  type TuneResult,
  tune,
} from './tuning/tune.ts';
export { tuningPlot } from './tuning/tuning-plot.ts';
