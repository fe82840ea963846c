import type { FusionDiagnosis, RunDiagnosis, RunPair } from './diagnose.ts';

/** Advice on fusing, and the reasons for it. */
export interface FusionVerdict {
  /** `fuse`: it is likely to help. `tune`: it may help with tuned weights. `skip`: use the best run alone. */
  readonly advice: 'fuse' | 'tune' | 'skip';
  /** The advice and its reasons as sentences. */
  readonly text: string;
  readonly reasons: readonly string[];
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/**
 * What was measured decides before what is merely likely: the fused run's value, then how many relevant documents only one run
 * finds, then how far rankings differ.
 */
export function verdictOf(runs: readonly RunDiagnosis[], pairs: readonly RunPair[], fused: FusionDiagnosis['fused']): FusionVerdict {
  const { advice, reasons } = fused === undefined ? byPairs(pairs) : byValue(runs, pairs, fused);
  for (const { run, tied } of runs) {
    if (tied > 0.5)
      reasons.push(`${percent(tied)} of the hits of ${run} share their score with another, so that much of its order is arbitrary.`);
  }
  for (const { run, missingQueries } of runs) {
    if (missingQueries > 0) reasons.push(`${run} does not answer ${missingQueries} of the queries; there the others decide alone.`);
  }
  const opening = {
    fuse: 'Fusing is worth it.',
    tune: 'Fuse with tuned weights, and check on held-out queries.',
    skip: 'Fusing is not worth it.',
  }[advice];
  return { advice, reasons, text: [opening, ...reasons].join(' ') };
}

interface Finding {
  readonly advice: FusionVerdict['advice'];
  readonly reasons: string[];
}

function byValue(runs: readonly RunDiagnosis[], pairs: readonly RunPair[], fused: NonNullable<FusionDiagnosis['fused']>): Finding {
  const best = runs.reduce((a, b) => (b.value! > a.value! ? b : a));
  const worst = runs.reduce((a, b) => (b.value! < a.value! ? b : a));
  const figures = `Fused: ${fused.value.toFixed(4)}; ${best.run}, the best run: ${best.value!.toFixed(4)}; fused is better on ${fused.better} queries, worse on ${fused.worse}.`;
  const room = `Choosing the best run for each query would give ${fused.oracle.toFixed(4)}.`;
  const different = meanComplementarity(pairs);
  const relevant = Number.isNaN(different)
    ? []
    : [`On average ${percent(different)} of the relevant documents that two runs find are found by one of them only.`];
  if (fused.value > best.value! && fused.better > fused.worse) return { advice: 'fuse', reasons: [figures, ...relevant] };
  const uneven =
    worst.value! < 0.7 * best.value!
      ? [`The runs are uneven: ${worst.run} has ${worst.value!.toFixed(4)}, and pulls the others down when it counts as much.`]
      : [];
  if (fused.value > best.value! || fused.oracle > 1.05 * best.value!)
    return { advice: 'tune', reasons: [figures, room, ...uneven, ...relevant] };
  return { advice: 'skip', reasons: [figures, room, ...uneven, ...relevant] };
}

function byPairs(pairs: readonly RunPair[]): Finding {
  const different = meanComplementarity(pairs);
  if (!Number.isNaN(different)) {
    const reason = `On average ${percent(different)} of the relevant documents that two runs find are found by one of them only`;
    if (different > 0.5) return { advice: 'fuse', reasons: [`${reason}: the runs complement one another.`] };
    if (different > 0.2) return { advice: 'tune', reasons: [`${reason}: there is something to gain.`] };
    return { advice: 'skip', reasons: [`${reason}: the runs find the same.`] };
  }
  const shared = pairs.reduce((sum, { jaccard }) => sum + jaccard, 0) / pairs.length;
  const taus = pairs.map(({ kendallTau }) => kendallTau).filter((tau) => !Number.isNaN(tau));
  const tau = taus.reduce((sum, value) => sum + value, 0) / taus.length;
  const likely = 'Without judgements this is only likely.';
  const facts = `Two runs share ${percent(shared)} of their documents${taus.length === 0 ? '' : `, and order the shared ones with a τ-b of ${tau.toFixed(2)}`}`;
  if (shared < 0.1) return { advice: 'fuse', reasons: [`${facts}: they see different documents.`, likely] };
  if (tau > 0.8 && shared > 0.8) return { advice: 'skip', reasons: [`${facts}: they agree already.`, likely] };
  if (Math.abs(tau) < 0.3) return { advice: 'fuse', reasons: [`${facts}: they are nearly independent.`, likely] };
  return { advice: 'tune', reasons: [`${facts}: they agree in part.`, likely] };
}

function meanComplementarity(pairs: readonly RunPair[]): number {
  const known = pairs
    .map(({ complementarity }) => complementarity)
    .filter((value): value is number => value !== undefined && !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}
