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
