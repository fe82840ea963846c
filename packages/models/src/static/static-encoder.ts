import {
  checkString,
  type DenseEncoder,
  type EncodeOptions,
  type Matrix,
  type TextRole,
  type TokenEncoder,
  type Tokens,
  throwIfCancelled,
  yieldToEventLoop,
} from '@rank-rank/core';
import type { AnalysisSpec, Analyzer, Token } from '@rank-rank/retrieve';
import { Spelling } from './spelling.ts';
import type { StaticModel } from './static-model.ts';
import { termWeight } from './term-counts.ts';

/** Texts are encoded this many at a time before others get a turn on the event loop. */
const turn = 32;

const mostMadeTerms = 100_000;
const mostAnalysed = 1024;

/** A term for an unknown word: a mixture of known ones. */
interface MadeTerm {
  /** As the rows of the model are, */
  readonly vector: Float32Array;
  /** and of length 1. */
  readonly unit: Float32Array;
  readonly weight: number;
}

interface Analysed {
  /** For each place a term of the vocabulary, or the index of a made-up one from -1 downwards. */
  readonly ids: number[];
  readonly spans: Uint32Array;
  readonly pieces: string[];
}

/**
 * Encoders that look words up in a table learned from the user's own texts. Made by `learnStaticEncoder`, stored with the collection.
 *
 * - `dense`: the sum of the vectors of a text's terms, each weighted by (1 + ln tf)·idf, of length 1.
 * - `tokens`: a row a term: its own direction and a share of what the text is about, of length 1; the rows of a query are
 *   scaled by the idf of their term, so that MaxSim weighs rare words more.
 *
 * A query's term that is not in the vocabulary is the mixture of the three that are spelt most like it, with less weight the less alike they are.
 */
export class StaticEncoder {
  readonly model: StaticModel;
  readonly dim: number;
  readonly dense: DenseEncoder;
  readonly tokens: TokenEncoder;
  readonly #analyzer: Analyzer;
  readonly #ids = new Map<string, number>();
  readonly #unit: Float32Array;
  #spelling: Spelling | undefined;
  /** Texts that were analysed last: a text is often asked for both its vector and its tokens. */
  readonly #analysed = new Map<string, Analysed>();
  readonly #made = new Map<string, number>();
  readonly #madeTerms: MadeTerm[] = [];

  constructor(model: StaticModel, analyzer: Analyzer) {
    this.model = model;
    this.dim = model.dim;
    this.#analyzer = analyzer;
    for (const [id, term] of model.terms.entries()) this.#ids.set(term, id);
    this.#unit = model.vectors.slice();
    for (let row = 0; row < model.terms.length; row++) normalise(this.#unit, row * model.dim, model.dim);
    this.dense = { dim: this.dim, encode: (texts, as, options) => this.#encodeDense(texts, as, options) };
    this.tokens = { dim: this.dim, encode: (texts, as, options) => this.#encodeTokens(texts, as, options) };
  }

  /** The encoder of a stored model. */
  static async from(model: StaticModel): Promise<StaticEncoder> {
    return new StaticEncoder(model, await analyzerOf(model.analysis));
  }

  async #encodeDense(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Matrix> {
    const data = new Float32Array(texts.length * this.dim);
    await this.#each(texts, options, (text, i) => {
      const { ids } = this.#analyse(text, as);
      this.#topic(ids, data.subarray(i * this.dim, (i + 1) * this.dim));
    });
    return { data, rows: texts.length, dim: this.dim };
  }

