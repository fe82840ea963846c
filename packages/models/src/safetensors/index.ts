export { type Dtype, type StoredTensor, toFloat32 } from './dtype.ts';
export { openSafetensors } from './safetensors.ts';
export type { TensorInfo, TensorSource } from './tensor-source.ts';
export { openTorchCheckpoint } from './torch-checkpoint.ts';
export { openWeights } from './weights.ts';
