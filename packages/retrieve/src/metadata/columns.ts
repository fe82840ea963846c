import type { FilterValue } from '@rank-rank/core';
import { Bitmap, wordsFor } from './bitmap.ts';
import { compareBytes } from './bytes.ts';

/**
 * The metadata of a segment's documents, turned round: for every field its distinct values in order, and for every value the
 * documents that have it. Equality is a binary search, a range is a run of neighbouring values, a count is a length.
 *
 * Six flat arrays hold all fields one after another, so that they can be used in place from a file:
 *
 * | section | holds |
 * |---|---|
 * | `fields` | JSON in UTF-8: `[[name, numbers, strings], …]` in code-point order of the names |
 * | `numbers` | f64, each field's distinct numbers, ascending |
 * | `textOffsets`, `texts` | u32 and UTF-8, each field's distinct texts in code-point order, which is the order of their bytes |
 * | `counts` | u32, how many documents have the value, a *slot* a value |
 * | `starts` | u32, where the slot's documents begin in `documents`, one more at the end |
 * | `documents` | u32, ascending document numbers; a slot with more than one document in 32 is a bitmap of all documents instead |
 *
 * A field's slots: the empty list, false, true, its numbers, its texts.
 */
export interface MetadataSections {
  readonly fields: Uint8Array;
  readonly numbers: Float64Array;
  readonly textOffsets: Uint32Array;
  readonly texts: Uint8Array;
  readonly counts: Uint32Array;
  readonly starts: Uint32Array;
  readonly documents: Uint32Array;
}

/** Slots that every field has: the empty list, false, true. */
export const fixedSlots = 3;

interface Field {
  readonly firstSlot: number;
  readonly slots: number;
  readonly firstNumber: number;
  readonly numbers: number;
  readonly firstText: number;
  readonly texts: number;
}

/** How often a value occurs: what facets show. */
export interface ValueCount {
  readonly value: FilterValue;
  readonly count: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Metadata columns, searchable in place. {@link compileFilter} turns a filter into a {@link Bitmap} over them. */
export class MetadataColumns {
  /** How many documents there are, with or without metadata. */
  readonly size: number;
  readonly sections: MetadataSections;
  readonly #fields: ReadonlyMap<string, Field>;

  constructor(size: number, sections: MetadataSections) {
    this.size = size;
    this.sections = sections;
    const fields = new Map<string, Field>();
    let firstSlot = 0;
    let firstNumber = 0;
    let firstText = 0;
    for (const [name, numbers, texts] of JSON.parse(decoder.decode(sections.fields)) as [string, number, number][]) {
      const slots = fixedSlots + numbers + texts;
      fields.set(name, { firstSlot, slots, firstNumber, numbers, firstText, texts });
      firstSlot += slots;
      firstNumber += numbers;
      firstText += texts;
    }
    this.#fields = fields;
  }

