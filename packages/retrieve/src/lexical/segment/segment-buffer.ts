import type { Document } from '@rank-rank/core';
import type { Analyzer } from '../../analysis/analyzer.ts';
import { UnitBuffer } from '../../analysis/units.ts';
import { MetadataBuilder } from '../../metadata/builder.ts';
import { Entries } from './entries.ts';
import { type Field, sourceText } from './fields.ts';
import type { FieldInput, SegmentInput, TermPostings } from './segment-writer.ts';
import { sortedOrder } from './sorted-order.ts';
import { StringBytes } from './string-bytes.ts';
import { several, TermTable, WordBatch } from './term-table.ts';

/** An entry: the term's number below, its frequency (or its distance in positions) above. Turned round, a document's number is below. */
const numberBits = 24;
const numberMask = (1 << numberBits) - 1;
/** The highest number that stands in an entry; from there on it is kept aside. */
const highest = 255;

/** Documents that were added and not yet written: the text as numbers of terms, document after document. */
export class SegmentBuffer {
  readonly #fields: readonly FieldBuffer[];
  readonly #keepTexts: boolean;
  readonly #documents: (Document | undefined)[] = [];
  readonly #byId = new Map<string, number>();
  #textBytes = 0;

  /** `keepTexts`: the segment shall have the texts too. */
  constructor(fields: readonly Field[], keepTexts: boolean) {
    this.#fields = fields.map((field) => new FieldBuffer(field));
    this.#keepTexts = keepTexts;
  }

  /** Documents that would be written. */
  get size(): number {
    return this.#byId.size;
  }

  /** About how much memory it takes, and will take more while it is written. */
  get bytes(): number {
    return this.#fields.reduce((sum, field) => sum + field.bytes, 0) + 200 * this.#documents.length + this.#textBytes;
  }

  /** Whether the next document may find no room: numbers of terms and of documents are bounded. */
  get full(): boolean {
    return this.#documents.length > numberMask - 1 || this.#fields.some((field) => field.terms > numberMask - (1 << 20));
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys();
  }

