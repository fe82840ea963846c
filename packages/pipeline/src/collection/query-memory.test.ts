import { describe, expect, it } from 'vitest';
import { QueryMemory } from './query-memory.ts';

/** Work that ends when it is told to, or when its signal fires. */
function slow() {
  const begun: { signal: AbortSignal; end(value: string): void }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ signal, end: resolve });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  return { begun, work };
}

describe('what was asked last', () => {
  it('is worked out once for all who ask, at once and after', async () => {
    const { begun, work } = slow();
    const memory = new QueryMemory<string>(2);
    const both = Promise.all([memory.ask('a', undefined, work), memory.ask('a', undefined, work)]);
    begun[0]!.end('answer');
    expect(await both).toEqual(['answer', 'answer']);
    expect(await memory.ask('a', undefined, work)).toBe('answer');
    expect(begun.length).toBe(1);
  });

  it('is given up when all who wait have given up, and not before', async () => {
    const { begun, work } = slow();
    const memory = new QueryMemory<string>(2);
    const [first, second] = [new AbortController(), new AbortController()];
    const one = memory.ask('a', first.signal, work).catch(() => 'gone');
    const two = memory.ask('a', second.signal, work).catch(() => 'gone');
    first.abort();
    // Whoever gives up does not wait with the others.
    expect(await one).toBe('gone');
    expect(begun[0]!.signal.aborted).toBe(false);
    second.abort();
    expect(begun[0]!.signal.aborted).toBe(true);
    expect(await Promise.all([one, two])).toEqual(['gone', 'gone']);
    const again = memory.ask('a', undefined, work);
    begun[1]!.end('answer');
    expect(await again).toBe('answer');
    await expect(memory.ask('a', second.signal, work)).rejects.toMatchObject({ code: 'CANCELLED' });
    // What is there already is not taken away by a signal that fires later.
    const third = new AbortController();
    expect(await memory.ask('a', third.signal, work)).toBe('answer');
    third.abort();
    expect(await memory.ask('a', undefined, work)).toBe('answer');
    expect(begun.length).toBe(2);
  });

  it('is forgotten where it failed, where others were asked since, and on demand', async () => {
    const memory = new QueryMemory<string>(2);
    let times = 0;
    const count = async () => String(++times);
    await expect(memory.ask('a', undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (const key of ['a', 'b', 'a', 'c', 'a']) await memory.ask(key, undefined, count);
    expect(times).toBe(4);
    memory.clear();
    await memory.ask('a', undefined, count);
    expect(times).toBe(5);
  });
});
