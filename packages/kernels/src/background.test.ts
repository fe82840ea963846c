/** Long calls: bit for bit what the synchronous call gives whatever the number of threads, off the event loop, and ended by a signal. */
import { describe, expect, it } from 'vitest';
import type { Documents, Kernels, Rows } from './contract.ts';
import { callsOf } from './testing/calls.ts';
import { cases, implementations } from './testing/cases.ts';

/** Where the options of each background form stand. */
const optionsAt = {
  quantise: 2,
  dequantise: 1,
  scores: 2,
  search: 3,
  maxSim: 2,
  maxSimPositions: 2,
  encodeResiduals: 3,
  assign: 2,
  sumClusters: 3,
  centroidScan: 2,
  encodeScaledResiduals: 3,
  residualMaxSim: 2,
  pqEncode: 2,
  pqSearch: 3,
  hnswSearch: 4,
} as const;
type Name = keyof typeof optionsAt;
type Operation = (...args: unknown[]) => unknown;

function withOptions(name: Name, args: readonly unknown[], more: object): unknown[] {
  const at = optionsAt[name];
  return [...args.slice(0, at), { ...((args[at] as object | undefined) ?? {}), ...more }];
}

describe.each(implementations)('%s in the background', (_, kernels) => {
  it.each(Object.keys(optionsAt) as Name[])('%s gives what it gives at once', async (name) => {
    for (let round = 0; round < 6; round++) {
      const args = callsOf[name]!(cases(`background ${name} ${round}`));
      const expected = (kernels[name] as Operation)(...args);
      const later = kernels[`${name}Async` as keyof Kernels] as Operation;
      for (const threads of [1, 2, 5]) expect(await later(...withOptions(name, args, { threads }))).toEqual(expected);
    }
  });

  it('leaves the event loop free', async () => {
    const { query, documents, only } = large();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await kernels.maxSimAsync(query, documents, { only, threads: 2 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it('ends soon after it is cancelled, and can be called again', async () => {
    const { query, documents, only } = large();
    await expect(kernels.maxSimAsync(query, documents, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    const controller = new AbortController();
    const work = kernels.maxSimAsync(query, documents, { only, threads: 2, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' });
    const some = { only: Uint32Array.of(0, 1, 2) };
    expect(await kernels.maxSimAsync(query, documents, { ...some, threads: 2 })).toEqual(kernels.maxSim(query, documents, some));
  });

  it('passes on what is wrong', async () => {
    const { query, documents } = large();
    const only = Uint32Array.of(0, 1 << 30);
    await expect(kernels.maxSimAsync(query, documents, { only, threads: 2 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(kernels.maxSimAsync(query, documents, { threads: 0 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(kernels.maxSimAsync(query, documents, { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

let made: { query: Rows; documents: Documents; only: Uint32Array } | undefined;
/** Enough work for tens of milliseconds of any implementation. */
function large() {
  if (made !== undefined) return made;
  const make = cases('large');
  const rows = make.rows('f32', 3000, 128);
  const offsets = Uint32Array.from({ length: 601 }, (_, i) => i * 5);
  const query = make.rows('f32', 64, 128);
  // Every document a few times over: long work in little memory.
  made = { query, documents: { rows, offsets }, only: Uint32Array.from({ length: 20_000 }, (_, i) => (i * 7) % 600) };
  return made;
}
