import { describe, expect, it } from 'vitest';
import type { TokenBatch } from './batch.ts';
import { ModelRunner } from './model-runner.ts';
import type { Reduced } from './reduction.ts';
import type { Session } from './session.ts';

/** A session that gives each row the sum of its ids, when told to go on. */
class SlowSession implements Session {
  readonly inputs = [];
  readonly outputs = [];
  readonly batches: TokenBatch[] = [];
  fail: ((batch: TokenBatch) => Error | undefined) | undefined;
  #held: (() => void)[] = [];
  readonly #holds: boolean;

  constructor(holds = false) {
    this.#holds = holds;
  }
  async prepare(): Promise<void> {}
  async close(): Promise<void> {}
  async run(batch: TokenBatch): Promise<readonly Reduced[]> {
    this.batches.push(batch);
    if (this.#holds) await new Promise<void>((resolve) => this.#held.push(resolve));
    const error = this.fail?.(batch);
    if (error) throw error;
    const data = new Float32Array(batch.rows);
    let at = 0;
    batch.lengths.forEach((length, row) => {
      for (let i = 0; i < length; i++) data[row]! += batch.ids[at++]!;
    });
    return [{ data, size: 1 }];
  }
  async step(): Promise<void> {
    this.#held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const row = (length: number, id = 1) => ({ ids: new Int32Array(length).fill(id) });
const tokenizer = { padId: 0, padsLeft: false };
const runner = (session: Session, options: object = {}) =>
  ModelRunner.over([session], { maxBatchTokens: 64, isolation: 'none', ...options }, tokenizer);
const collect = async (model: ModelRunner, rows: { ids: Int32Array }[], options = {}): Promise<number[]> => {
  const results = new Array<number>(rows.length);
  await model.run(rows, [0], (at, [result]) => (results[at] = result!.data[0]!), options);
  return results;
};

describe('Batches', () => {
  it('hold texts alike in length within the budget, and results come back in the order asked', async () => {
    const session = new SlowSession();
    const lengths = [3, 30, 5, 28, 4, 31, 1, 60, 29];
    expect(
      await collect(
        runner(session),
        lengths.map((length) => row(length)),
      ),
    ).toEqual(lengths);
    for (const { width, rows } of session.batches) expect(width * rows).toBeLessThanOrEqual(64);
    for (const { width, lengths: found } of session.batches) expect(Math.min(...found)).toBeGreaterThanOrEqual(0.7 * width);
    expect(session.batches.map(({ width }) => width)).toEqual([60, 31, 29, 5, 3, 1]);
  });

  it('a text longer than the budget goes alone', async () => {
    const session = new SlowSession();
    await collect(runner(session), [row(200), row(200)]);
    expect(session.batches.map(({ rows }) => rows)).toEqual([1, 1]);
  });

  it('take in texts of other calls that wait and are alike', async () => {
    const session = new SlowSession(true);
    const model = runner(session);
    const calls = [collect(model, [row(9)]), collect(model, [row(10)]), collect(model, [row(9)]), collect(model, [row(40)])];
    for (let i = 0; i < 6; i++) await session.step();
    expect(await Promise.all(calls)).toEqual([[9], [10], [9], [40]]);
    expect(session.batches.map(({ rows }) => rows)).toEqual([1, 2, 1]);
  });
});

describe('Calls', () => {
  it('are served in turn: one query does not wait for all documents before it', async () => {
    const session = new SlowSession(true);
    const model = runner(session);
    const documents = collect(
      model,
      Array.from({ length: 10 }, () => row(60)),
    );
    const query = collect(model, [row(5)]);
    await session.step();
    await session.step();
    await session.step();
    expect(session.batches.slice(0, 3).map(({ width }) => width)).toContain(5);
    for (let i = 0; i < 12; i++) await session.step();
    expect(await query).toEqual([5]);
    expect(await documents).toHaveLength(10);
  });

  it('end at once when their signal fires, and nothing of them is run any more', async () => {
    const session = new SlowSession(true);
    const model = runner(session);
    const stop = new AbortController();
    const call = collect(
      model,
      Array.from({ length: 5 }, () => row(60)),
      { signal: stop.signal },
    );
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    for (let i = 0; i < 6; i++) await session.step();
    expect(session.batches).toHaveLength(1);
    expect(model.statistics.waiting).toBe(0);
    await expect(collect(model, [row(1)], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('are refused when too much waits', async () => {
    const session = new SlowSession(true);
    const model = runner(session, { maxWaiting: 3 });
    const first = collect(model, [row(60), row(60), row(60)]);
    await expect(collect(model, [row(1), row(1)])).rejects.toMatchObject({ code: 'OVERLOADED' });
    for (let i = 0; i < 4; i++) await session.step();
    expect(await first).toHaveLength(3);
  });

  it('that failed in company are run alone: nobody pays for the text of another', async () => {
    const session = new SlowSession(true);
    session.fail = ({ ids }) => (ids.includes(13) ? Object.assign(new Error('bad'), { code: 'MODEL', details: { row: 0 } }) : undefined);
    const model = runner(session);
    const calls = [collect(model, [row(60)]), collect(model, [row(9, 13)]), collect(model, [row(9)])];
    const settled = Promise.allSettled(calls);
    for (let i = 0; i < 8; i++) await session.step();
    const [, bad, good] = await settled;
    expect(bad!.status).toBe('rejected');
    expect(good).toMatchObject({ status: 'fulfilled', value: [9] });
  });

  it('an error about one text says which of the call it is', async () => {
    const session = new SlowSession();
    session.fail = ({ lengths }) =>
      lengths.includes(33) ? Object.assign(new Error('NaN'), { code: 'MODEL', details: { row: 0 } }) : undefined;
    await expect(collect(runner(session), [row(2), row(33), row(60)])).rejects.toMatchObject({ details: { row: 1 } });
  });

  it('after close are refused, and those that wait too', async () => {
    const session = new SlowSession(true);
    const model = runner(session);
    const waiting = collect(model, [row(60), row(60)]);
    const closing = model.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    await expect(collect(model, [row(1)])).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('several sessions share the work', async () => {
    const sessions = [new SlowSession(), new SlowSession()];
    const model = ModelRunner.over(sessions, { maxBatchTokens: 64, isolation: 'none' }, tokenizer);
    await collect(
      model,
      Array.from({ length: 8 }, () => row(60)),
    );
    expect(sessions.map(({ batches }) => batches.length).sort()).toEqual([4, 4]);
    expect(model.statistics).toMatchObject({ texts: 8, tokens: 480, padding: 0, batches: 8, waiting: 0 });
  });
});
