export type { OutputError } from './compare.ts';
export { type Quantized, type QuantizeMethod, type QuantizeOptions, quantize } from './quantize.ts';
