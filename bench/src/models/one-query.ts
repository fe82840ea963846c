import { availableParallelism } from 'node:os';
import { openDenseEncoder } from '@rank-rank/models';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';
import { cranfield } from './encoding.ts';

/** Calls before anything is measured: until then V8 still compiles what runs. */
const warmUp = 500;
const block = 20;

/**
 * What one query takes beyond the session's own time: tokenising, the way to the worker and back, pooling. On one core, where the process is pinned to
 * it, the two take turns; on several the worker's core has slept while the caller worked, which costs the session itself more. Without a worker
 * (`isolation: 'none'`) there is no way to go, and the event loop waits for the model.
 */
export async function oneQuery(
  context: Context,
  { miniLm }: Artefacts,
  precision: 'fp32' | 'int8',
  isolation: 'thread' | 'none',
  blocks: number,
): Promise<void> {
  const [query] = cranfield(context.data).queries as [string];
  const encoder = await openDenseEncoder(miniLm, { precision, threads: 1, isolation });
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
  for (let i = 0; i < warmUp; i++) await whole();
  for (let i = 0; i < warmUp / 10; i++) await bare();
  // In turn, a few at a time: a call right after one of another session finds the caches full of that one's weights, which no user's query does.
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < blocks; i++) {
    ours.push(await medianOf(whole));
    theirs.push(await medianOf(bare));
  }
  const cores = availableParallelism();
  const say = (peer: string, metric: string, values: readonly number[]): void =>
    context.say({
      task: 'encode',
      case: `${precision} 1 query${isolation === 'none' ? ' without a worker' : ''}, ${cores === 1 ? 'one core' : `${cores} cores`}`,
      metric,
      peer,
      value: quantile(values, 0.5),
      spread: [quantile(values, 0.25), quantile(values, 0.75)],
    });
  say('rank-rank', 'ms', ours);
  say('the bare session', 'ms', theirs);
  say(
    'rank-rank',
    'ms over the bare session',
    ours.map((ms, i) => ms - theirs[i]!),
  );
  await session.release();
  await encoder.close();
}

async function medianOf(job: () => Promise<unknown>): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i <= block; i++) {
    const start = performance.now();
    await job();
    if (i > 0) costs.push(performance.now() - start);
  }
  return quantile(costs, 0.5);
}
