export type {
  AnalysisSpec,
  CharFilterSpec,
  NormalizationForm,
  Token,
  TokenFilterSpec,
  TokenizerSpec,
  TokenKind,
} from './analysis/analysis.ts';
export { Analyzer, checkAnalysis } from './analysis/analyzer.ts';
export { analysisPreset, analysisPresets } from './analysis/presets.ts';
export { stopWordLists, stopWords } from './analysis/stop-words.ts';
export { type DenseDescription, DenseIndex, type DenseOptions, type OpenDenseOptions } from './dense/dense-index.ts';
export type { DenseBatch, DenseDocument, DenseInput } from './dense/dense-input.ts';
export { DenseReader, type DenseSearchOptions, type DenseSearchResult } from './dense/dense-reader.ts';
export {
  type ReadVectorsOptions,
  readIntegers,
  readVectors,
  type VectorBatch,
  type VectorFormat,
  writeVectors,
} from './dense/files/vector-files.ts';
export type { DenseMetric } from './dense/metric.ts';
export { type DenseCodes, type DensePlan, type DenseStructure, indexDescription, parseIndexDescription } from './dense/plan.ts';
export type { TuneOptions, TuneResult, TuneTrial } from './dense/tune.ts';
export { expandQuery, type FeedbackOptions } from './lexical/feedback/expand-query.ts';
export { type MoreLikeThisOptions, moreLikeThis } from './lexical/feedback/more-like-this.ts';
export { type HighlightOptions, type Highlights, highlight, type Snippet, type Span } from './lexical/highlight.ts';
export { LexicalIndex } from './lexical/lexical-index.ts';
export type { LexicalOptions, OpenOptions } from './lexical/lexical-options.ts';
export { LexicalReader, type LexicalSearchOptions, type SearchResult } from './lexical/lexical-reader.ts';
export type {
  BooleanQuery,
  FuzzyQuery,
  LexicalQuery,
  NearQuery,
  PhraseQuery,
  PrefixQuery,
  TermQuery,
  TextQuery,
  WildcardQuery,
} from './lexical/query/lexical-query.ts';
export { type ParsedQuery, type ParseQueryOptions, parseQuery } from './lexical/query/parse-query.ts';
export type { Bm25Options, Bm25Variant } from './lexical/scoring/bm25.ts';
export type { Bm25fOptions } from './lexical/scoring/bm25f.ts';
export type { Pl2Options } from './lexical/scoring/divergence-from-randomness.ts';
export { type ModelName, type ModelSpec, modelNames } from './lexical/scoring/models.ts';
export type { QueryLikelihoodOptions } from './lexical/scoring/query-likelihood.ts';
export type { TfIdfOptions } from './lexical/scoring/tf-idf.ts';
export type { Strategy, StrategyName } from './lexical/search/flat-search.ts';
export type { FieldOptions, FieldSource, FieldSpec } from './lexical/segment/fields.ts';
export { complete, didYouMean, type Suggestion, type SuggestOptions } from './lexical/suggest.ts';
export type { Warning } from './lexical/warning.ts';
export { Bitmap } from './metadata/bitmap.ts';
export { columnsOf, MetadataBuilder } from './metadata/builder.ts';
export { checkMetadata } from './metadata/check-metadata.ts';
export { MetadataColumns, type MetadataSections, type ValueCount } from './metadata/columns.ts';
export { compileFilter, unknownFields } from './metadata/compile-filter.ts';
export { type OpenSparseOptions, SparseIndex, type SparseOptions } from './sparse/sparse-index.ts';
export type { SparseDocument, SparseDocuments, SparseInput } from './sparse/sparse-input.ts';
export { SparseReader, type SparseSearchOptions, type SparseSearchResult } from './sparse/sparse-reader.ts';
export { tokenWeights } from './sparse/token-weights.ts';
export type { WeightType } from './sparse/weights.ts';
