import type { Hit } from '@rank-rank/core';
import { compareHits } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../explain/explain.ts';
import { type FuseOptions, fuse } from '../fuse.ts';
import type { FusionMethod, FusionModel } from '../method.ts';
import { normalizationNames } from '../normalization/normalization.ts';
import { fusionMethods } from '../registry.ts';
import { fit } from '../training.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];
const score = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.double({ min: 0, max: 100, noNaN: true }));
const hits = fc
  .array(fc.tuple(fc.constantFrom(...ids), score), { maxLength: 12 })
  .map((pairs) => Array.from(new Map(pairs), ([id, value]): Hit => ({ id, score: value })));
const rankings = fc.array(hits, { minLength: 2, maxLength: 5 });

/** Models for any number of runs, trained on runs of one judged query each. */
function modelFor(method: FusionMethod, runs: number): FusionModel | undefined {
  if (method.fit === undefined) return undefined;
  const training = Array.from({ length: runs }, (_, run) => ({
    t1: Object.fromEntries(ids.map((id, i) => [id, (i * (run + 3)) % 7])),
    t2: { a: 3, z: 2, b: 1 },
  }));
  return fit(training, { t1: { a: 1, d: 2, k: 1 }, t2: { z: 1, c: 1 } }, { method });
}

/** Options with which a method takes any scores of at least 0. */
function optionsFor(method: FusionMethod, runs: number, more: Record<string, unknown> = {}): FuseOptions {
  const model = modelFor(method, runs);
  return { ...more, ...(model === undefined ? {} : { model }), method } as FuseOptions;
}

const runsOf = (lists: readonly (readonly Hit[])[]): { q: readonly Hit[] }[] => lists.map((list) => ({ q: list }));
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

describe.each(fusionMethods.map((method) => [method.name, method] as const))('%s', (_, method) => {
  it('scores every document of any ranking once, in ranking order', () => {
    fc.assert(
      fc.property(rankings, (lists) => {
        const fused = fuse(runsOf(lists), optionsFor(method, lists.length)).get('q')!;
        expect(new Set(fused.map(({ id }) => id))).toEqual(new Set(lists.flat().map(({ id }) => id)));
        expect(fused.every(({ score: value }) => Number.isFinite(value))).toBe(true);
        for (let i = 1; i < fused.length; i++) expect(compareHits(fused[i - 1]!, fused[i]!)).toBeLessThan(0);
      }),
    );
  });

  it('explains each score with contributions that add up to it', () => {
    const weights = 'weights' in method.parameters;
    const choices = 'normalization' in method.parameters ? normalizationNames : ['none'];
    fc.assert(
      fc.property(
        rankings,
        fc.constantFrom(...choices),
        fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 5, maxLength: 5 }),
        (lists, normalization, given) => {
          const more = {
            ...(weights ? { weights: given.slice(0, lists.length) } : {}),
            ...('normalization' in method.parameters ? { normalization } : {}),
            ...('negative' in method.parameters ? { negative: 'allow' } : {}),
          };
          const options = optionsFor(method, lists.length, more);
          const fused = fuse(runsOf(lists), options).get('q')!;
          const explained = explain(runsOf(lists), 'q', options);
          expect(explained.map(({ id, score: value }) => ({ id, score: value }))).toEqual(fused);
          for (const hit of explained) {
            const total = hit.sources.reduce((sum, { contribution }) => sum + contribution, 0);
            expect(close(total, hit.score), `${hit.id}: ${total} of ${hit.score}`).toBe(true);
          }
        },
      ),
    );
  });

  it('does not depend on the order in which documents are given', () => {
    fc.assert(
      fc.property(rankings, (lists) => {
        const options = optionsFor(method, lists.length);
        expect(fuse(runsOf(lists.map((list) => [...list].reverse())), options)).toEqual(fuse(runsOf(lists), options));
      }),
    );
  });

  it('does not depend on the order of runs', () => {
    fc.assert(
      fc.property(rankings, (lists) => {
        // Models differ by run, so each keeps its own.
        const options = optionsFor(method, lists.length) as { model?: FusionModel };
        const turned =
          options.model === undefined ? options : { ...options, model: { ...options.model, tables: [...options.model.tables].reverse() } };
        const there = new Map(
          fuse(runsOf(lists), options as FuseOptions)
            .get('q')!
            .map((hit) => [hit.id, hit.score]),
        );
        for (const { id, score: value } of fuse(runsOf([...lists].reverse()), turned as FuseOptions).get('q')!) {
          expect(close(value, there.get(id)!)).toBe(true);
        }
      }),
    );
  });

  it('takes a run that is absent for the query for no evidence', () => {
    fc.assert(
      fc.property(rankings, fc.nat(4), (lists, at) => {
        const place = at % (lists.length + 1);
        const options = optionsFor(method, lists.length) as { model?: FusionModel };
        const tables = options.model?.tables;
        const model = tables && { ...options.model!, tables: [...tables.slice(0, place), [0.5], ...tables.slice(place)] };
        const runs: Record<string, readonly Hit[]>[] = runsOf(lists);
        runs.splice(place, 0, { other: [{ id: 'a', score: 1 }] });
        expect(fuse(runs, { ...options, ...(model ? { model } : {}) } as FuseOptions).get('q')).toEqual(
          fuse(runsOf(lists), options as FuseOptions).get('q'),
        );
      }),
    );
  });

  it('gives the first of all hits where fewer are asked for', () => {
    fc.assert(
      fc.property(rankings, fc.integer({ min: 1, max: 6 }), (lists, topK) => {
        const options = optionsFor(method, lists.length);
        expect(fuse(runsOf(lists), { ...options, topK } as FuseOptions).get('q')).toEqual(
          fuse(runsOf(lists), options).get('q')!.slice(0, topK),
        );
      }),
    );
  });

  it('says what it is', () => {
    expect(method.formula).not.toBe('');
    expect(method.citation).not.toBe('');
    expect(method.missing).toMatch(/\.$/);
    for (const [name, parameter] of Object.entries(method.parameters)) {
      expect(parameter.description, name).toMatch(/\.$/);
      expect(parameter.required === true || parameter.type === 'weights' || parameter.default !== undefined, name).toBe(true);
    }
  });
});
