import type { FilterValue, Metadata } from '@rank-rank/core';
import { Bitmap, wordsFor } from './bitmap.ts';
import { compareBytes, offsetsOf } from './bytes.ts';
import { checkMetadata } from './check-metadata.ts';
import { fixedSlots, MetadataColumns } from './columns.ts';

const encoder = new TextEncoder();

/** In a renumbering: the document is left out. */
export const leftOut = 0xffffffff;

/**
 * Collects metadata document by document; `build` turns it into columns.
 *
 * @example
 * const builder = new MetadataBuilder();
 * builder.add({ lang: 'en', tags: ['a', 'b'] });
 * builder.add(undefined);
 * builder.build().counts('tags'); // [{ value: 'a', count: 1 }, { value: 'b', count: 1 }]
 */
export class MetadataBuilder {
  readonly #fields = new Map<string, FieldBuilder>();
  #size = 0;

  /** How many documents there are so far. */
  get size(): number {
    return this.#size;
  }

  /** The next document's metadata; its number is how many came before it. */
  add(metadata: Metadata | undefined): void {
    const document = this.#size;
    if (metadata !== undefined) {
      checkMetadata(`metadata of document ${document}`, metadata);
      for (const [name, value] of Object.entries(metadata)) {
        if (value === null) continue;
        const field = this.#field(name.toWellFormed());
        if (!Array.isArray(value)) field.add(value as FilterValue, document);
        else if (value.length === 0) field.add(undefined, document);
        else for (const item of new Set(value as FilterValue[])) field.add(item, document);
      }
    }
    this.#size++;
  }

  /**
   * The documents of other columns, renumbered: document d becomes `numbers[d]`, or is {@link leftOut}. `size` is how many documents
   * there will be once all columns are in. For merges, in place of `add`.
   */
  addColumns(columns: MetadataColumns, numbers: Uint32Array, size: number): void {
    this.#size = Math.max(this.#size, size);
    for (const { field: name, value, documents } of columns.postings()) {
      const field = this.#field(name);
      for (let i = 0; i < documents.length; i++) {
        const number = numbers[documents[i]!]!;
        if (number !== leftOut) field.add(value, number);
      }
    }
  }

