/** Tensors in the files that others write: safetensors, PyTorch checkpoints and `.npy`, read piece by piece where they lie. */
export { type Dtype, type StoredTensor, toFloat32 } from './dtype.ts';
export { fromBfloat16, fromFloat16, toFloat16 } from './float-formats.ts';
export { type NpyFile, npyHeader, openNpy } from './npy.ts';
export { openFile, type PositionedFile } from './positioned-file.ts';
export { openSafetensors, type SafetensorsFile } from './safetensors.ts';
export type { TensorInfo, TensorSource } from './tensor-source.ts';
export { openTorchCheckpoint } from './torch-checkpoint.ts';
export { type TensorToWrite, writeSafetensors } from './write-safetensors.ts';
