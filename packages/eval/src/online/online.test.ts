import { Random } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { counterfactual, counterfactualClicks, type LoggedAction } from './counterfactual.ts';
import { credit, interleavingOutcome, probabilisticInterleave, teamDraft } from './interleave.ts';
import { detectableEffect, power, powerForRates, sampleSize, sampleSizeForInterleaving, sampleSizeForRates } from './power.ts';
import { SequentialTest } from './sequential-test.ts';

const ranking = (...ids: string[]) => ids.map((id, at) => ({ id, score: -at }));
const a = ranking('a', 'b', 'c', 'd');
const b = ranking('b', 'e', 'a', 'f');

describe.each([
  ['team draft', teamDraft],
  ['probabilistic interleaving', probabilisticInterleave],
])('%s', (_, interleave) => {
  it('shows each document once, all of them if asked for enough, and shares out whole clicks', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { hits, credits } = interleave([a, b], { seed, k: 20 });
      expect(hits.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      for (const shares of credits) expect(shares[0]! + shares[1]!).toBeCloseTo(1, 12);
    }
    expect(interleave([a, b], { k: 3 }).hits).toHaveLength(3);
    expect(interleave([[], []], {}).hits).toEqual([]);
    expect(interleave([a, []], { k: 10 }).hits).toHaveLength(4);
  });

  it('finds no preference between rankers that are alike, and the one that users click on', () => {
    const random = new Random(5);
    const alike: [number, number][] = [];
    const better: [number, number][] = [];
    const good = ranking('r1', 'r2', 'x', 'y', 'z');
    const bad = ranking('x', 'y', 'z', 'r1', 'r2');
    for (let i = 0; i < 4000; i++) {
      const same = interleave([good, good], { random, k: 5 });
      alike.push(credit(same, [random.integer(same.hits.length)]) as [number, number]);
      const shown = interleave([bad, good], { random, k: 3 });
      const clicks = [...shown.hits.keys()].filter((at) => shown.hits[at]!.id.startsWith('r'));
      better.push(credit(shown, clicks) as [number, number]);
    }
    expect(Math.abs(interleavingOutcome(alike).preference)).toBeLessThan(0.03);
    const { preference, interval, pValue } = interleavingOutcome(better);
    expect(preference).toBeGreaterThan(0.3);
    expect(interval.low).toBeGreaterThan(0.2);
    expect(pValue).toBeLessThan(1e-6);
  });

  it('works for more than two rankers', () => {
    const { hits, credits } = interleave([a, b, ranking('g', 'a')], { k: 20, seed: 3 });
    expect(new Set(hits.map(({ team }) => team)).size).toBe(3);
    expect(credits[0]).toHaveLength(3);
  });

  it('refuses fewer than two rankers and what is out of range', () => {
    expect(() => interleave([a])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => interleave([a, b], { k: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => interleave([a, b], { depth: 3 } as never)).toThrow(expect.objectContaining({ code: 'UNKNOWN_OPTION' }));
    expect(() => credit(interleave([a, b]), [99])).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('team draft', () => {
  it('lets each ranker pick once a round', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { hits } = teamDraft([a, b], { seed, k: 4 });
      expect(hits.filter(({ team }) => team === 0)).toHaveLength(2);
      // The first pick of a round is the best of whoever picks.
      expect(hits[0]!.id).toBe(hits[0]!.team === 0 ? 'a' : 'b');
    }
  });
});

describe('probabilistic interleaving', () => {
  it('credits by how probable each ranker was to draw the document', () => {
    const shown = probabilisticInterleave([ranking('x', 'y'), ranking('y', 'x')], { tau: 3, k: 2 });
    // At the first place the weights are 1 and 1/8 of 9/8.
    const first = shown.hits[0]!.id === 'x' ? [8 / 9, 1 / 9] : [1 / 9, 8 / 9];
    first.forEach((share, team) => {
      expect(shown.credits[0]![team]).toBeCloseTo(share, 12);
    });
    // At the second there is one document left, which either would have drawn.
    expect(shown.credits[1]).toEqual([0.5, 0.5]);
  });
});

describe('the outcome of an interleaving', () => {
  it('counts wins and half of the ties', () => {
    const outcome = interleavingOutcome([
      [1, 0],
      [0, 1],
      [0, 2],
      [1, 1],
    ]);
    expect(outcome).toMatchObject({ impressions: 4, winsA: 1, ties: 1, winsB: 2, preference: 0.125, pValue: 1 });
    expect(interleavingOutcome([[0, 0]]).pValue).toBe(1);
    expect(() => interleavingOutcome([])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
  });
});

describe('power and sample size', () => {
  it('agree with statsmodels (TTestPower)', () => {
    const recorded = [
      [0.2, 100, 0.508264806621038],
      [0.5, 10, 0.2931756065140767],
      [0.05, 1000, 0.3520450126456206],
      [1, 3, 0.1792553937765517],
      [0.3, 2, 0.05441466766810162],
    ] as const;
    for (const [effect, n, expected] of recorded) expect(power(effect, n)).toBeCloseTo(expected, 9);
    expect([0.1, 0.2, 0.5, 1, 2.5].map((effect) => sampleSize(effect))).toEqual([787, 199, 34, 10, 4]);
    expect(detectableEffect(50)).toBeCloseTo(0.404183, 5);
  });

  it('fit together', () => {
    for (const effect of [0.15, 0.4, -0.9]) {
      const n = sampleSize(effect, { power: 0.9, alpha: 0.01 });
      expect(power(effect, n, { alpha: 0.01 })).toBeGreaterThanOrEqual(0.9);
      expect(power(effect, n - 1, { alpha: 0.01 })).toBeLessThan(0.9);
    }
    const n = sampleSizeForRates(0.1, 0.12);
    expect(n).toBe(3841);
    expect(powerForRates(0.1, 0.12, n)).toBeGreaterThanOrEqual(0.8);
    expect(powerForRates(0.1, 0.12, n - 1)).toBeLessThan(0.8);
    expect(sampleSizeForInterleaving(0.55)).toBe(783);
    expect(power(0, 20)).toBeCloseTo(0.05, 9);
  });

  it('refuse what has no answer', () => {
    expect(() => sampleSize(0)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => power(0.2, 1)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => sampleSizeForRates(0.1, 0.1)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => sampleSizeForInterleaving(0.5)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => sampleSize(0.2, { power: 0.01 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('the sequential test', () => {
  it.each(['normal', 'binary'] as const)('finds nothing where there is nothing, however often one looks (%s)', (kind) => {
    let found = 0;
    const random = new Random(9);
    for (let trial = 0; trial < 400; trial++) {
      const test = new SequentialTest({ kind, scale: 0.5 });
      for (let i = 0; i < 300 && !test.significant; i++) test.add(kind === 'binary' ? random.integer(2) : random.normal());
      if (test.significant) found++;
    }
    // Looking 300 times at a fixed test of level 0.05 finds something in a third of the trials.
    expect(found / 400).toBeLessThan(0.06);
  });

  it.each(['normal', 'binary'] as const)('finds what is there, and sooner the larger it is (%s)', (kind) => {
    const random = new Random(4);
    const needed = [0.1, 0.3].map((shift) => {
      let total = 0;
      for (let trial = 0; trial < 30; trial++) {
        const test = new SequentialTest({ kind, scale: 0.3 });
        while (!test.significant && test.count < 20_000)
          test.add(kind === 'binary' ? Number(random.next() < 0.5 + shift) : random.normal() + shift);
        expect(test.significant).toBe(true);
        total += test.count;
      }
      return total / 30;
    });
    expect(needed[1]!).toBeLessThan(needed[0]! / 3);
  });

  it('keeps its p-value down, and gives an interval around the mean', () => {
    const test = new SequentialTest({ scale: 1 });
    expect(test.interval).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
    let before = 1;
    for (let i = 0; i < 50; i++) {
      test.add(1 + (i % 3));
      expect(test.pValue).toBeLessThanOrEqual(before);
      before = test.pValue;
    }
    expect(test.significant).toBe(true);
    expect(test.interval.low).toBeGreaterThan(0);
    expect(test.interval.low).toBeLessThan(test.mean);
    expect(() => new SequentialTest({ kind: 'binary' }).add(2)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => test.add(Number.NaN)).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }));
  });
});

describe('counterfactual estimates', () => {
  /** Three actions; the log took them with these chances, the policy in question would with those. */
  const logged = [0.6, 0.3, 0.1];
  const target = [0.1, 0.2, 0.7];
  const rates = [0.1, 0.5, 0.8];
  const truth = target.reduce((sum, chance, action) => sum + chance * rates[action]!, 0);
  const log = (n: number, seed: number, model: readonly number[] = rates): LoggedAction[] => {
    const random = new Random(seed);
    const expected = target.reduce((sum, chance, action) => sum + chance * model[action]!, 0);
    return Array.from({ length: n }, () => {
      const u = random.next();
      const action = u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
      return {
        reward: Number(random.next() < rates[action]!),
        logged: logged[action]!,
        target: target[action]!,
        estimate: model[action]!,
        expected,
      };
    });
  };

  it('come near the truth, with intervals that hold it as often as they say', () => {
    const held = { ips: 0, snips: 0, dr: 0 };
    for (let seed = 0; seed < 200; seed++) {
      const estimates = counterfactual(log(500, seed));
      for (const name of ['ips', 'snips', 'dr'] as const) {
        const { low, high } = estimates[name]!.interval;
        if (low <= truth && truth <= high) held[name]++;
      }
    }
    for (const count of Object.values(held)) expect(count / 200).toBeGreaterThan(0.9);
  });

  it('vary less when normalised, and least with a good model', () => {
    const { ips, snips, dr } = counterfactual(log(5000, 1));
    expect(Math.abs(ips.value - truth)).toBeLessThan(0.06);
    expect(snips.standardError).toBeLessThan(ips.standardError);
    expect(dr!.standardError).toBeLessThan(ips.standardError);
    // A bad model does no harm.
    expect(Math.abs(counterfactual(log(20_000, 2, [0.9, 0.9, 0.1])).dr!.value - truth)).toBeLessThan(0.05);
    expect(ips.effectiveSamples).toBeGreaterThan(500);
    expect(ips.effectiveSamples).toBeLessThan(5000);
  });

  it('are what their formulas say', () => {
    const actions = [
      { reward: 1, logged: 0.5, target: 1 },
      { reward: 0, logged: 0.5, target: 0 },
      { reward: 1, logged: 0.25, target: 0.5 },
    ];
    const { ips, snips, dr } = counterfactual(actions);
    expect(ips.value).toBeCloseTo(4 / 3, 12);
    expect(snips.value).toBe(1);
    expect(dr).toBeUndefined();
    expect(ips.effectiveSamples).toBeCloseTo(16 / 8, 12);
    expect(counterfactual(actions, { clip: 1 }).ips.value).toBeCloseTo(2 / 3, 12);
  });

  it('of rankings from clicks on others find which ranking is better', () => {
    const random = new Random(11);
    const attraction: Record<string, number> = { a: 0.1, b: 0.2, c: 0.9, d: 0.05 };
    const shown = ['a', 'b', 'c', 'd'];
    const pages = Array.from({ length: 20_000 }, () => ({
      query: 'q',
      shown,
      clicks: shown.filter((id, at) => random.next() < (1 / (at + 1)) * attraction[id]!),
    }));
    const worthOf = (order: readonly string[]): number => order.reduce((sum, id, at) => sum + attraction[id]! / Math.log2(at + 2), 0);
    for (const order of [shown, ['c', 'b', 'a', 'd'], ['d', 'a', 'b', 'c']]) {
      const { ips, dr } = counterfactualClicks(pages, () => order, { attraction: (_, id) => attraction[id]! * 0.8 });
      expect(Math.abs(ips.value - worthOf(order))).toBeLessThan(4 * ips.standardError);
      expect(Math.abs(dr!.value - worthOf(order))).toBeLessThan(4 * dr!.standardError);
    }
    const better = counterfactualClicks(pages, () => ['c', 'b', 'a', 'd']).snips.value;
    expect(better).toBeGreaterThan(counterfactualClicks(pages, () => shown).snips.value);
  });

  it('refuse propensities that are none, and clicks on what was not shown', () => {
    expect(() => counterfactual([])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => counterfactual([{ reward: 1, logged: 0, target: 1 }])).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => counterfactual([{ reward: Number.NaN, logged: 1, target: 1 }])).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }));
    expect(() => counterfactualClicks([{ query: 'q', shown: ['a'], clicks: ['b'] }], () => [])).toThrow(/was clicked but not shown/);
    expect(() => counterfactualClicks([{ query: 'q', shown: ['a'], clicks: [] }], () => [], { examination: () => 0 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
