export { describeModel } from './configuration/describe-model.ts';
export type {
  CrossEncoderDescription,
  DenseDescription,
  GenerativeDescription,
  GenerativePrompt,
  LateInteractionLayout,
  LayerSource,
  ModelDescription,
  ModelKind,
  MultiDescription,
  Prompts,
  QueryExpansion,
  SparseDescription,
  StaticDescription,
  TokensDescription,
} from './configuration/description.ts';
export { type DenseEncoderOptions, ModelDenseEncoder, openDenseEncoder } from './encode/dense-encoder.ts';
export { ModelMultiEncoder, type MultiOutput, type MultiResult, openMultiEncoder } from './encode/multi-encoder.ts';
export { ModelSparseEncoder, openSparseEncoder } from './encode/sparse-encoder.ts';
export { openStaticEmbeddings, StaticEmbeddings, type StaticEmbeddingsOptions } from './encode/static-embeddings.ts';
export type { ModelOptions, OpenModel } from './encode/text-model.ts';
export { ModelTokenEncoder, openTokenEncoder, type TokenEncoderOptions } from './encode/token-encoder.ts';
export {
  type Answers,
  type BuiltModel,
  buildOnnx,
  type Exported,
  type ExportOptions,
  exportOnnx,
  type ModelKind as ExportKind,
  type PoolingMode,
} from './export/index.ts';
export type { Precision } from './graph/choose-graph.ts';
export type { HubOptions } from './hub/hub-options.ts';
export { type KnownModel, knownModel, knownModels } from './hub/known-models.ts';
export { licenceOf } from './hub/licence.ts';
export { type PulledModel, type PullOptions, pullModel, resolveModel } from './hub/pull-model.ts';
export { CrossEncoder, type CrossEncoderOptions, openCrossEncoder } from './rerank/cross-encoder.ts';
export { GenerativeReranker, type GenerativeRerankerOptions, openGenerativeReranker } from './rerank/generative-reranker.ts';
export type { LongDocuments } from './rerank/long-documents.ts';
export type { RunnerStatistics, RunOptions } from './run/model-runner.ts';
export type { ExecutionProvider } from './run/session.ts';
export {
  type Dtype,
  openSafetensors,
  openTorchCheckpoint,
  openWeights,
  type StoredTensor,
  type TensorInfo,
  type TensorSource,
  toFloat32,
} from './safetensors/index.ts';
export {
  type LearnOptions,
  learnStaticEncoder,
  readStaticModel,
  StaticEncoder,
  type StaticModel,
  staticModelKind,
  staticModelVersion,
  writeStaticModel,
} from './static/index.ts';
export { type SegmentAllOptions, segmentAll } from './tokenize/segment-all.ts';
export type { Segment } from './tokenize/text-segmenter.ts';
export { type Encoding, type EncodingOptions, type PairEncodingOptions, Tokenizer } from './tokenize/tokenizer.ts';
export type { TokenizerConfig } from './tokenize/tokenizer-files.ts';
export type { PairTruncation } from './tokenize/truncation.ts';
export { type WindowOptions, windows } from './tokenize/windows.ts';
