/** Postings, sparse rows and packed integers: every implementation that runs here gives exactly what the JavaScript one gives. */
import { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { NONE, type PostingBlocks } from './contract.ts';
import { cases, closeTo, implementations, oracle } from './testing/cases.ts';

function randomPostings(make: ReturnType<typeof cases>, lists: number, documents: number) {
  const entries = Array.from({ length: lists }, () => {
    const share = make.random.next() ** 3;
    return Array.from({ length: documents }, (_, d) => d).filter(() => make.random.next() < share);
  });
  return { offsets: make.offsets(entries.map((list) => list.length)), documents: Uint32Array.from(entries.flat()) };
}

describe('postings', () => {
  it('are added and searched to the last bit as by the oracle', () => {
    for (const documents of [1, 40, 3000, 20_000]) {
      const make = cases(`postings ${documents}`);
      const lists = randomPostings(make, 12, documents);
      const count = lists.documents.length;
      const allow = make.bitmap(documents);
      for (const values of [make.floats(count), Uint16Array.from(make.list(count, 60_000)), Uint8Array.from(make.list(count, 256))]) {
        const postings = { ...lists, values };
        const terms = make.list(5, 12);
        const weights = make.floats(5);
        const expected = new Float32Array(documents);
        oracle.accumulatePostings(postings, terms, weights, expected);
        const sums = new Uint32Array(documents);
        const whole = Uint32Array.from(make.list(5, 1000));
        if (!(values instanceof Float32Array)) oracle.accumulatePostings(postings, terms, whole, sums);
        for (const [name, kernels] of implementations) {
          const found = new Float32Array(documents);
          kernels.accumulatePostings(postings, terms, weights, found);
          expect(found, name).toEqual(expected);
          if (!(values instanceof Float32Array)) {
            const foundSums = new Uint32Array(documents);
            kernels.accumulatePostings(postings, terms, whole, foundSums);
            expect(foundSums, name).toEqual(sums);
          }
          for (const k of [1, 10, 5000]) {
            for (const options of [{ documents }, { documents, allow }]) {
              expect(kernels.searchPostings(postings, terms, weights, k, options), name).toEqual(
                oracle.searchPostings(postings, terms, weights, k, options),
              );
            }
          }
        }
      }
    }
  });

  it('with bounds of blocks give the same as without, ties and filters included', () => {
    for (const documents of [100, 5000, 40_000]) {
      const make = cases(`blocks ${documents}`);
      const { random } = make;
      const lists = randomPostings(make, 12, documents);
      const { offsets } = lists;
      // Few different values, so that many sums are equal; and some regions much better than others, so that much is passed over.
      const bytes = Uint8Array.from(lists.documents, (d) => 1 + random.integer(4) + (d % 4096 < 300 ? 40 : 0));
      const allow = make.bitmap(documents);
      for (const size of [32, 256, 8192]) {
        const count = Math.ceil(documents / size);
        for (const values of [bytes, Uint16Array.from(bytes), Float32Array.from(bytes, (x) => x / 3)]) {
          const rows = new Uint32Array(12);
          const maxima: number[] = [];
          const largest: number[] = [];
          for (let list = 0; list < 12; list++) {
            if (list % 3 === 2) {
              rows[list] = NONE;
              continue;
            }
            rows[list] = largest.length;
            const most = new Float64Array(count);
            for (let p = offsets[list]!; p < offsets[list + 1]!; p++) {
              const block = Math.floor(lists.documents[p]! / size);
              most[block] = Math.max(most[block]!, values[p]!);
            }
            const top = Math.max(0, ...most);
            largest.push(top);
            maxima.push(...most.map((x) => (top === 0 ? 0 : Math.ceil((x * 255) / top))));
          }
          const blocks = { size, rows, maxima: Uint8Array.from(maxima), largest: Float32Array.from(largest) };
          const postings = { ...lists, values };
          for (const length of [1, 3, 12]) {
            const terms = Uint32Array.from(random.sample(12, length));
            const weights = Float32Array.from({ length }, () => random.integer(4) / 2);
            for (const k of [1, 10, 500]) {
              for (const filter of [{}, { allow }]) {
                const expected = oracle.searchPostings(postings, terms, weights, k, { documents, ...filter });
                for (const [name, kernels] of implementations)
                  expect(kernels.searchPostings(postings, terms, weights, k, { documents, blocks, ...filter }), name).toEqual(expected);
              }
            }
          }
        }
      }
    }
  });

  it('that do not ascend, or whose blocks are damaged, are an error or an answer, never a wild write', () => {
    const postings = { offsets: Uint32Array.of(0, 4), documents: Uint32Array.of(0, 90, 20, 3), values: Uint8Array.of(1, 2, 3, 4) };
    const good = { size: 32, rows: Uint32Array.of(NONE), maxima: new Uint8Array(0), largest: new Float32Array(0) };
    for (const [name, kernels] of implementations) {
      const search = (documents: number, blocks?: PostingBlocks) => (): unknown =>
        kernels.searchPostings(postings, Uint32Array.of(0), Float32Array.of(1), 3, { documents, ...(blocks && { blocks }) });
      expect(search(50), name).toThrow(RankError);
      expect(search(0), name).toThrow(RankError);
      if (kernels.describe().backend !== 'js') expect(search(50, good), name).toThrow(RankError);
      expect(search(100, { ...good, size: 48 }), name).toThrow(/power of two/);
      expect(search(100, { ...good, largest: Float32Array.of(1) }), name).toThrow(/maxima of blocks/);
      expect(search(100, { ...good, rows: new Uint32Array(2) }), name).toThrow(/rows of blocks/);
    }
  });

  it('of sparse rows give the oracle’s dot products', () => {
    const make = cases('sparse');
    const offsets = make.offsets([0, 1, 3, 4, 150, 7]);
    const count = offsets.at(-1)!;
    const query = make.floats(1000);
    const only = make.list(4, 6);
    for (const indices of [make.list(count, 1000), Uint16Array.from(make.list(count, 1000))]) {
      for (const values of [make.floats(count), Uint16Array.from(make.list(count, 60_000)), Uint8Array.from(make.list(count, 256))]) {
        const rows = { offsets, indices, values };
        const tolerance = values instanceof Float32Array ? 1e-5 : 1;
        for (const [name, kernels] of implementations) {
          closeTo(kernels.sparseScores(query, rows), oracle.sparseScores(query, rows), tolerance, name);
          closeTo(kernels.sparseScores(query, rows, { only }), oracle.sparseScores(query, rows, { only }), tolerance, name);
        }
      }
    }
  });
});

describe('packed integers', () => {
  it.each(['plain', 'frame', 'delta'] as const)('are the oracle’s bit for bit (%s)', (mode) => {
    const make = cases(`integers ${mode}`);
    for (const block of [128, 256] as const) {
      for (let width = 0; width <= 32; width++) {
        const length = make.random.integer(700);
        const below = mode === 'delta' ? 2 ** Math.min(width, 22) : 2 ** width;
        const values = make.list(length, below);
        if (mode === 'delta') for (let i = 1; i < length; i++) values[i] = values[i]! + values[i - 1]!;
        const expected = oracle.packIntegers(values, { mode, block });
        for (const [name, kernels] of implementations) {
          const packed = kernels.packIntegers(values, { mode, block });
          expect(packed, name).toEqual(expected);
          expect(Array.from(kernels.unpackIntegers(packed)), name).toEqual(Array.from(values));
          const from = Math.min(1, packed.widths.length);
          expect(kernels.unpackIntegers(packed, { from }), name).toEqual(oracle.unpackIntegers(packed, { from }));
        }
      }
    }
  });
});
