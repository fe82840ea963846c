import { type Filter, type FilterValue, type Metadata, matchesFilter } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, leftOut, MetadataBuilder } from './builder.ts';
import { MetadataColumns } from './columns.ts';
import { compileFilter } from './compile-filter.ts';

const scalar: fc.Arbitrary<FilterValue> = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', 'é', '\uffee', '😀', '1'),
  fc.constantFrom(-1.5, 0, 1, 2, 1e300),
  fc.boolean(),
);
const field = fc.constantFrom('x', 'y', 'tags', '__proto__', 'toString');
const metadata: fc.Arbitrary<Metadata | undefined> = fc.option(
  fc.dictionary(field, fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 3 }))) as fc.Arbitrary<Metadata>,
  { nil: undefined },
);
const rows = fc.array(metadata, { maxLength: 100 });
const bounds = fc
  .record({ gt: scalar, gte: scalar, lt: scalar, lte: scalar }, { requiredKeys: [] })
  .map((limits) => Object.fromEntries(Object.entries(limits).filter(([, limit]) => typeof limit !== 'boolean')))
  .filter((limits) => Object.keys(limits).length > 0);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({ field, eq: scalar }),
    fc.record({ field, in: fc.array(scalar, { maxLength: 3 }) }),
    fc.tuple(field, bounds).map(([name, limits]) => ({ field: name, ...limits }) as Filter),
    fc.record({ field, isNull: fc.boolean() }),
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}));

const passing = (of: readonly (Metadata | undefined)[], by: Filter): number[] => [...of.keys()].filter((i) => matchesFilter(by, of[i]));

describe('a compiled filter', () => {
  it('lets through what matchesFilter lets through', () => {
    fc.assert(
      fc.property(rows, filter, (all, by) => {
        const found = compileFilter(by, columnsOf(all));
        expect([...found.members()]).toEqual(passing(all, by));
        expect(found.count).toBe(passing(all, by).length);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the same after the columns were stored and read back', () => {
    fc.assert(
      fc.property(rows, filter, (all, by) => {
        const columns = columnsOf(all);
        const again = new MetadataColumns(columns.size, structuredClone(columns.sections));
        expect(compileFilter(by, again)).toEqual(compileFilter(by, columns));
      }),
    );
  });

  it('finds the same in columns merged from parts, without the documents left out', () => {
    fc.assert(
      fc.property(rows, rows, fc.infiniteStream(fc.boolean()), filter, fc.integer(), (first, second, keeps, by, seed) => {
        const parts = [first, second];
        const kept = parts.map((part) => part.map(() => keeps.next().value as boolean));
        const survivors = parts.flatMap((part, p) => part.filter((_, i) => kept[p]![i]));
        // Any order of the survivors will do: here they are rotated.
        const turn = survivors.length === 0 ? 0 : Math.abs(seed) % survivors.length;
        const merged: (Metadata | undefined)[] = [];
        const builder = new MetadataBuilder();
        let next = 0;
        parts.forEach((part, p) => {
          const numbers = Uint32Array.from(part, (_, i) => (kept[p]![i] ? (next++ + turn) % survivors.length : leftOut));
          part.forEach((row, i) => {
            if (numbers[i] !== leftOut) merged[numbers[i]!] = row;
          });
          builder.addColumns(columnsOf(part), numbers, survivors.length);
        });
        const dense = Array.from({ length: survivors.length }, (_, i) => merged[i]);
        expect([...compileFilter(by, builder.build()).members()]).toEqual(passing(dense, by));
      }),
    );
  });
});

describe('counts per value', () => {
  it('are how many documents the value lets through, of all or of those that pass a filter', () => {
    fc.assert(
      fc.property(rows, filter, field, (all, by, name) => {
        const columns = columnsOf(all);
        const values = new Set(all.flatMap((row) => (row && Object.hasOwn(row, name) ? [row[name] ?? []].flat() : []))) as Set<FilterValue>;
        for (const within of [undefined, compileFilter(by, columns)]) {
          const counts = columns.counts(name, within);
          const expected = [...values]
            .map((value) => ({ value, count: passing(all, { and: [{ field: name, eq: value }, ...(within ? [by] : [])] }).length }))
            .filter(({ count }) => count > 0);
          expect(new Map(counts.map(({ value, count }) => [value, count]))).toEqual(new Map(expected.map((e) => [e.value, e.count])));
          expect(counts.map(({ count }) => count)).toEqual(counts.map(({ count }) => count).sort((a, b) => b - a));
        }
      }),
    );
  });
});