  async #encodeTokens(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Tokens[]> {
    const all: Tokens[] = [];
    await this.#each(texts, options, (text) => {
      all.push(this.#tokensOf(text, as));
    });
    return all;
  }

  #tokensOf(text: string, as: TextRole): Tokens {
    const { dim } = this;
    const { ids, spans: allSpans, pieces: allPieces } = this.#analyse(text, as);
    // A term that comes again in a document says little that its first place does not: measured, it costs nothing to leave it out, and saves a third.
    const places = as === 'document' ? firstPlaces(ids) : ids.map((_, place) => place);
    const rows = places.length;
    const spans = new Uint32Array(2 * rows);
    const pieces = places.map((place) => allPieces[place]!);
    const data = new Float32Array(rows * dim);
    const topic = this.#topic(ids, new Float32Array(dim));
    for (let row = 0; row < rows; row++) {
      const at = row * dim;
      const place = places[row]!;
      const id = ids[place]!;
      spans[2 * row] = allSpans[2 * place]!;
      spans[2 * row + 1] = allSpans[2 * place + 1]!;
      const vectors = this.#vectorsOf(id);
      const offset = this.#offsetOf(id);
      for (let k = 0; k < dim; k++) data[at + k] = vectors[offset + k]! + this.model.topic * topic[k]!;
      normalise(data, at, dim);
      if (as === 'query') {
        const weight = this.#weightOf(id);
        for (let k = 0; k < dim; k++) data[at + k] = data[at + k]! * weight;
      }
    }
    return { data, rows, dim, spans, pieces };
  }

  /** What a text is about: its terms weighted by (1 + ln tf)·idf. */
  #topic(ids: readonly number[], out: Float32Array): Float32Array {
    const { dim } = this;
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [id, count] of counts) {
      const weight = termWeight(count) * this.#weightOf(id);
      const vectors = id >= 0 ? this.model.vectors : this.#madeTerms[-1 - id]!.vector;
      const offset = this.#offsetOf(id);
      for (let k = 0; k < dim; k++) out[k] = out[k]! + weight * vectors[offset + k]!;
    }
    normalise(out, 0, dim);
    return out;
  }

  #weightOf(id: number): number {
    return id >= 0 ? this.model.idf[id]! : this.#madeTerms[-1 - id]!.weight;
  }

  /** Where the direction of a term stands, and from which number on. */
  #vectorsOf(id: number): Float32Array {
    return id >= 0 ? this.#unit : this.#madeTerms[-1 - id]!.unit;
  }

  #offsetOf(id: number): number {
    return id >= 0 ? id * this.dim : 0;
  }

  #analyse(text: string, as: TextRole): Analysed {
    const key = `${as} ${text}`;
    const known = this.#analysed.get(key);
    if (known !== undefined) return known;
    const tokens = this.#analyzer.tokens(text);
    // What a document calls by a word that the sample never had is left to the lexical index, unless it has no other; a query's unknown word is likely misspelt.
    let analysed = this.#identified(tokens, as === 'query');
    if (analysed.ids.length === 0 && as === 'document') analysed = this.#identified(tokens, true);
    if (this.#analysed.size >= mostAnalysed) this.#analysed.clear();
    this.#analysed.set(key, analysed);
    return analysed;
  }

  #identified(tokens: readonly Token[], making: boolean): Analysed {
    const ids: number[] = [];
    const spans: number[] = [];
    const pieces: string[] = [];
    for (const { term, start, end } of tokens) {
      const id = this.#ids.get(term) ?? (making ? this.#make(term) : undefined);
      if (id === undefined) continue;
      ids.push(id);
      spans.push(start, end);
      pieces.push(term);
    }
    return { ids, spans: Uint32Array.from(spans), pieces };
  }

  /** A term for an unknown word, from those that are spelt like it; undefined where there are none. */
  #make(word: string): number | undefined {
    const known = this.#made.get(word);
    if (known !== undefined) return known === 0 ? undefined : known;
    this.#spelling ??= new Spelling(this.model.terms);
    const lookalikes = this.#spelling.lookalikes(word);
    if (lookalikes.length === 0) {
      this.#made.set(word, 0);
      return undefined;
    }
    const vector = new Float32Array(this.dim);
    let weight = 0;
    // Squared, so that the likeliest reading dominates.
    const shares = lookalikes.map(({ likeness }) => likeness * likeness);
    const total = shares.reduce((sum, share) => sum + share, 0);
    lookalikes.forEach(({ term }, i) => {
      const share = shares[i]! / total;
      for (let k = 0; k < this.dim; k++) vector[k] = vector[k]! + share * this.model.vectors[term * this.dim + k]!;
      weight += share * this.model.idf[term]!;
    });
    const unit = Float32Array.from(vector);
    normalise(unit, 0, this.dim);
    this.#madeTerms.push({ vector, unit, weight: weight * lookalikes[0]!.likeness });
    const id = -this.#madeTerms.length;
    this.#made.set(word, id);
    return id;
  }

  async #each(texts: readonly string[], { signal, onProgress }: EncodeOptions, work: (text: string, i: number) => void): Promise<void> {
    for (let i = 0; i < texts.length; i++) {
      // A long-lived server meets ever new unknown words: the table starts over rather than grow without end.
      if (this.#made.size >= mostMadeTerms) {
        this.#made.clear();
        this.#analysed.clear();
        this.#madeTerms.length = 0;
      }
      if (i % turn === 0 && i > 0) {
        onProgress?.({ stage: 'encoding', done: i, total: texts.length, unit: 'texts' });
        await yieldToEventLoop();
      }
      throwIfCancelled(signal, 'Encoding');
      work(checkString(`encode: text ${i}`, texts[i]), i);
    }
  }
}

/** The analyser's package is loaded when an encoder is learned or read: whoever runs a trained model is not kept waiting for it. */
export async function analyzerOf(analysis: string | AnalysisSpec): Promise<Analyzer> {
  const { Analyzer } = await import('@rank-rank/retrieve');
  return Analyzer.create(analysis);
}

/** Where each term stands first. */
function firstPlaces(ids: readonly number[]): number[] {
  const seen = new Set<number>();
  const places: number[] = [];
  for (let place = 0; place < ids.length; place++) {
    if (seen.has(ids[place]!)) continue;
    seen.add(ids[place]!);
    places.push(place);
  }
  return places;
}

/** Scales one row to length 1; a row of zeros stays. */
function normalise(data: Float32Array | Float64Array, at: number, dim: number): void {
  let squares = 0;
  for (let k = 0; k < dim; k++) squares += data[at + k]! * data[at + k]!;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let k = 0; k < dim; k++) data[at + k] = data[at + k]! * scale;
}
