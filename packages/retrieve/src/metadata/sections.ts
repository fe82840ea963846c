import { RankError } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { MetadataColumns } from './columns.ts';

/** Writes columns as the sections `metadata.fields` … `metadata.documents` ({@link MetadataSections}). */
export async function writeMetadata(writer: SectionWriter, { sections }: MetadataColumns): Promise<void> {
  for (const [name, data] of Object.entries(sections) as [string, Uint8Array][]) await writer.write(`metadata.${name}`, data);
}

/** Columns of `size` documents from their sections, in place. */
export function readMetadata(file: SectionFile, size: number): MetadataColumns {
  const sections = {
    fields: file.u8('metadata.fields'),
    numbers: file.f64('metadata.numbers'),
    textOffsets: file.u32('metadata.textOffsets'),
    texts: file.u8('metadata.texts'),
    counts: file.u32('metadata.counts'),
    starts: file.u32('metadata.starts'),
    documents: file.u32('metadata.documents'),
  };
  try {
    return new MetadataColumns(size, sections);
  } catch (error) {
    throw new RankError(
      'CORRUPT',
      `${file.path} is damaged: its metadata fields cannot be read (${(error as Error).message}). Rebuild the index.`,
      { file: file.path },
    );
  }
}
