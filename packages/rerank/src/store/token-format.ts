import type { WorkOptions } from '@rank-rank/core';
import type { SegmentFormat } from '@rank-rank/retrieve/segments';
import type { SectionData, SectionWriter } from '@rank-rank/storage';
import { assignRows } from '../codec/assign-rows.ts';
import type { CodecKeeper } from '../codec/codec-keeper.ts';
import type { RowType } from '../tokens/pack.ts';
import { writeListedRows } from './listed-rows.ts';
import { writePlainRows } from './plain-rows.ts';
import { writeResidualRows } from './residual-rows.ts';
import { mergedSource, payloadSource, type RowSource, type TokenPayload } from './row-source.ts';
import type { RowStorage } from './stored-rows.ts';
import { type SegmentAbout, TokenSegment } from './token-segment.ts';

export interface TokenFormatSettings {
  readonly dim: number;
  /** How a segment of so many rows keeps them. */
  readonly storageFor: (rows: number) => RowStorage;
  readonly keeper: CodecKeeper;
  readonly spans: boolean;
  readonly threads: number;
  readonly seed: number;
  readonly centroids: number | undefined;
}

/**
 * How token segments are stored.
 *
 * | section | holds |
 * |---|---|
 * | `about` | JSON: {@link SegmentAbout} |
 * | `offsets` | u32, where each document's rows begin, and the end |
 * | `rows` …, or `codes` … | the rows: see {@link writePlainRows}, {@link writeResidualRows}, {@link writeListedRows} |
 * | `spans` | u32, start and end of each row in its text, where they are kept |
 */
export function tokenFormat(settings: TokenFormatSettings): SegmentFormat<TokenSegment, TokenPayload> {
  const { dim, keeper } = settings;
  return {
    kind: 'tokens',
    version: 1,
    bytesOf: (payload) => ('data' in payload ? payload.data.byteLength : 64) + 256,
    arrange: async (payloads, work) => ({ write: (writer) => writeSegment(writer, payloadSource(payloads, dim), settings, work) }),
    arrangeMerge: async (parts, size, work) => ({
      write: (writer) => writeSegment(writer, mergedSource(parts, size, dim), settings, work),
    }),
    read: (file, base) => new TokenSegment(file, base, () => keeper.codec!),
  };
}

async function writeSegment(writer: SectionWriter, source: RowSource, settings: TokenFormatSettings, work: WorkOptions): Promise<void> {
  const { dim, keeper, threads } = settings;
  const storage = settings.storageFor(source.offsets.at(-1)!);
  const about: SegmentAbout = { dim, storage };
  await writer.writeJson('about', about);
  await writer.write('offsets', source.offsets);
  if (storage === 'residual' || storage === 'lists') {
    const { codec, centroidIds } = await assignRows(source, keeper, { ...settings, ...work });
    const write = storage === 'residual' ? writeResidualRows : writeListedRows;
    await write(writer, source, codec, centroidIds, { threads, ...work });
  } else await writePlainRows(writer, source, storage as RowType, work);
  if (settings.spans) await writer.write('spans', spansOf(source), 'u32');
}

/** Zeros where a document came without spans. */
function* spansOf(source: RowSource): Generator<SectionData> {
  const { offsets } = source;
  for (let d = 0; d < offsets.length - 1; d++) yield source.spans(d) ?? new Uint32Array(2 * (offsets[d + 1]! - offsets[d]!));
}
