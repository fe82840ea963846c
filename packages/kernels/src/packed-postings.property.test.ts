/** Every implementation that runs here, held to the JavaScript one, on lists packed by the plainest of packers. */
import { isRankError, Random } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { implementations, oracle } from './testing/cases.ts';
import { packedLists } from './testing/packed-lists.ts';

describe('packed postings', () => {
  it.each([
    [1, 1, false],
    [130, 1, false],
    [3000, 2, false],
    [9000, 1, true],
    [40_000, 1, false],
  ])('of %d documents and %d fields are searched as by the oracle, bit for bit', (documents, fields, wide) => {
    const { random, postings, terms, query } = packedLists(`packed ${documents}`, documents, fields, wide);
    const allow = new Uint32Array(Math.ceil(documents / 32)).map(() => random.bits());
    for (let round = 0; round < 12; round++) {
      const asked = query(Array.from({ length: 1 + random.integer(5) }, () => random.integer(terms)));
      for (const k of [1, 10, 33, 1000]) {
        const { scores } = oracle.searchPacked(postings, asked, documents);
        const above = scores.length === 0 ? 0 : scores[random.integer(scores.length)]!;
        for (const options of [{}, { pruned: false }, { allow }, { above }, { above, allow, pruned: false }]) {
          const expected = oracle.searchPacked(postings, asked, k, options);
          for (const [name, kernels] of implementations) {
            const found = kernels.searchPacked(postings, asked, k, options);
            expect(Array.from(found.indices), name).toEqual(Array.from(expected.indices));
            expect(Array.from(found.scores), name).toEqual(Array.from(expected.scores));
          }
        }
      }
    }
  });

  it('that are damaged give an error or some result, and never bring the process down', () => {
    const { random, postings, terms, query } = packedLists('damaged', 5000, 1, false);
    const asked = query(Array.from({ length: terms }, (_, i) => i));
    let errors = 0;
    for (let round = 0; round < 400; round++) {
      const bytes = postings.bytes.slice(0, round % 4 === 0 ? random.integer(postings.bytes.length) : undefined);
      for (let flips = 0; flips < 1 + (round % 30) && bytes.length > 0; flips++) bytes[random.integer(bytes.length)] = random.integer(256);
      for (const [, kernels] of implementations) {
        try {
          kernels.searchPacked({ ...postings, bytes }, asked, 50, { pruned: round % 2 === 0 });
        } catch (error) {
          if (!isRankError(error)) throw error;
          errors++;
        }
      }
    }
    expect(errors).toBeGreaterThan(100);
  });

  it('and lists of scores are added up as by the oracle, bit for bit', () => {
    const random = new Random('scored');
    for (const documents of [1, 9, 1400, 20_000]) {
      const lists = Array.from({ length: 8 }, () => random.sample(documents, random.integer(documents + 1)));
      const starts = lists.map((_, i) => lists.slice(0, i).reduce((sum, list) => sum + list.length, 0));
      const all = { documents: Uint32Array.from(lists.flat()), scores: Float32Array.from(lists.flat(), () => random.next() ** 4 * 12) };
      const allow = new Uint32Array(Math.ceil(documents / 32)).map(() => random.bits());
      for (let round = 0; round < 10; round++) {
        const ranges = Uint32Array.from(
          Array.from({ length: random.integer(6) }, () => random.integer(8)).flatMap((i) => [starts[i]!, starts[i]! + lists[i]!.length]),
        );
        for (const k of [1, 10, 32, 33, 1000]) {
          for (const options of [{ documents }, { documents, allow }, { documents, above: random.next() * 6 }]) {
            const expected = oracle.searchScored(all, ranges, k, options);
            for (const [name, kernels] of implementations) expect(kernels.searchScored(all, ranges, k, options), name).toEqual(expected);
          }
        }
      }
      for (const [, kernels] of implementations) {
        expect(() => kernels.searchScored(all, Uint32Array.of(0, 1e9), 3, { documents })).toThrow('offsets');
        expect(() =>
          kernels.searchScored({ documents: Uint32Array.of(documents), scores: Float32Array.of(1) }, Uint32Array.of(0, 1), 3, {
            documents,
          }),
        ).toThrow('past the end');
      }
    }
  });

  it('refuse arrays that do not fit together', () => {
    const { postings, query } = packedLists('refused', 200, 1, false);
    const asked = query([4, 5]);
    for (const [, kernels] of implementations) {
      expect(() => kernels.searchPacked(postings, { ...asked, weights: Float32Array.of(1) }, 3)).toThrow('one a term');
      expect(() => kernels.searchPacked(postings, { ...asked, bases: Float32Array.of(1, -1) }, 3)).toThrow('no negative');
      expect(() => kernels.searchPacked({ ...postings, codes: new Uint8Array(7) }, asked, 3)).toThrow('as many for each field');
      expect(() => kernels.searchPacked(postings, asked, 0)).toThrow('at least 1');
      expect(() => kernels.searchPacked(postings, asked, 3, { above: -1 })).toThrow('above is -1');
      expect(() => kernels.searchPacked(postings, { ...asked, fields: Uint32Array.of(0, 3) }, 3)).toThrow('argument');
    }
  });
});
