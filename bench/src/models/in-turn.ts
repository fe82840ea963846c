import { setTimeout } from 'node:timers/promises';
import { quantile } from '../measure.ts';
import type { Context, Row } from '../question.ts';

/** Milliseconds by the clock, and of the processor, all threads together: others who use the machine lengthen only the first. */
export interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

/** One of those that do the same work. */
export interface Contender {
  readonly peer: string;
  run(): Promise<Cost>;
}

/** Milliseconds between two contenders: threads of the one before spin for a while when their work is done. */
const rest = 200;

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
  const costs = there.map((): Cost[] => []);
  for (const contender of there) await contender.run();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < there.length; i++) {
      await setTimeout(rest);
      costs[i]!.push(await there[i]!.run());
    }
  }
  there.forEach(({ peer }, i) => {
    const all = costs[i]!.map(({ ms }) => ms / per);
    const cpu = quantile(
      costs[i]!.map((cost) => cost.cpu / per),
      0.5,
    );
    context.say({
      ...row,
      peer,
      value: quantile(all, 0.5),
      spread: [Math.min(...all), Math.max(...all)],
      quality: { 'cpu ms': rounded(cpu) },
    });
  });
}

/** Times work of our own. */
export async function timed(work: () => Promise<unknown>): Promise<Cost> {
  const start = performance.now();
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - start, cpu: (user + system) / 1000 };
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
