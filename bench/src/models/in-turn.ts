import { quantile } from '../measure.ts';
import type { Context, Row } from '../question.ts';

/** One of those that do the same work; gives the milliseconds it took. */
export interface Contender {
  readonly peer: string;
  run(): Promise<number>;
}

/**
 * Measures contenders in turn, round after round, so that what slows the machine down slows all of them down; says the median of each, and the
 * lowest and highest.
 */
export async function inTurn(
  context: Context,
  row: Pick<Row, 'task' | 'case' | 'metric'> & { readonly threads?: number },
  contenders: readonly (Contender | undefined)[],
  { rounds, per = 1 }: { rounds: number; per?: number },
): Promise<void> {
  const there = contenders.filter((contender) => contender !== undefined);
  const times = there.map((): number[] => []);
  for (const contender of there) await contender.run();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < there.length; i++) times[i]!.push((await there[i]!.run()) / per);
  }
  there.forEach(({ peer }, i) => {
    const all = times[i]!;
    context.say({ ...row, peer, value: quantile(all, 0.5), spread: [Math.min(...all), Math.max(...all)] });
  });
}

/** Times work of our own. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