  /** The names of the fields that any document has, in code-point order. */
  get fields(): readonly string[] {
    return [...this.#fields.keys()];
  }

  /** The documents whose field equals, or contains, the value. */
  equal(field: string, value: FilterValue, into: Bitmap): void {
    const place = this.#fields.get(field);
    if (place === undefined) return;
    const slot = this.#slotOf(place, value);
    if (slot >= 0) this.#unite(slot, slot + 1, into);
  }

  /** The documents with a value of the limit's type within bounds; `from` and `to` are absent where that side is open. */
  range(field: string, type: 'number' | 'string', from: Bound | undefined, to: Bound | undefined, into: Bitmap): void {
    const place = this.#fields.get(field);
    if (place === undefined) return;
    const isNumber = type === 'number';
    const first = place.firstSlot + fixedSlots + (isNumber ? 0 : place.numbers);
    const count = isNumber ? place.numbers : place.texts;
    const lower = from === undefined ? 0 : this.#position(place, from.value) + (from.inclusive ? 0 : this.#has(place, from.value));
    const upper = to === undefined ? count : this.#position(place, to.value) + (to.inclusive ? this.#has(place, to.value) : 0);
    if (lower < upper) this.#unite(first + lower, first + upper, into);
  }

  /** The documents that have the field, be it an empty list. */
  present(field: string, into: Bitmap): void {
    const place = this.#fields.get(field);
    if (place !== undefined) this.#unite(place.firstSlot, place.firstSlot + place.slots, into);
  }

  /**
   * How many documents (of `within`, or of all) have each value of the field, the most frequent first, equal counts in the order
   * booleans, numbers, texts. A field that nobody has gives none.
   */
  counts(field: string, within?: Bitmap): ValueCount[] {
    const place = this.#fields.get(field);
    if (place === undefined) return [];
    const out: ValueCount[] = [];
    for (let slot = place.firstSlot + 1; slot < place.firstSlot + place.slots; slot++) {
      const count = within === undefined ? this.sections.counts[slot]! : this.#countIn(slot, within);
      if (count > 0) out.push({ value: this.#valueOf(place, slot), count });
    }
    return out.sort((a, b) => b.count - a.count);
  }

  /** Each value of each field with the documents that have it; `undefined` stands for the empty list. */
  *postings(): Generator<{ field: string; value: FilterValue | undefined; documents: Uint32Array }> {
    for (const [field, place] of this.#fields) {
      for (let slot = place.firstSlot; slot < place.firstSlot + place.slots; slot++) {
        if (this.sections.counts[slot] === 0) continue;
        const value = slot === place.firstSlot ? undefined : this.#valueOf(place, slot);
        yield { field, value, documents: this.#documentsOf(slot) };
      }
    }
  }

  #slotOf(place: Field, value: FilterValue): number {
    if (typeof value === 'boolean') return place.firstSlot + (value ? 2 : 1);
    if (this.#has(place, value) === 0) return -1;
    const first = place.firstSlot + fixedSlots + (typeof value === 'number' ? 0 : place.numbers);
    return first + this.#position(place, value);
  }

  /** How many of the field's values of this type are below it. */
  #position(place: Field, value: string | number): number {
    if (typeof value === 'string') return this.#textPosition(place, encoder.encode(value));
    const { numbers } = this.sections;
    let low = 0;
    let high = place.numbers;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[place.firstNumber + middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #textPosition(place: Field, bytes: Uint8Array): number {
    let low = 0;
    let high = place.texts;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#text(place.firstText + middle), bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** 1 where the field has the value, 0 where not. */
  #has(place: Field, value: string | number): 0 | 1 {
    if (typeof value === 'number') {
      const at = this.#position(place, value);
      return at < place.numbers && this.sections.numbers[place.firstNumber + at] === value ? 1 : 0;
    }
    const bytes = encoder.encode(value);
    const at = this.#textPosition(place, bytes);
    return at < place.texts && compareBytes(this.#text(place.firstText + at), bytes) === 0 ? 1 : 0;
  }

  #text(index: number): Uint8Array {
    const { textOffsets, texts } = this.sections;
    return texts.subarray(textOffsets[index]!, textOffsets[index + 1]!);
  }

  #valueOf(place: Field, slot: number): FilterValue {
    const at = slot - place.firstSlot - fixedSlots;
    if (at < 0) return at === -1;
    if (at < place.numbers) return this.sections.numbers[place.firstNumber + at]!;
    return decoder.decode(this.#text(place.firstText + at - place.numbers));
  }

  #isBitmap(slot: number): boolean {
    return this.sections.counts[slot]! > wordsFor(this.size);
  }

  #documentsOf(slot: number): Uint32Array {
    const { starts, documents } = this.sections;
    const stored = documents.subarray(starts[slot]!, starts[slot + 1]!);
    return this.#isBitmap(slot) ? new Bitmap(this.size, stored).members() : stored;
  }

  #unite(fromSlot: number, toSlot: number, into: Bitmap): void {
    const { starts, documents } = this.sections;
    const { words } = into;
    for (let slot = fromSlot; slot < toSlot; slot++) {
      const start = starts[slot]!;
      const end = starts[slot + 1]!;
      if (this.#isBitmap(slot)) {
        for (let i = start, word = 0; i < end; i++, word++) words[word]! |= documents[i]!;
      } else {
        for (let i = start; i < end; i++) {
          const document = documents[i]!;
          words[document >>> 5]! |= 1 << (document & 31);
        }
      }
    }
  }

  #countIn(slot: number, within: Bitmap): number {
    const { starts, documents } = this.sections;
    const start = starts[slot]!;
    const end = starts[slot + 1]!;
    if (this.#isBitmap(slot)) return within.countWith(new Bitmap(this.size, documents.subarray(start, end)));
    const { words } = within;
    let count = 0;
    for (let i = start; i < end; i++) {
      const document = documents[i]!;
      count += (words[document >>> 5]! >>> (document & 31)) & 1;
    }
    return count;
  }
}

export interface Bound {
  readonly value: string | number;
  readonly inclusive: boolean;
}
