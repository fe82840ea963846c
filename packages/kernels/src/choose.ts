import { RankError, unknownName } from '@rank-rank/core';
import type { Kernels } from './contract.ts';
import { createKernels } from './kernels.ts';
import type { Machine } from './plan.ts';

/** What came of opening an implementation: what runs here, or why nothing does. */
export type Opened =
  | { readonly machine: (instructionSet: string) => Machine; readonly instructionSets: readonly string[]; readonly reason: string }
  | { readonly trouble: string };

/** A way to get kernels, best first. */
export interface Attempt {
  readonly backend: Machine['backend'];
  open(): Opened;
}

/** The kernels of that name, or the first that open. Why the better ones did not is part of the description. */
export function choose(attempts: readonly Attempt[], name: string | undefined): Kernels {
  const [backend, instructionSet] = name === undefined || name === '' ? [] : splitName(attempts, name);
  const available: string[] = [];
  const troubles: string[] = [];
  let chosen: { machine: Machine; reason: string } | undefined;
  for (const attempt of attempts) {
    const opened = attempt.open();
    if ('trouble' in opened) {
      troubles.push(opened.trouble);
      if (attempt.backend === backend) throw unavailable(name!, opened.trouble, available);
      continue;
    }
    available.push(...opened.instructionSets.map((set) => `${attempt.backend}:${set}`));
    if (chosen !== undefined || (backend !== undefined && attempt.backend !== backend)) continue;
    const set = instructionSet ?? opened.instructionSets[0]!;
    if (!opened.instructionSets.includes(set)) {
      throw unavailable(name!, `the ${backend} kernels here have ${opened.instructionSets.join(', ')}.`, available);
    }
    chosen = { machine: opened.machine(set), reason: opened.reason };
  }
  if (chosen === undefined) throw unavailable(name ?? 'any', troubles.join(' '), available);
  const asked = backend === undefined ? '' : ` ${name} was asked for.`;
  const { machine, reason } = chosen;
  const why = [reason + asked, ...(backend === undefined ? troubles : [])].join(' ');
  return createKernels(machine, { backend: machine.backend, instructionSet: machine.instructionSet, why, available });
}

function splitName(attempts: readonly Attempt[], name: string): [backend: string, instructionSet: string | undefined] {
  const [backend, instructionSet] = name.split(':', 2) as [string, string | undefined];
  const known = attempts.map((attempt) => attempt.backend);
  if (!known.includes(backend as Machine['backend'])) throw unknownName('The kernels (RANK_KERNELS)', backend, known);
  return [backend, instructionSet];
}

function unavailable(name: string, trouble: string, available: readonly string[]): RankError {
  return new RankError('UNSUPPORTED', `The kernels "${name}" cannot be used here: ${trouble}`, { name, available });
}