  /** Adds a checked document; one with the same id that is here already goes. */
  add(document: Document): void {
    const id = document.id.toWellFormed();
    const number = this.#documents.length;
    for (const field of this.#fields) field.add(number, sourceText(document, field.field.from));
    const before = this.#byId.get(id);
    if (before !== undefined) this.#documents[before] = undefined;
    this.#byId.set(id, number);
    const { metadata, text, title } = document;
    // Otherwise the text is in the entries alone.
    if (this.#keepTexts) this.#textBytes += 2 * (text.length + (title?.length ?? 0));
    this.#documents.push({
      id,
      text: this.#keepTexts ? text : '',
      ...(this.#keepTexts && title !== undefined && { title }),
      ...(metadata !== undefined && { metadata }),
    });
    if (metadata !== undefined) this.#textBytes += 100 * Object.keys(metadata).length;
  }

  remove(id: string): boolean {
    const number = this.#byId.get(id);
    if (number === undefined) return false;
    this.#documents[number] = undefined;
    return this.#byId.delete(id);
  }

  /** What a segment is written from. */
  input(): SegmentInput {
    const ids = [...this.#byId.keys()];
    const numbers = [...this.#byId.values()];
    const order = sortedOrder(ids);
    /** Place in the buffer, in the order of ids. */
    const places = order.map((i) => numbers[i]!);
    const metadata = new MetadataBuilder();
    for (const place of places) metadata.add(this.#documents[place]!.metadata);
    return {
      size: ids.length,
      ids: encoded(order, ids),
      fields: this.#fields.map((field) => field.input(places)),
      metadata: metadata.build(),
      ...(this.#keepTexts && { texts: Array.from(places, (place) => this.#documents[place]!) }),
    };
  }
}

class FieldBuffer {
  readonly field: Field;
  readonly #table: TermTable;
  readonly #wordwise: Analyzer['wordwise'];
  readonly #units = new UnitBuffer();
  readonly #batch = new WordBatch();
  // Of the document that is being added: its length so far, and the positions last counted and last entered.
  #length = 0;
  #position = -1;
  #entered = 0;
  readonly #entries = new Entries();
  #starts = new Float64Array(1 << 8);
  #lengths = new Uint32Array(1 << 8);
  #documents = 0;
  /** For each term the last document that had it (plus one), and its entry there. */
  #seen = new Uint32Array(1 << 11);
  /** Frequencies and distances that are too high for an entry. */
  readonly #aside = new Map<number, number>();

  constructor(field: Field) {
    this.field = field;
    this.#table = new TermTable(field.analyzer);
    this.#wordwise = field.analyzer.wordwise;
  }

  get terms(): number {
    return this.#table.terms.length;
  }

  get bytes(): number {
    // Turning entries round takes another array of their size, or three with positions.
    return (this.field.positions ? 16 : 8) * this.#entries.length + this.#table.bytes + 4 * this.#seen.length + 12 * this.#documents;
  }

  add(document: number, text: string): void {
    if (document === this.#starts.length) {
      const starts = new Float64Array(document * 2);
      starts.set(this.#starts);
      this.#starts = starts;
      this.#lengths = doubled(this.#lengths);
    }
    this.#starts[document] = this.#entries.length;
    this.#documents = document + 1;
    this.#length = 0;
    this.#position = -1;
    this.#entered = 0;
    if (this.#wordwise === undefined) {
      for (const token of this.field.analyzer.tokens(text)) this.#enter(this.#table.numberOf(token.term), token.position, document);
    } else this.#addWords(text, document);
    this.#lengths[document] = this.#length;
  }

  /** By the words' characters, where the chain makes the same terms of a word wherever it stands. */
  #addWords(text: string, document: number): void {
    const batch = this.#batch;
    const size = this.#units.fill(text);
    const { units } = this.#units;
    let position = -1;
    let lastStart = -1;
    this.#wordwise!.tokenize(text, units, size, (start, end, kind) => {
      if (start !== lastStart) position++;
      lastStart = start;
      if (!batch.add(start, end, kind, position)) this.#enterBatch(text, units, document);
    });
    this.#enterBatch(text, units, document);
    this.#units.trim();
  }

  #enterBatch(text: string, units: Uint16Array, document: number): void {
    const batch = this.#batch;
    const { count, terms, positions } = batch;
    this.#table.resolve(batch, text, units);
    for (let i = 0; i < count; i++) {
      const term = terms[i]!;
      if (term >= 0) this.#enter(term, positions[i]!, document);
      else if (term === several) {
        const word = text.slice(batch.starts[i]!, batch.ends[i]!);
        for (const one of this.#table.list(word, batch.kinds[i]!)) this.#enter(one, positions[i]!, document);
      }
    }
    batch.count = 0;
  }

  #enter(term: number, position: number, document: number): void {
    if (position !== this.#position) {
      this.#length++;
      this.#position = position;
    }
    if (this.field.positions) this.#place(term, position - this.#entered);
    else this.#count(term, document);
    this.#entered = position;
  }

  /** Without positions: one entry for each distinct term of a document. */
  #count(term: number, document: number): void {
    if (2 * term >= this.#seen.length) this.#seen = doubled(this.#seen, 2 * term + 2);
    const seen = this.#seen;
    if (seen[2 * term] !== document + 1) {
      seen[2 * term] = document + 1;
      seen[2 * term + 1] = this.#entries.push(term | (1 << numberBits));
      return;
    }
    const at = seen[2 * term + 1]!;
    const entry = this.#entries.at(at);
    if (entry >>> numberBits < highest - 1) this.#entries.set(at, entry + (1 << numberBits));
    else {
      this.#entries.set(at, term | (highest << numberBits));
      this.#aside.set(at, (this.#aside.get(at) ?? highest - 1) + 1);
    }
  }

  /** With positions: one entry for each token, with its distance to the token before. */
  #place(term: number, distance: number): void {
    const at = this.#entries.push(term | (Math.min(distance, highest) << numberBits));
    if (distance >= highest) this.#aside.set(at, distance);
  }

  input(places: Uint32Array): FieldInput {
    const { terms } = this.#table;
    const order = sortedOrder(terms);
    const lengths = places.map((place) => this.#lengths[place]!);
    const inverted = this.field.positions ? this.#invertPositions(places) : this.#invertCounts(places);
    return {
      positions: this.field.positions,
      lengths,
      *terms(withPositions: boolean): Generator<TermPostings> {
        const bytes = new StringBytes();
        for (const term of order) {
          const postings = inverted.postingsOf(term);
          // Terms of documents that were replaced before they were written.
          if (postings.count === 0) continue;
          const positions = withPositions ? inverted.positionsOf!(term) : undefined;
          yield { term: bytes.of(terms[term]!), ...postings, ...(positions && { positions }) };
        }
      },
    };
  }

  #endOf(document: number): number {
    return document + 1 < this.#documents ? this.#starts[document + 1]! : this.#entries.length;
  }

  #valueAt(entry: number): number {
    const value = this.#entries.at(entry) >>> numberBits;
    return value === highest ? this.#aside.get(entry)! : value;
  }