  build(): MetadataColumns {
    const fields = [...this.#fields]
      .filter(([, field]) => field.length > 0)
      .map(([name, field]) => ({ name, bytes: encoder.encode(name), column: field.build(this.#size) }))
      .sort((a, b) => compareBytes(a.bytes, b.bytes));
    const texts = fields.flatMap(({ column }) => column.texts);
    return new MetadataColumns(this.#size, {
      fields: encoder.encode(JSON.stringify(fields.map(({ name, column }) => [name, column.numbers.length, column.texts.length]))),
      numbers: Float64Array.from(fields.flatMap(({ column }) => column.numbers)),
      textOffsets: offsetsOf(texts.map((text) => text.length)),
      texts: joined(texts, (length) => new Uint8Array(length)),
      counts: joined(
        fields.map(({ column }) => column.counts),
        (length) => new Uint32Array(length),
      ),
      starts: offsetsOf(fields.flatMap(({ column }) => Array.from(column.lengths))),
      documents: joined(
        fields.map(({ column }) => column.documents),
        (length) => new Uint32Array(length),
      ),
    });
  }

  #field(name: string): FieldBuilder {
    let field = this.#fields.get(name);
    if (field === undefined) this.#fields.set(name, (field = new FieldBuilder()));
    return field;
  }
}

interface Column {
  readonly numbers: readonly number[];
  readonly texts: readonly Uint8Array[];
  /** Documents a slot, and words its documents take. */
  readonly counts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly documents: Uint32Array;
}

/** Columns of the given documents, in their order. */
export function columnsOf(rows: Iterable<Metadata | undefined>): MetadataColumns {
  const builder = new MetadataBuilder();
  for (const row of rows) builder.add(row);
  return builder.build();
}

/** One field: pairs of (value, document) in two flat arrays, values numbered as they are first seen. */
class FieldBuilder {
  readonly #texts = new Map<string, number>();
  readonly #numbers = new Map<number, number>();
  #ordinals = new Uint32Array(16);
  #documents = new Uint32Array(16);
  #values = fixedSlots;
  #ascending = true;
  length = 0;

  /** `undefined` stands for the empty list. */
  add(value: FilterValue | undefined, document: number): void {
    if (this.length === this.#ordinals.length) {
      this.#ordinals = grown(this.#ordinals);
      this.#documents = grown(this.#documents);
    }
    if (this.length > 0 && document < this.#documents[this.length - 1]!) this.#ascending = false;
    this.#ordinals[this.length] = this.#ordinalOf(value);
    this.#documents[this.length++] = document;
  }

  build(size: number): Column {
    const texts = [...this.#texts].map(([text, ordinal]) => ({ bytes: encoder.encode(text), ordinal }));
    texts.sort((a, b) => compareBytes(a.bytes, b.bytes));
    const numbers = [...this.#numbers].sort((a, b) => a[0] - b[0]);
    const slotOf = new Uint32Array(this.#values);
    for (let i = 0; i < fixedSlots; i++) slotOf[i] = i;
    numbers.forEach(([, ordinal], i) => {
      slotOf[ordinal] = fixedSlots + i;
    });
    texts.forEach(({ ordinal }, i) => {
      slotOf[ordinal] = fixedSlots + numbers.length + i;
    });
    const { starts, documents } = this.#bySlot(slotOf, size);
    const words = wordsFor(size);
    const counts = new Uint32Array(this.#values);
    const lengths = new Uint32Array(this.#values);
    for (let slot = 0; slot < this.#values; slot++) {
      counts[slot] = starts[slot + 1]! - starts[slot]!;
      lengths[slot] = Math.min(counts[slot]!, words);
    }
    const stored = joined(
      Array.from(counts, (count, slot) => {
        const list = documents.subarray(starts[slot]!, starts[slot + 1]!);
        return count > words ? Bitmap.from(size, list).words : list;
      }),
      (length) => new Uint32Array(length),
    );
    return { numbers: numbers.map(([number]) => number), texts: texts.map(({ bytes }) => bytes), counts, lengths, documents: stored };
  }

  /** The documents of each slot, ascending, slot after slot: a counting sort, preceded by one by document where they came out of order. */
  #bySlot(slotOf: Uint32Array, size: number): { starts: Uint32Array; documents: Uint32Array } {
    let slots = this.#ordinals.subarray(0, this.length).map((ordinal) => slotOf[ordinal]!);
    let documents = this.#documents.subarray(0, this.length);
    if (!this.#ascending) {
      const order = countingOrder(documents, size).order;
      slots = order.map((at) => slots[at]!);
      documents = order.map((at) => documents[at]!);
    }
    const { starts, order } = countingOrder(slots, this.#values);
    return { starts, documents: order.map((at) => documents[at]!) };
  }

  #ordinalOf(value: FilterValue | undefined): number {
    if (value === undefined) return 0;
    if (typeof value === 'boolean') return value ? 2 : 1;
    // A map key of -0 is 0 already, as equality wants it.
    if (typeof value === 'number') {
      const known = this.#numbers.get(value);
      if (known !== undefined) return known;
      this.#numbers.set(value, this.#values);
      return this.#values++;
    }
    const text = value.toWellFormed();
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, this.#values);
    return this.#values++;
  }
}

/** A stable order of the positions by key, and where each key begins in it. */
function countingOrder(keys: Uint32Array, kinds: number): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(kinds + 1);
  for (let i = 0; i < keys.length; i++) starts[keys[i]! + 1]!++;
  for (let i = 0; i < kinds; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice(0, kinds);
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) order[next[keys[i]!]!++] = i;
  return { starts, order };
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function joined<T extends Uint8Array | Uint32Array>(parts: readonly T[], make: (length: number) => T): T {
  const whole = make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
