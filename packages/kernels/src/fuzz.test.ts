/** Random shapes thrown at every operation: whatever is given, a result or a RankError comes back, never a crash and never another error. */
import { isRankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { callsOf } from './testing/calls.ts';
import { type Cases, cases, implementations, oracle } from './testing/cases.ts';
import { damaged } from './testing/damage.ts';

type Operation = (...args: unknown[]) => unknown;

/** Calls with `damages` of the arguments damaged; gives how many were refused. */
function refusals(name: string, seed: string, rounds: number, damages: (make: Cases) => number): number {
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const make = cases(`${seed} ${name} ${round}`);
    const args = callsOf[name as keyof typeof callsOf]!(make);
    for (let left = damages(make); left > 0; left--) {
      const at = make.random.integer(args.length);
      args[at] = damaged(make.random, args[at]);
    }
    for (const [implementation, kernels] of [['js', oracle] as const, ...implementations]) {
      try {
        (kernels[name as keyof typeof kernels] as Operation)(...args.map(fresh));
      } catch (error) {
        if (!isRankError(error)) expect.fail(`${implementation} ${name}, round ${round}: ${(error as Error).stack}`);
        refused++;
      }
    }
  }
  return refused;
}

/** A graph is written to: every implementation gets a copy. */
function fresh(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('entry' in value)) return value;
  const copy = (field: unknown): unknown => (field instanceof Uint32Array && field.buffer.byteLength > 0 ? field.slice() : field);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copy(field)]));
}

describe.each(Object.keys(callsOf))('%s', (name) => {
  it('takes what is right', () => {
    expect(refusals(name, 'right', 12, () => 0)).toBe(0);
  });

  it('refuses what is wrong by a RankError, or makes do with it', () => {
    expect(refusals(name, 'wrong', 120, (make) => 1 + make.random.integer(2))).toBeGreaterThan(0);
  });
});
