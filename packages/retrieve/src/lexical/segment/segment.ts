import { RankError } from '@rank-rank/core';
import type { Scope, SectionFile } from '@rank-rank/storage';
import type { Bitmap } from '../../metadata/bitmap.ts';
import { MetadataColumns } from '../../metadata/columns.ts';
import { IdDictionary } from '../dictionary/id-dictionary.ts';
import { TermDictionary } from '../dictionary/term-dictionary.ts';
import { bucketLengths } from './lengths.ts';
import { type SegmentAbout, segmentKind, segmentVersion } from './segment-writer.ts';
import { StoredTexts } from './stored-texts.ts';

/** One field of a segment. */
export interface SegmentField {
  readonly terms: TermDictionary;
  readonly documents: number;
  readonly totalLength: number;
  readonly positions: boolean;
  /** Each document's length as a place among `lengths`. */
  readonly lengthCodes: Uint8Array | Uint16Array;
  readonly lengths: Uint32Array;
  /** The shortest length of each bucket of block information. */
  readonly bucketLengths: Uint32Array;
}

/** A segment file, open: immutable, used in place. */
export class Segment {
  readonly name: string;
  readonly bytes: number;
  readonly size: number;
  readonly ids: IdDictionary;
  readonly fields: readonly SegmentField[];
  readonly postings: Uint8Array;
  /** The codes of all fields, field after field. */
  readonly lengthCodes: Uint8Array | Uint16Array;
  readonly positions: Uint8Array;
  readonly metadata: MetadataColumns;
  /** The documents' texts, where they are kept. */
  readonly texts: StoredTexts | undefined;

  private constructor(name: string, file: SectionFile) {
    const about = file.json('about') as SegmentAbout;
    this.name = name;
    this.bytes = file.bytes;
    this.size = about.size;
    this.ids = new IdDictionary(about.size, file.u32('ids.starts'), file.u8('ids.bytes'));
    this.postings = file.u8('postings');
    this.positions = file.u8('positions');
    const lengthsOf = about.fields.map((_, number) => file.u32(`${number}.lengths`));
    this.lengthCodes = lengthsOf.every((lengths) => lengths.length <= 256) ? file.u8('lengths') : file.u16('lengths');
    if (this.lengthCodes.length !== about.size * about.fields.length) {
      throw new RankError('CORRUPT', `${file.path} is damaged: it has ${this.lengthCodes.length} lengths for ${about.size} documents.`, {
        file: file.path,
      });
    }
    this.fields = about.fields.map((field, number) => {
      const lengths = lengthsOf[number]!;
      const lengthCodes = this.lengthCodes.subarray(number * about.size, (number + 1) * about.size);
      const terms = new TermDictionary(field.terms, file.u32(`${number}.terms.starts`), file.u8(`${number}.terms.bytes`), field.positions);
      return { ...field, terms, lengthCodes, lengths, bucketLengths: bucketLengths(lengths) };
    });
    this.texts = file.has('texts')
      ? new StoredTexts(file.path, file.u32('texts.firsts'), file.f64('texts.starts'), file.u8('texts'))
      : undefined;
    this.metadata = new MetadataColumns(about.size, {
      fields: file.u8('metadata.fields'),
      numbers: file.f64('metadata.numbers'),
      textOffsets: file.u32('metadata.textOffsets'),
      texts: file.u8('metadata.texts'),
      counts: file.u32('metadata.counts'),
      starts: file.u32('metadata.starts'),
      documents: file.u32('metadata.documents'),
    });
  }

  static async open(scope: Scope, name: string): Promise<Segment> {
    return new Segment(name, await scope.open(name, segmentKind, segmentVersion));
  }
}

/** A segment as a reader sees it: with the documents that are deleted in its commit. */
export interface SegmentView {
  readonly segment: Segment;
  readonly deleted: Bitmap | undefined;
  /** Documents that are not deleted. */
  readonly live: number;
}
