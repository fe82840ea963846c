import { RankError } from '@rank-rank/core';
import type { I8Rows, ScaledResidualCodec } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';

export type Bits = 1 | 2 | 4 | 8;

/**
 * What residual codes are made and read with: the kernels' codec, and how far rows were from their centroids.
 *
 * | section | holds |
 * |---|---|
 * | `about` | JSON: bits, dimensions, `lineage`, `reach` |
 * | `centroids`, `centroid-scales` | i8 and f32, bytes with a scale a centroid |
 * | `levels`, `cutoffs` | i8 and f32: what a code stands for, and the limits between codes |
 * | `scales` | f32, 256 of them: what a row's scale byte stands for |
 */
export interface ResidualCodec extends ScaledResidualCodec {
  /** The name of its file in the store. */
  readonly file: string;
  /** Says which training it comes from. Centroids may have been added since: codes of the older codec mean the same under the newer. */
  readonly lineage: string;
  readonly dim: number;
  /** The squared distance to its centroid that all but one in a thousand rows kept within: what is farther is strange to these centroids. */
  readonly reach: number;
}

export const codecKind = 'token-codec';
export const codecVersion = 1;

export async function writeCodec(writer: SectionWriter, codec: Omit<ResidualCodec, 'file'>): Promise<void> {
  const { bits, dim, lineage, reach, centroids, levels, cutoffs, scales } = codec;
  await writer.writeJson('about', { bits, dim, lineage, reach });
  await writer.write('centroids', centroids.data);
  await writer.write('centroid-scales', centroids.scales);
  await writer.write('levels', levels);
  await writer.write('cutoffs', cutoffs);
  await writer.write('scales', scales);
  await writer.finish();
}

export function readCodec(file: SectionFile, name: string): ResidualCodec {
  const { bits, dim, lineage, reach } = file.json('about') as Pick<ResidualCodec, 'bits' | 'dim' | 'lineage' | 'reach'>;
  const centroids: I8Rows = { type: 'i8', data: file.i8('centroids'), scales: file.f32('centroid-scales'), dim };
  const parts = { centroids, levels: file.i8('levels'), cutoffs: file.f32('cutoffs'), scales: file.f32('scales') };
  const codec = { file: name, bits, dim, lineage, reach, ...parts };
  const codes = bits === 8 ? 0 : 2 ** bits;
  if (
    centroids.data.length !== centroids.scales.length * dim ||
    centroids.scales.length === 0 ||
    codec.levels.length !== codes ||
    codec.cutoffs.length !== Math.max(0, codes - 1) ||
    codec.scales.length !== 256
  ) {
    throw new RankError(
      'CORRUPT',
      `${file.path} is damaged: its sections do not have the lengths that ${bits} bits and ${dim} dimensions ask for. Rebuild the index.`,
      {
        file: file.path,
      },
    );
  }
  return codec;
}
