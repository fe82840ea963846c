import type { Random } from '@rank-rank/core';
import { nelderMead, projectToSimplex } from './nelder-mead.ts';
import { simplexLattice } from './simplex-lattice.ts';
import type { PlainParameters } from './trial-evaluator.ts';

/** What is tried. */
export interface Trial {
  readonly parameters: PlainParameters;
  /** The mean of the measure over the queries. */
  readonly value: number;
}

/** What may vary: values for each parameter; and whether weights are among them, which have a lattice instead. */
export interface SearchSpace {
  readonly grid: Readonly<Record<string, readonly unknown[]>>;
  readonly weightParts: number | undefined;
  readonly runCount: number;
}

export type Objective = (parameters: PlainParameters) => Promise<number>;

/** A search: tries parameters, and gives every trial in the order made. The best is the first of the highest value. */
export type Search = (objective: Objective, space: SearchSpace) => Promise<readonly Trial[]>;

/** The first of the trials with the highest value. */
export function bestTrial(trials: readonly Trial[]): Trial {
  return trials.reduce((best, trial) => (trial.value > best.value ? trial : best));
}

/** Every combination of the values. */
export function* gridPoints({ grid, weightParts, runCount }: SearchSpace): Generator<PlainParameters> {
  const names = Object.keys(grid);
  function* combine(at: number, chosen: PlainParameters): Generator<PlainParameters> {
    if (at === names.length) {
      yield chosen;
      return;
    }
    for (const value of grid[names[at]!]!) yield* combine(at + 1, { ...chosen, [names[at]!]: value });
  }
  for (const chosen of combine(0, {})) {
    if (weightParts === undefined) yield chosen;
    else for (const weights of simplexLattice(runCount, weightParts)) yield { ...chosen, weights };
  }
}

export const gridSearch: Search = async (objective, space) => {
  const trials: Trial[] = [];
  for (const parameters of gridPoints(space)) trials.push({ parameters, value: await objective(parameters) });
  return trials;
};

/**
 * One parameter at a time, all its values, the others held; round after round until none gets better. The share of one run's weight is
 * a parameter: the others keep their proportions.
 */
export const coordinateSearch: Search = async (objective, { grid, weightParts, runCount }) => {
  const trials: Trial[] = [];
  const attempt = async (parameters: PlainParameters): Promise<Trial> => {
    const trial = { parameters, value: await objective(parameters) };
    trials.push(trial);
    return trial;
  };
  const equal = new Array<number>(runCount).fill(1 / runCount);
  const middles = Object.entries(grid).map(([name, values]) => [name, values[values.length >> 1]]);
  let best = await attempt({ ...Object.fromEntries(middles), ...(weightParts === undefined ? {} : { weights: equal }) });
  for (let improved = true; improved; ) {
    improved = false;
    const neighbours: PlainParameters[] = [];
    const from = best;
    for (const [name, values] of Object.entries(grid)) {
      for (const value of values) if (value !== best.parameters[name]) neighbours.push({ [name]: value });
    }
    for (let run = 0; weightParts !== undefined && run < runCount; run++) {
      for (let share = 0; share <= weightParts; share++) neighbours.push({ run, share: share / weightParts });
    }
    for (const change of neighbours) {
      const parameters =
        'share' in change ? withShare(best.parameters, change as { run: number; share: number }) : { ...best.parameters, ...change };
      const trial = await attempt(parameters);
      if (trial.value > best.value) best = trial;
    }
    improved = best !== from;
  }
  return trials;
};

/** The parameters with one run's share of the weight set, and the others in proportion. */
function withShare(parameters: PlainParameters, { run, share }: { run: number; share: number }): PlainParameters {
  const weights = parameters['weights'] as readonly number[];
  const others = weights.reduce((sum, weight, i) => (i === run ? sum : sum + weight), 0);
  return {
    ...parameters,
    weights: weights.map((weight, i) => (i === run ? share : (1 - share) * (others === 0 ? 1 / (weights.length - 1) : weight / others))),
  };
}

/** Nelder–Mead over the weights, from equal weights and from `restarts` random ones, once for each combination of the other parameters. */
export function simplexSearch(random: Random, restarts: number, maxEvaluations: number): Search {
  return async (objective, { grid, runCount }) => {
    const trials: Trial[] = [];
    const starts = [new Array<number>(runCount).fill(1 / runCount)];
    for (let i = 0; i < restarts; i++) {
      // Exponential deviates, normalized, are spread evenly over the simplex.
      const drawn = Array.from({ length: runCount }, () => -Math.log(1 - random.next()));
      const sum = drawn.reduce((a, b) => a + b, 0);
      starts.push(drawn.map((x) => x / sum));
    }
    for (const others of gridPoints({ grid, weightParts: undefined, runCount })) {
      for (const start of starts) {
        await nelderMead(
          async (weights) => {
            const parameters = { ...others, weights };
            const value = await objective(parameters);
            trials.push({ parameters, value });
            return value;
          },
          start,
          { step: 0.25, tolerance: 0.005, maxEvaluations, project: projectToSimplex },
        );
      }
    }
    return trials;
  };
}
