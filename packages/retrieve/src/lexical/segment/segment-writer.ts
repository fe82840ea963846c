import type { MetadataColumns } from '../../metadata/columns.ts';
import { packIds } from '../dictionary/id-dictionary.ts';
import { TermDictionaryWriter } from '../dictionary/term-dictionary.ts';
import { GrowingBytes } from '../growing-bytes.ts';
import type { SectionSink } from '../parallel/gathered-sections.ts';
import { PositionsWriter } from '../postings/positions.ts';
import { PostingsWriter } from '../postings/postings-writer.ts';
import { joinCodes, packLengths } from './lengths.ts';
import { type StoredText, StoredTextsWriter } from './stored-texts.ts';

export const segmentKind = 'lexical-segment';
export const segmentVersion = 1;

/** One term with its documents in ascending order: `count` of them from `from` on. The arrays are overwritten by the next term. */
export interface TermPostings {
  readonly term: Uint8Array;
  readonly documents: Uint32Array;
  readonly frequencies: Uint32Array;
  readonly from: number;
  readonly count: number;
  /** The positions of all of them, document after document, where they were asked for. */
  readonly positions?: Uint32Array;
}

/** What a field of a segment is written from. `terms` is gone through in byte order, a second time for positions. */
export interface FieldInput {
  readonly positions: boolean;
  readonly lengths: Uint32Array;
  terms(withPositions: boolean): Iterable<TermPostings>;
}

export interface SegmentInput {
  readonly size: number;
  /** In code-point order. */
  readonly ids: Iterable<Uint8Array>;
  readonly fields: readonly FieldInput[];
  readonly metadata: MetadataColumns;
  /** The texts in document order, where they are kept. */
  readonly texts?: Iterable<StoredText>;
}

/** What the section `about` of a segment says. */
export interface SegmentAbout {
  readonly size: number;
  readonly fields: readonly {
    readonly terms: number;
    /** Documents with at least one token, and tokens in all. */
    readonly documents: number;
    readonly totalLength: number;
    readonly positions: boolean;
  }[];
}

/** Bytes that are handed to the file at a time. */
const chunkBytes = 1 << 20;

/**
 * Writes a segment file. Sections, with F the number of a field:
 *
 * | section | type | what |
 * |---|---|---|
 * | `about` | json | {@link SegmentAbout} |
 * | `ids.starts`, `ids.bytes` | u32, u8 | the ids, front-coded (`front-coding.ts`); a document's number is its id's place |
 * | `postings` | u8 | of all fields (`postings-writer.ts`) |
 * | `positions` | u8 | of all fields that have them (`positions.ts`) |
 * | `F.terms.starts`, `F.terms.bytes` | u32, u8 | the dictionary (`term-dictionary.ts`) |
 * | `lengths` | u8 or u16 | field after field, each document's length as a place among the field's distinct lengths |
 * | `F.lengths` | u32 | those |
 * | `texts`, `texts.firsts`, `texts.starts` | u8, u32, f64 | the texts, where they are kept (`stored-texts.ts`) |
 * | `metadata.*` | | the columns (`metadata/columns.ts`) |
 *
 * Memory: the dictionary twice, twenty bytes a term, and four a document; postings are streamed. `pause` is awaited after every piece, told its size.
 */
