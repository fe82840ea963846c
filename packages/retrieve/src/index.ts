export type { AnalysisSpec, CharFilterSpec, Token, TokenFilterSpec, TokenizerSpec, TokenKind } from './analysis/analysis.ts';
export { Analyzer } from './analysis/analyzer.ts';
export { analysisPreset, analysisPresets } from './analysis/presets.ts';
export { Bitmap } from './metadata/bitmap.ts';
export { columnsOf, MetadataBuilder } from './metadata/builder.ts';
export { checkMetadata } from './metadata/check-metadata.ts';
export { MetadataColumns, type MetadataSections, type ValueCount } from './metadata/columns.ts';
export { compileFilter, unknownFields } from './metadata/compile-filter.ts';
