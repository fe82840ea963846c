export { type LearnOptions, learnStaticEncoder } from './learn.ts';
export { StaticEncoder } from './static-encoder.ts';
export type { StaticModel } from './static-model.ts';
export { readStaticModel, staticModelKind, staticModelVersion, writeStaticModel } from './stored.ts';
