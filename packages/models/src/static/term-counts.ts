import type { SparseRows } from './randomized-svd.ts';

/** Terms of a sample of documents: how many documents have each, and how often each stands in each. */
export class TermCounts {
  readonly #ids = new Map<string, number>();
  readonly #frequencies: number[] = [];
  readonly #documents: { readonly terms: Uint32Array; readonly counts: Uint16Array }[] = [];

  get documents(): number {
    return this.#documents.length;
  }

  add(terms: readonly string[]): void {
    this.#documents.push(this.#counted(terms));
  }

  /** Takes the place of an earlier document of the sample. */
  replace(at: number, terms: readonly string[]): void {
    for (const term of this.#documents[at]!.terms) this.#frequencies[term]!--;
    this.#documents[at] = this.#counted(terms);
  }

  /**
   * The vocabulary (the `limit` most frequent terms, ordered by frequency, then by their text), its inverse document
   * frequencies, and the weighted documents: (1 + ln tf) · idf, each row of length 1.
   */
  weighted(limit: number): { terms: string[]; idf: Float32Array; matrix: SparseRows } {
    const n = this.documents;
    const chosen = [...this.#ids]
      .filter(([, id]) => this.#frequencies[id]! > 0)
      .sort(([a, i], [b, j]) => this.#frequencies[j]! - this.#frequencies[i]! || (a < b ? -1 : 1))
      .slice(0, limit);
    const newId = new Int32Array(this.#frequencies.length).fill(-1);
    const idf = new Float32Array(chosen.length);
    chosen.forEach(([, id], at) => {
      newId[id] = at;
      idf[at] = inverseDocumentFrequency(this.#frequencies[id]!, n);
    });
    const total = this.#documents.reduce((sum, { terms }) => sum + terms.length, 0);
    const offsets = new Uint32Array(n + 1);
    const indices = new Uint32Array(total);
    const values = new Float32Array(total);
    let at = 0;
    this.#documents.forEach(({ terms, counts }, row) => {
      let squares = 0;
      const start = at;
      for (let i = 0; i < terms.length; i++) {
        const id = newId[terms[i]!]!;
        if (id < 0) continue;
        const value = termWeight(counts[i]!) * idf[id]!;
        squares += value * value;
        indices[at] = id;
        values[at++] = value;
      }
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let i = start; i < at; i++) values[i] = values[i]! * scale;
      offsets[row + 1] = at;
    });
    const matrix = { rows: n, columns: chosen.length, offsets, indices: indices.subarray(0, at), values: values.subarray(0, at) };
    return { terms: chosen.map(([term]) => term), idf, matrix };
  }

  #counted(terms: readonly string[]): { terms: Uint32Array; counts: Uint16Array } {
    const counts = new Map<number, number>();
    for (const term of terms) {
      let id = this.#ids.get(term);
      if (id === undefined) {
        id = this.#frequencies.length;
        this.#ids.set(term, id);
        this.#frequencies.push(0);
      }
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const id of counts.keys()) this.#frequencies[id]!++;
    return { terms: Uint32Array.from(counts.keys()), counts: Uint16Array.from(counts.values(), (count) => Math.min(count, 65535)) };
  }
}

/** BM25's form, which is never negative. */
export function inverseDocumentFrequency(frequency: number, documents: number): number {
  return Math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5));
}

export function termWeight(count: number): number {
  return 1 + Math.log(count);
}
