import { isRankError, type Matrix, Random } from '@rank-rank/core';
import { describeWithData, folderWithOwnCache } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { type ModelDenseEncoder, openDenseEncoder } from '../encode/dense-encoder.ts';

folderWithOwnCache('threads');

const words = ['wing', 'shock', 'flow', 'plate', 'heat', 'laminar', 'drag', 'supersonic', 'a', 'the'];

describeWithData('Sessions in threads', 'models/tiny/distilbert-dense-mean', (folder) => {
  // Queries go through shared memory and batches as messages; both at once, given up and closed over, must neither be mixed up nor lost.
  it('give every caller what a session without a thread gives, whatever others ask, give up or close', async () => {
    const random = new Random(11);
    const texts = Array.from({ length: 200 }, () =>
      Array.from({ length: 1 + random.integer(60) }, () => words[random.integer(words.length)]!).join(' '),
    );
    const alone = await openDenseEncoder(folder, { isolation: 'none', threads: 1 });
    const expected = await alone.encode(texts, 'document');
    await alone.close();
    for (let round = 0; round < 6; round++) {
      const encoder = await openDenseEncoder(folder, { threads: 1, sessions: 1 + (round % 2) });
      const ends = { answered: 0, CANCELLED: 0, CLOSED: 0 };
      const callers = Array.from({ length: 4 }, () => caller(encoder, texts, expected, random, 60, ends));
      if (round % 3 === 2) {
        while (ends.answered < 40) await new Promise((resolve) => setImmediate(resolve));
        await encoder.close();
      }
      await Promise.all(callers);
      await encoder.close();
      expect(ends.answered + ends.CANCELLED + ends.CLOSED).toBe(240);
      expect(ends.answered).toBeGreaterThanOrEqual(40);
      expect(ends.CLOSED > 0).toBe(round % 3 === 2);
    }
  });
});

/** Asks for one text or for many, and gives up now and then. */
async function caller(
  encoder: ModelDenseEncoder,
  texts: readonly string[],
  expected: Matrix,
  random: Random,
  calls: number,
  ends: Record<'answered' | 'CANCELLED' | 'CLOSED', number>,
): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const count = random.next() < 0.6 ? 1 : 1 + random.integer(60);
    const from = random.integer(texts.length - count + 1);
    const controller = new AbortController();
    if (random.next() < 0.2) setTimeout(() => controller.abort(), random.integer(4));
    try {
      const { data, dim } = await encoder.encode(texts.slice(from, from + count), 'document', { signal: controller.signal });
      // A text's place in a batch, and so its padding, may move the last digits.
      const furthest = data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[from * dim + i]!)), 0);
      expect(furthest).toBeLessThan(1e-4);
      ends.answered++;
    } catch (error) {
      if (!isRankError(error) || (error.code !== 'CANCELLED' && error.code !== 'CLOSED')) throw error;
      ends[error.code]++;
    }
  }
}
