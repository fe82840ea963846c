import { openDenseEncoder } from '@rank-rank/models';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';
import { cranfield } from './encoding.ts';
import { type Cost, rounded, timed } from './in-turn.ts';

const block = 20;

/** What one query takes beyond the session's own time: tokenising, the way to the worker and back, pooling. */
export async function oneQuery(context: Context, { miniLm }: Artefacts, precision: 'fp32' | 'int8', rounds: number): Promise<void> {
  const [query] = cranfield(context.data).queries as [string];
  const encoder = await openDenseEncoder(miniLm, { precision, threads: 1 });
  const session = await InferenceSession.create(encoder.graph, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
  const ids = BigInt64Array.from(encoder.tokenizer.encode(query).ids, BigInt);
  const tensor = (data: BigInt64Array): Tensor => new Tensor('int64', data, [1, ids.length]);
  const bare = (): Promise<unknown> =>
    session.run({
      input_ids: tensor(ids),
      attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    });
  const whole = (): Promise<unknown> => encoder.encode([query], 'query');
  for (let i = 0; i < 20; i++) await Promise.all([whole(), bare()]);
  const costs: [Cost[], Cost[]] = [[], []];
  // In turn, a few at a time: a call right after one of another session finds the caches full of that one's weights, which no user's query does.
  for (let i = 0; i < rounds / block; i++) {
    for (const [at, job] of [whole, bare].entries()) {
      await job();
      for (let j = 0; j < block; j++) costs[at as 0 | 1].push(await timed(job));
    }
  }
  // Slices that the system gives to others are as long as a query: the lower quartile is what the work itself takes.
  for (const [i, peer] of ['rank-rank', 'the bare session'].entries()) {
    const all = costs[i as 0 | 1].map(({ ms }) => ms);
    const cpu = costs[i as 0 | 1].map((cost) => cost.cpu);
    context.say({
      task: 'encode',
      case: `${precision} 1 query`,
      metric: 'ms, lower quartile',
      peer,
      value: quantile(all, 0.25),
      spread: [quantile(all, 0.05), quantile(all, 0.5)],
      quality: { 'cpu ms': rounded(quantile(cpu, 0.5)) },
    });
  }
  await session.release();
  await encoder.close();
}
