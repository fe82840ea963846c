import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { toBatch } from './batch.ts';
import { openMailbox, type RunAnswer, type RunRequest, untilClosed } from './mailbox.ts';

const row = { ids: Int32Array.of(101, 7, 102), typeIds: Uint8Array.of(0, 0, 1), attended: 2, keep: Uint8Array.of(1, 0, 1) };
const requests: RunRequest[] = [
  { id: 3, kind: 'run', batch: toBatch([{ ids: Int32Array.of(5) }], 0), wanted: [1] },
  { id: 4, kind: 'run', batch: toBatch([row, { ids: Int32Array.of(9) }], 1, true), wanted: [0, 2] },
  { id: 5, kind: 'run', batch: toBatch([{ ids: new Int32Array(0) }], 0), wanted: [] },
];
const answers: RunAnswer[] = [
  { id: 3, results: [{ size: 2, data: Float32Array.of(0.5, -1e-9) }] },
  { id: 4, results: [{ size: 1, data: Float32Array.of(1), counts: Uint32Array.of(1, 0), indices: Uint32Array.of(4e9) }] },
  {
    id: 5,
    results: [
      { size: 0, data: new Float32Array(0) },
      { size: 1, data: Float32Array.of(2), counts: Uint32Array.of(1) },
    ],
  },
];

const severalCores = availableParallelism() > 1;

describe('A mailbox', () => {
  it('gives on its other side what was put in', () => {
    const here = openMailbox()!;
    const there = openMailbox(here.memory)!;
    there.requests.open();
    here.answers.open();
    for (const request of requests) {
      expect(here.requests.put(request)).toBe(true);
      expect(there.requests.take()).toEqual(request);
    }
    for (const answer of answers) {
      expect(there.answers.put(answer)).toBe(true);
      const taken = here.answers.take()!;
      expect(taken).toEqual(answer);
      expect(taken.results[0]!.data.buffer).toBeInstanceOf(ArrayBuffer);
    }
    expect(there.requests.take()).toBeUndefined();
  });

  it('refuses what nobody takes, what comes while it is full, and what is too long', () => {
    const { requests: letters } = openMailbox()!;
    expect(letters.put(requests[0]!)).toBe(false);
    letters.open();
    const long = { ...requests[0]!, batch: toBatch([{ ids: new Int32Array(20_000) }], 0) };
    expect(letters.put(long)).toBe(false);
    expect(letters.take()).toBeUndefined();
    expect(letters.put(requests[0]!)).toBe(true);
    expect(letters.put(requests[1]!)).toBe(false);
    expect(letters.take()).toEqual(requests[0]);
    letters.close();
    expect(letters.put(requests[1]!)).toBe(false);
  });

  it('tells of each letter until it is closed', async () => {
    const here = openMailbox()!;
    const there = openMailbox(here.memory)!;
    const taken: number[] = [];
    const listening = untilClosed(there.requests, () => {
      const request = there.requests.take();
      if (request !== undefined) taken.push(request.id);
    });
    for (const request of requests) {
      expect(here.requests.put(request)).toBe(true);
      while (!taken.includes(request.id)) await new Promise((resolve) => setImmediate(resolve));
    }
    there.requests.close();
    await listening;
    expect(taken).toEqual([3, 4, 5]);
  });

  it('wakes for what is announced, and sleeps again where nothing comes', async () => {
    const { requests: letters } = openMailbox()!;
    letters.open();
    for (let i = 0; i < 3; i++) {
      const { rings } = letters;
      const rang = letters.rang(rings);
      letters.announce();
      if (severalCores) {
        expect(await rang).toBe(true);
        expect(letters.take()).toBeUndefined();
      }
      expect(letters.put(requests[i]!)).toBe(true);
      expect(await rang).toBe(true);
      letters.wait(rings);
      expect(letters.take()).toEqual(requests[i]);
    }
    letters.expect();
    const { rings } = letters;
    letters.posted();
    expect(letters.messages).toBe(1);
    letters.wait(rings);
    expect(letters.put(requests[0]!)).toBe(true);
    letters.close();
    expect(await letters.rang(letters.rings - 1)).toBe(false);
  });
});
