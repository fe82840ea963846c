import type { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../run/pipeline.ts';
import { retrieve, type Source } from '../stage/retrieve.ts';
import { frontOf, tune } from './tune.ts';
import { tuningPlot } from './tuning-plot.ts';

const queries = Array.from({ length: 6 }, (_, i) => ({ id: `q${i}`, text: `query ${i}` }));
const qrels = Object.fromEntries(queries.map(({ id }) => [id, { right: 1 }]));

/** Puts the right document at the place that the parameters say; the more they ask for, the longer it takes. */
function placed(place: number, wait: number): Source {
  return {
    async search(_, k) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const ids = Array.from({ length: k }, (_, i) => (i === place ? 'right' : `wrong${String(i).padStart(3, '0')}`));
      return ids.map((id, i) => ({ id, score: k - i }));
    },
  };
}

const options = {
  space: { a: [0, 1, 2, 3], b: [0, 1, 2] },
  make: ({ a, b }: { a: number; b: number }) => pipeline(retrieve(placed(Math.abs(a - 2) + Math.abs(b - 1), a * 25), { depth: 10 })),
  queries,
  qrels,
  measure: 'RR',
} as const;

describe('tuning', () => {
  it('finds the best combination, and says what to expect of it on new queries', async () => {
    const result = await tune(options);
    expect(result.best!.parameters).toEqual({ a: 2, b: 1 });
    expect(result.best!.quality).toBe(1);
    expect(result.crossValidated).toBe(1);
    expect(result.trials).toHaveLength(12);
    expect(result.start.parameters).toEqual({ a: 0, b: 0 });
  });

  it('keeps within the time allowed, and shows what more time would buy', async () => {
    const result = await tune({ ...options, milliseconds: 12 });
    expect(result.best!.parameters).toEqual({ a: 0, b: 1 });
    expect(result.front.at(-1)!.parameters).toEqual({ a: 2, b: 1 });
    expect((await tune({ ...options, milliseconds: 0.0001 })).best).toBeUndefined();
  });

  it('climbs one parameter at a time where there are too many combinations', async () => {
    const result = await tune({ ...options, search: 'coordinate' });
    expect(result.best!.parameters).toEqual({ a: 2, b: 1 });
    expect(result.trials.length).toBeLessThan(12);
  });

  it('draws quality against time', async () => {
    const svg = tuningPlot(await tune(options));
    expect(svg.match(/class="trial"/g)).toHaveLength(12);
    expect(svg).toContain('class="best"');
    expect(svg).toContain('a 2, b 1: RR 1.0000');
  });

  it('leaves out trials that another beats in both', () => {
    const trials = [
      { quality: 1, milliseconds: 9 },
      { quality: 2, milliseconds: 5 },
      { quality: 1, milliseconds: 1 },
      { quality: 3, milliseconds: 20 },
    ];
    expect(frontOf(trials).map(({ milliseconds }) => milliseconds)).toEqual([1, 5, 20]);
  });

  it.each([
    ['no space', { space: {} }, 'INVALID_ARGUMENT'],
    ['a parameter without values', { space: { a: [] } }, 'INVALID_ARGUMENT'],
    ['an unknown measure', { measure: 'nDGC@10' }, 'UNKNOWN_OPTION'],
    ['queries without judgements', { queries: [{ id: 'x', text: 'x' }] }, 'EMPTY_INPUT'],
    ['a misspelt option', { mesure: 'AP' }, 'UNKNOWN_OPTION'],
    ['a cancelled signal', { signal: AbortSignal.abort() }, 'CANCELLED'],
  ])('refuses %s', async (_, change, code) => {
    await expect(tune({ ...options, ...change } as never)).rejects.toThrow(expect.objectContaining({ code }) as RankError);
  });
});
