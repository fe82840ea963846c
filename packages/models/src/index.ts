export {
  type Answers,
  type BuiltModel,
  buildOnnx,
  type Exported,
  type ExportOptions,
  exportOnnx,
  type ModelKind,
  type PoolingMode,
} from './export/index.ts';
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
