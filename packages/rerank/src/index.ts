export {
  type Calibration,
  type CalibrationData,
  calibrate,
  calibrationError,
  calibrationFrom,
  type SpacedRanking,
  softmaxScores,
} from './calibration/calibration.ts';
export { isotonicCalibration } from './calibration/isotonic.ts';
export { plattCalibration } from './calibration/platt.ts';
export { type DppOptions, dpp } from './diversity/dpp.ts';
export { type Chosen, chooseLambda, type LambdaChoice, type MmrOptions, mmr } from './diversity/mmr.ts';
export { type DuplicateGroup, type NearDuplicateOptions, nearDuplicates } from './diversity/near-duplicates.ts';
export { type DiverseCandidate, type SimilarityMatrix, similarityMatrix } from './diversity/similarity.ts';
export { type Aspect, aspectCoverage, type XquadOptions, xquad } from './diversity/xquad.ts';
export { type AnsiOptions, ansiExplanation } from './explain/ansi.ts';
export {
  type ExplainOptions,
  explainMaxSim,
  type MaxSimExplanation,
  maxsimExplanation,
  type TokenMatch,
  type WordMatch,
} from './explain/explain-maxsim.ts';
export { type PatchGrid, type Region, type RegionMatch, regionMatches } from './explain/grid.ts';
export { htmlExplanation } from './explain/html.ts';
export type { Snippet } from './explain/snippets.ts';
export { type SvgOptions, svgHeatMap } from './explain/svg.ts';
export { type Word, wordsOf } from './explain/words.ts';
export { buildTokenIndex, createTokenIndex, indexKinds, openTokenIndex, type TokenIndexOptions } from './index/create-index.ts';
export { candidatesFor, exactRows } from './index/late-interaction-index.ts';
export type { IndexDescription, IndexDocument, IndexKind, SearchDefaults, TokenIndex, TokenSearchOptions } from './index/token-index.ts';
export { type TokenRetrieverOptions, tokenRetriever } from './index/token-retriever.ts';
export { type TuneOptions, type TunePoint, type TuneResult, tune } from './index/tune.ts';
export {
  type FdeOptions,
  type FdeSettings,
  type FixedDimensionalEncoder,
  fixedDimensionalEncoder,
} from './muvera/fixed-dimensional-encoding.ts';
export { type PooledTokens, type PoolOptions, poolTokens } from './pooling/pool-tokens.ts';
export { type PrunedTokens, type PruneOptions, pruneTokens } from './pooling/prune-tokens.ts';
export { type Retention, retention } from './pooling/retention.ts';
export { type BlendOptions, blend, checkBlend, type Normalisation, normalisations, normaliseScores } from './scoring/blend.ts';
export { explainJoint, type JointOptions, type JointRepresentation, jointScore } from './scoring/joint.ts';
export { emptyDocumentScore, type MaxSimOptions, maxsim, maxsimScores, maxsimSpace } from './scoring/maxsim.ts';
export { type MaxSimRerankerOptions, maxsimReranker, type StoredScoreOptions, type StoredTokens } from './scoring/maxsim-reranker.ts';
export type { Smooth } from './scoring/smooth-maxsim.ts';
export { type CopyOptions, copyStores, type Selection } from './store/copy-store.ts';
export type { TokenDocument, TokenInput } from './store/token-input.ts';
export { TokenReader } from './store/token-reader.ts';
export {
  type OpenTokenStoreOptions,
  type StoreScoreOptions,
  TokenStore,
  type TokenStoreOptions,
  type TokenType,
} from './store/token-store.ts';
export {
  type CountingRule,
  countedRows,
  countedTokens,
  type Masking,
  type MaskingName,
  maskings,
  type TokenClass,
  tokenClass,
} from './tokens/counted.ts';
export { type PackedTokens, type PackOptions, packTokens, type RowType } from './tokens/pack.ts';
export { maskedRows, selectRows } from './tokens/select-rows.ts';
export { type TruncateOptions, truncateTokens } from './tokens/truncate.ts';
export { idfWeights, type PieceFrequencies, pieceFrequencies } from './tokens/weights.ts';