export async function writeSegment(
  file: SectionSink,
  input: SegmentInput,
  pause?: (bytes: number) => Promise<void>,
): Promise<SegmentAbout> {
  const ids = packIds(input.ids);
  await file.write('ids.starts', ids.starts, 'u32');
  await file.write('ids.bytes', ids.bytes, 'u8');

  const lengths = input.fields.map((field) => packLengths(field.lengths));
  const starts: Float64Array[] = [];
  const counts: { documents: Uint32Array; occurrences: Float64Array }[] = [];
  const names: { bytes: Uint8Array; ends: Uint32Array }[] = [];
  await file.write(
    'postings',
    streamed(
      new PostingsWriter(),
      function* (writer, base) {
        for (const [number, field] of input.fields.entries()) {
          const { buckets } = lengths[number]!;
          const start: number[] = [];
          const documents: number[] = [];
          const occurrences: number[] = [];
          const termBytes = new GrowingBytes();
          const ends: number[] = [];
          for (const { term, documents: numbers, frequencies, from, count } of field.terms(false)) {
            termBytes.append(term);
            ends.push(termBytes.length);
            let total = 0;
            for (let i = from; i < from + count; i++) total += frequencies[i]!;
            start.push(count === 1 ? numbers[from]! : base() + writer.write(numbers, frequencies, from, count, buckets));
            documents.push(count);
            occurrences.push(total);
            yield;
          }
          starts.push(Float64Array.from(start));
          counts.push({ documents: Uint32Array.from(documents), occurrences: Float64Array.from(occurrences) });
          names.push({ bytes: termBytes.taken(), ends: Uint32Array.from(ends) });
        }
      },
      pause,
    ),
    'u8',
  );

  const positions: (Float64Array | undefined)[] = [];
  await file.write(
    'positions',
    streamed(
      new PositionsWriter(),
      function* (writer, base) {
        for (const field of input.fields) {
          if (!field.positions) {
            positions.push(undefined);
            continue;
          }
          const start: number[] = [];
          for (const { positions: places, frequencies, from, count } of field.terms(true)) {
            start.push(base() + writer.write(places!, frequencies, from, count));
            yield;
          }
          positions.push(Float64Array.from(start));
        }
      },
      pause,
    ),
    'u8',
  );

  const about: SegmentAbout['fields'][number][] = [];
  for (const [number, field] of input.fields.entries()) {
    const dictionary = new TermDictionaryWriter(field.positions);
    const { bytes, ends } = names[number]!;
    for (let i = 0; i < ends.length; i++) {
      dictionary.add(bytes.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]!), {
        documentFrequency: counts[number]!.documents[i]!,
        collectionFrequency: counts[number]!.occurrences[i]!,
        start: starts[number]![i]!,
        positions: positions[number]?.[i] ?? 0,
      });
    }
    await file.write(`${number}.terms.starts`, dictionary.starts(), 'u32');
    await file.write(`${number}.terms.bytes`, dictionary.bytes(), 'u8');
    await file.write(`${number}.lengths`, lengths[number]!.values, 'u32');
    let documents = 0;
    let totalLength = 0;
    for (const length of field.lengths) {
      if (length > 0) documents++;
      totalLength += length;
    }
    about.push({ terms: dictionary.count, documents, totalLength, positions: field.positions });
  }
  await file.write('lengths', joinCodes(lengths));
  for (const [name, data] of Object.entries(input.metadata.sections)) await file.write(`metadata.${name}`, data as Uint8Array);
  if (input.texts !== undefined) {
    const texts = new StoredTextsWriter();
    await file.write('texts', packedTexts(texts, input.texts, pause), 'u8');
    const { firsts, starts } = texts.finish();
    await file.write('texts.firsts', firsts, 'u32');
    await file.write('texts.starts', starts, 'f64');
  }
  const said: SegmentAbout = { size: input.size, fields: about };
  await file.writeJson('about', said);
  return said;
}

async function* packedTexts(
  writer: StoredTextsWriter,
  texts: Iterable<StoredText>,
  pause: ((bytes: number) => Promise<void>) | undefined,
): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    writer.add(text);
    if (writer.out.length < chunkBytes) continue;
    const piece = writer.take();
    yield piece;
    await pause?.(piece.length);
  }
  writer.finish();
  yield writer.take();
}

/** Runs a writer whose output is taken away a piece at a time. `base` is where in the section its output begins. */
async function* streamed<W extends { readonly out: GrowingBytes }>(
  writer: W,
  work: (writer: W, base: () => number) => Iterable<void>,
  pause: ((bytes: number) => Promise<void>) | undefined,
): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for (const _ of work(writer, () => taken)) {
    if (writer.out.length < chunkBytes) continue;
    // Whole words stay together: what comes after has to start at a multiple of 4 of the section.
    const whole = writer.out.length & ~3;
    yield writer.out.bytes.subarray(0, whole);
    writer.out.bytes.copyWithin(0, whole, writer.out.length);
    writer.out.length -= whole;
    taken += whole;
    await pause?.(whole);
  }
  yield writer.out.taken();
}
