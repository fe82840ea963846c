import { createHash } from 'node:crypto';
import { type Document, RankError } from '@rank-rank/core';
import type { MergePart, Segment, SegmentFormat } from '@rank-rank/retrieve/segments';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';

/** A document as it is stored: its JSON, and the start of a hash of it, by which a change is known. */
export interface StoredDocument {
  readonly bytes: Uint8Array;
  readonly hash: bigint;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Keys in one order, so that equal documents have equal bytes. The id is kept beside, not in it. */
export function storedDocument({ title, text, metadata }: Document): StoredDocument {
  const sorted = metadata === undefined ? undefined : Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  const bytes = encoder.encode(JSON.stringify({ title, text, metadata: sorted }));
  return { bytes, hash: createHash('sha256').update(bytes).digest().readBigUInt64LE() };
}

/** The documents of one segment, in the order of their ids. */
export class DocumentSegment implements Segment {
  readonly file: string;
  readonly ids: Segment['ids'];
  readonly metadata: Segment['metadata'];
  readonly hashes: BigUint64Array;
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #offsets: Float64Array;

  constructor(file: SectionFile, base: Segment) {
    this.file = base.file;
    this.ids = base.ids;
    this.metadata = base.metadata;
    this.#path = file.path;
    this.#bytes = file.u8('documents');
    this.#offsets = file.f64('document-offsets');
    this.hashes = file.u64('hashes');
    if (this.#offsets.length !== base.ids.size + 1 || this.hashes.length !== base.ids.size || this.#offsets.at(-1) !== this.#bytes.length) {
      throw this.#damaged('its documents do not fill their section');
    }
  }

  bytesOf(row: number): Uint8Array {
    const start = this.#offsets[row]!;
    const end = this.#offsets[row + 1]!;
    if (!(start >= 0 && end >= start && end <= this.#bytes.length)) throw this.#damaged(`document ${row} does not lie within it`);
    return this.#bytes.subarray(start, end);
  }

  document(row: number): Document {
    try {
      return { id: this.ids.id(row), ...(JSON.parse(decoder.decode(this.bytesOf(row))) as Omit<Document, 'id'>) };
    } catch (error) {
      if (error instanceof SyntaxError) throw this.#damaged(`document ${row} is no JSON`);
      throw error;
    }
  }

  #damaged(reason: string): RankError {
    return new RankError('CORRUPT', `${this.#path} is damaged: ${reason}. Restore it from a copy, or index the documents again.`, {
      file: this.#path,
    });
  }
}

/**
 * How documents are stored.
 *
 * | section | holds |
 * |---|---|
 * | `documents` | the JSON of each, without its id, in the order of the ids |
 * | `document-offsets` | f64, where each begins, and where the last ends |
 * | `hashes` | u64, the first eight bytes of the SHA-256 of each |
 */
export const documentFormat: SegmentFormat<DocumentSegment, StoredDocument> = {
  kind: 'documents',
  version: 1,
  bytesOf: ({ bytes }) => bytes.length + 48,
  arrange: async (documents) => ({ write: (writer) => writeDocuments(writer, documents.length, (row) => documents[row]!) }),
  async arrangeMerge(parts, size) {
    const places = mergedPlaces(parts, size);
    return {
      write: (writer) =>
        writeDocuments(writer, size, (row) => {
          const { segment } = parts[places.part[row]!]!;
          return { bytes: segment.bytesOf(places.row[row]!), hash: segment.hashes[places.row[row]!]! };
        }),
    };
  },
  read: (file, base) => new DocumentSegment(file, base),
};

async function writeDocuments(writer: SectionWriter, size: number, documentAt: (row: number) => StoredDocument): Promise<void> {
  const offsets = new Float64Array(size + 1);
  const hashes = new BigUint64Array(size);
  await writer.write(
    'documents',
    (function* () {
      for (let row = 0; row < size; row++) {
        const { bytes, hash } = documentAt(row);
        offsets[row + 1] = offsets[row]! + bytes.length;
        hashes[row] = hash;
        yield bytes;
      }
    })(),
    'u8',
  );
  await writer.write('document-offsets', offsets);
  await writer.write('hashes', hashes);
}

/** For each document of a merged segment: which part it comes from, and its number there. */
function mergedPlaces(parts: readonly MergePart<DocumentSegment>[], size: number): { part: Uint16Array; row: Uint32Array } {
  const part = new Uint16Array(size);
  const row = new Uint32Array(size);
  parts.forEach(({ numbers }, p) => {
    for (let old = 0; old < numbers.length; old++) {
      const now = numbers[old]!;
      if (now >= size) continue;
      part[now] = p;
      row[now] = old;
    }
  });
  return { part, row };
}
