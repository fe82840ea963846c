export {
  type Dtype,
  openSafetensors,
  openTorchCheckpoint,
  type StoredTensor,
  type TensorInfo,
  type TensorSource,
  toFloat32,
} from '@rank-rank/storage/tensors';
export { type CacheStatistics, EmbeddingCache, type EmbeddingCacheOptions } from './cache/embedding-cache.ts';
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
export { type EncodedFile, type EncodeFileOptions, encodeFile } from './encode/encode-file.ts';
export { ModelMultiEncoder, type MultiOutput, type MultiResult, openMultiEncoder } from './encode/multi-encoder.ts';
export { type OpenEncoder, type OpenEncoderOptions, openEncoder } from './encode/open-encoder.ts';
export { ModelSparseEncoder, openSparseEncoder, type SparseEncoderOptions } from './encode/sparse-encoder.ts';
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
export { type ListedModel, listModels } from './hub/list-models.ts';
export { type PulledModel, type PullOptions, pullModel, resolveModel } from './hub/pull-model.ts';
export { type GraphContents, type GraphValue, inspectGraph } from './inspect/inspect-graph.ts';
export { type InspectedModel, type InspectOptions, inspectModel } from './inspect/inspect-model.ts';
export type { NetworkOptions } from './net/retrying-fetch.ts';
export { type OutputError, type Quantized, type QuantizeMethod, type QuantizeOptions, quantize } from './quantize/index.ts';
export type { EmbeddingDialectName } from './remote/embedding-dialects.ts';
export type { RemoteOptions } from './remote/post-json.ts';
export { openRemoteEncoder, RemoteEncoder, type RemoteEncoderOptions } from './remote/remote-encoder.ts';
export { openRemoteReranker, type RemoteRerankerOptions, type RerankDialectName } from './remote/remote-reranker.ts';
export { openRemoteSparseEncoder, type RemoteSparseEncoderOptions } from './remote/remote-sparse-encoder.ts';
export { openRemoteTokenEncoder, type RemoteTokenEncoderOptions, type TokenDialectName } from './remote/remote-token-encoder.ts';
export { CrossEncoder, type CrossEncoderOptions, openCrossEncoder } from './rerank/cross-encoder.ts';
export { GenerativeReranker, type GenerativeRerankerOptions, openGenerativeReranker } from './rerank/generative-reranker.ts';
export { type ChatMessage, type ChatModel, type ChatOptions, openChat } from './rerank/llm/chat.ts';
export { type ListwiseOptions, ListwiseReranker } from './rerank/llm/listwise-reranker.ts';
export type { LlmRerankerOptions, LlmStatistics } from './rerank/llm/llm-options.ts';
export { type PairwiseOptions, PairwiseReranker } from './rerank/llm/pairwise-reranker.ts';
export { type SetwiseOptions, SetwiseReranker } from './rerank/llm/setwise-reranker.ts';
export type { LongDocuments } from './rerank/long-documents.ts';
export { type OpenRerankerOptions, openReranker } from './rerank/open-reranker.ts';
export type { RunnerStatistics, RunOptions } from './run/model-runner.ts';
export type { ExecutionProvider } from './run/session.ts';
export { openWeights } from './safetensors/weights.ts';
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
