/** Token matrices in the files and wire formats of others, for Node. */
export { opensearchBulk, opensearchMapping, opensearchRescore } from '../wire/opensearch.ts';
export { type QdrantPoint, qdrantPoint, qdrantQuery, qdrantVector } from '../wire/qdrant.ts';
export { type VespaOptions, type VespaTensor, vespaPut, vespaTensor } from '../wire/vespa.ts';
export { type WeaviateObject, weaviateBytes, weaviateObject, weaviateVector } from '../wire/weaviate.ts';
export { type OpenTokensOptions, openTokens } from './open-tokens.ts';
export type { TokenFile, TokenFileFormat } from './token-file.ts';
export { type WriteTokensOptions, type WrittenTokens, writeTokens } from './write-tokens.ts';
