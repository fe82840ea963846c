export { type BuiltModel, buildOnnx, type Exported, type ExportOptions, exportOnnx } from './export-onnx.ts';
export type { Answers, ModelKind, PoolingMode } from './layout.ts';