  /** A counting sort of the entries by term, documents in their new order: entries again, with the document for the term. */
  #invertCounts(places: Uint32Array): Inverted {
    const entries = this.#entries;
    const starts = this.#termStarts(places);
    const turned = new Uint32Array(starts[starts.length - 1]!);
    const aside = new Map<number, number>();
    const next = starts.slice();
    for (let document = 0; document < places.length; document++) {
      const place = places[document]!;
      const end = this.#endOf(place);
      for (let at = this.#starts[place]!; at < end; at++) {
        const entry = entries.at(at);
        const to = next[entry & numberMask]!++;
        turned[to] = document | (entry & ~numberMask);
        if (entry >>> numberBits === highest) aside.set(to, this.#aside.get(at)!);
      }
    }
    const most = starts.reduce((largest, start, term) => Math.max(largest, start - (starts[term - 1] ?? 0)), 0);
    const documents = new Uint32Array(most);
    const frequencies = new Uint32Array(most);
    const postingsOf = (term: number): Postings => {
      const from = starts[term]!;
      const count = starts[term + 1]! - from;
      for (let i = 0; i < count; i++) {
        const entry = turned[from + i]!;
        const value = entry >>> numberBits;
        documents[i] = entry & numberMask;
        frequencies[i] = value === highest ? aside.get(from + i)! : value;
      }
      return { documents, frequencies, from: 0, count };
    };
    return { postingsOf };
  }

  #termStarts(places: Uint32Array): Uint32Array<ArrayBuffer> {
    const starts = new Uint32Array(this.terms + 1);
    for (const place of places) {
      const end = this.#endOf(place);
      for (let entry = this.#starts[place]!; entry < end; entry++) starts[(this.#entries.at(entry) & numberMask) + 1]!++;
    }
    for (let term = 0; term < this.terms; term++) starts[term + 1]! += starts[term]!;
    return starts;
  }

  /** The same with one entry a token, which are then counted together by document. */
  #invertPositions(places: Uint32Array): Inverted {
    const tokens = this.#termStarts(places);
    const total = tokens[tokens.length - 1]!;
    const tokenDocuments = new Uint32Array(total);
    const tokenPositions = new Uint32Array(total);
    const next = tokens.slice();
    for (let document = 0; document < places.length; document++) {
      const place = places[document]!;
      const end = this.#endOf(place);
      let position = 0;
      for (let entry = this.#starts[place]!; entry < end; entry++) {
        position += this.#valueAt(entry);
        const at = next[this.#entries.at(entry) & numberMask]!++;
        tokenDocuments[at] = document;
        tokenPositions[at] = position;
      }
    }
    const starts = new Uint32Array(tokens.length);
    const frequencies = new Uint32Array(total);
    let filled = 0;
    for (let term = 0; term < this.terms; term++) {
      starts[term] = filled;
      for (let at = tokens[term]!; at < tokens[term + 1]!; at++) {
        const document = tokenDocuments[at]!;
        if (filled > starts[term]! && tokenDocuments[filled - 1] === document) frequencies[filled - 1]!++;
        else {
          // Documents move to the front of the same array: never beyond what was read.
          tokenDocuments[filled] = document;
          frequencies[filled++] = 1;
        }
      }
    }
    starts[this.terms] = filled;
    return {
      postingsOf: (term) => ({ documents: tokenDocuments, frequencies, from: starts[term]!, count: starts[term + 1]! - starts[term]! }),
      positionsOf: (term) => tokenPositions.subarray(tokens[term]!, tokens[term + 1]!),
    };
  }
}

type Postings = Pick<TermPostings, 'documents' | 'frequencies' | 'from' | 'count'>;

/** Entries by term. What one term gives is overwritten by the next. */
interface Inverted {
  readonly postingsOf: (term: number) => Postings;
  readonly positionsOf?: (term: number) => Uint32Array;
}

/** Strings in the order given, each overwriting the one before. */
function* encoded(order: Uint32Array, strings: readonly string[]): Generator<Uint8Array> {
  const bytes = new StringBytes();
  for (const i of order) yield bytes.of(strings[i]!);
}

function doubled(array: Uint32Array<ArrayBuffer>, atLeast = 0): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(array.length * 2, atLeast));
  larger.set(array);
  return larger;
}
