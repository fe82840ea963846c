/**
 * Indexes made of immutable segments, for kinds of index that live in other packages: `import { SegmentedIndex } from '@rank-rank/retrieve/segments'`.
 * Adding, removing, replacing, commits, snapshots, merges, filters and ids are here; a {@link SegmentFormat} says what a kind stores.
 */
export { Bitmap } from '../metadata/bitmap.ts';
export { leftOut } from '../metadata/builder.ts';
export { type Allowed, AllowedDocuments } from './allowed.ts';
export { IdTable } from './id-table.ts';
export { aboutOf, inStore, refuseExisting } from './in-store.ts';
export type { MergePolicy } from './merge-policy.ts';
export type { LiveSegment, MergePart, Segment, SegmentFormat } from './segment.ts';
export { duplicate, type NewDocument, SegmentedIndex, type SharedFiles } from './segmented-index.ts';
export { SnapshotDocuments } from './snapshot-documents.ts';
