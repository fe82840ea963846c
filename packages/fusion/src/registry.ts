import { RankError, shown, unknownName } from '@rank-rank/core';
import type { FusionMethod } from './method.ts';
import { type additiveMultiTask, additiveMultiTaskMethod } from './methods/additive-multi-task.ts';
import { type bayesfuse, bayesfuseMethod } from './methods/bayesfuse.ts';
import { type borda, bordaMethod } from './methods/borda.ts';
import { type combanz, combanzMethod } from './methods/combanz.ts';
import { type combmax, combmaxMethod } from './methods/combmax.ts';
import { type combmed, combmedMethod } from './methods/combmed.ts';
import { type combmin, combminMethod } from './methods/combmin.ts';
import { type combmnz, combmnzMethod } from './methods/combmnz.ts';
import { type combsum, combsumMethod } from './methods/combsum.ts';
import { type condorcet, condorcetMethod } from './methods/condorcet.ts';
import { type copeland, copelandMethod } from './methods/copeland.ts';
import { type dbsf, dbsfMethod } from './methods/dbsf.ts';
import { type gmnz, gmnzMethod } from './methods/gmnz.ts';
import { type inverseSquareRoot, inverseSquareRootMethod } from './methods/inverse-square-root.ts';
import { type isr, isrMethod } from './methods/isr.ts';
import { type logIsr, logIsrMethod } from './methods/log-isr.ts';
import { type lognIsr, lognIsrMethod } from './methods/logn-isr.ts';
import { type mapfuse, mapfuseMethod } from './methods/mapfuse.ts';
import { type medianRank, medianRankMethod } from './methods/median-rank.ts';
import { type mixed, mixedMethod } from './methods/mixed.ts';
import { type posfuse, posfuseMethod } from './methods/posfuse.ts';
import { type probfuse, probfuseMethod } from './methods/probfuse.ts';
import { type rbc, rbcMethod } from './methods/rbc.ts';
import { type rrf, rrfMethod } from './methods/rrf.ts';
import { type segfuse, segfuseMethod } from './methods/segfuse.ts';
import { type slidefuse, slidefuseMethod } from './methods/slidefuse.ts';
import { type standardized, standardizedMethod } from './methods/standardized.ts';
import { type weightedBorda, weightedBordaMethod } from './methods/weighted-borda.ts';
import { type weightedCondorcet, weightedCondorcetMethod } from './methods/weighted-condorcet.ts';
import { type weightedRrf, weightedRrfMethod } from './methods/weighted-rrf.ts';
import { type weightedSum, weightedSumMethod } from './methods/weighted-sum.ts';
import { type wmnz, wmnzMethod } from './methods/wmnz.ts';

/** Method name → the function that fuses the rankings of one query with it. */
interface FusionFunctions {
  readonly rrf: typeof rrf;
  readonly 'weighted-rrf': typeof weightedRrf;
  readonly isr: typeof isr;
  readonly 'log-isr': typeof logIsr;
  readonly 'logn-isr': typeof lognIsr;
  readonly 'inverse-square-root': typeof inverseSquareRoot;
  readonly rbc: typeof rbc;
  readonly borda: typeof borda;
  readonly 'weighted-borda': typeof weightedBorda;
  readonly condorcet: typeof condorcet;
  readonly 'weighted-condorcet': typeof weightedCondorcet;
  readonly copeland: typeof copeland;
  readonly 'median-rank': typeof medianRank;
  readonly combsum: typeof combsum;
  readonly combmnz: typeof combmnz;
  readonly combmax: typeof combmax;
  readonly combmin: typeof combmin;
  readonly combmed: typeof combmed;
  readonly combanz: typeof combanz;
  readonly gmnz: typeof gmnz;
  readonly 'weighted-sum': typeof weightedSum;
  readonly mixed: typeof mixed;
  readonly wmnz: typeof wmnz;
  readonly dbsf: typeof dbsf;
  readonly standardized: typeof standardized;
  readonly 'additive-multi-task': typeof additiveMultiTask;
  readonly posfuse: typeof posfuse;
  readonly probfuse: typeof probfuse;
  readonly segfuse: typeof segfuse;
  readonly slidefuse: typeof slidefuse;
  readonly mapfuse: typeof mapfuse;
  readonly bayesfuse: typeof bayesfuse;
}

/** The names of the methods, as they are written here. */
export type FusionMethodName = keyof FusionFunctions;

type OptionsOf<Name extends FusionMethodName> = NonNullable<Parameters<FusionFunctions[Name]>[1]>;

/** A method and its options. */
export type MethodOptions =
  | {
      [Name in FusionMethodName]: OptionsOf<Name> & { readonly method: Name };
    }[FusionMethodName]
  | (OptionsOf<'rrf'> & { readonly method?: undefined });

/** Every method, each with its formula, parameters and other names. */
export const fusionMethods: readonly FusionMethod[] = [
  rrfMethod,
  weightedRrfMethod,
  isrMethod,
  logIsrMethod,
  lognIsrMethod,
  inverseSquareRootMethod,
  rbcMethod,
  bordaMethod,
  weightedBordaMethod,
  condorcetMethod,
  weightedCondorcetMethod,
  copelandMethod,
  medianRankMethod,
  combsumMethod,
  combmnzMethod,
  combmaxMethod,
  combminMethod,
  combmedMethod,
  combanzMethod,
  gmnzMethod,
  weightedSumMethod,
  mixedMethod,
  wmnzMethod,
  dbsfMethod,
  standardizedMethod,
  additiveMultiTaskMethod,
  posfuseMethod,
  probfuseMethod,
  segfuseMethod,
  slidefuseMethod,
  mapfuseMethod,
  bayesfuseMethod,
];

/** Names are compared without case and punctuation, so that `log_isr`, `Log-ISR` and `logISR` are one. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

const byBareName: ReadonlyMap<string, FusionMethod> = new Map(
  // Canonical names last: they win over another method's alias.
  [
    ...fusionMethods.flatMap((method) => method.aliases.map((alias) => [alias, method] as const)),
    ...fusionMethods.map((method) => [method.name, method] as const),
  ].map(([name, method]) => [bare(name), method]),
);

/**
 * The method of a name; the names of ranx (`mnz`, `w_bordafuse`, `wsum`) and of rank-fusion are known too.
 *
 * @example findMethod('bordafuse').name // 'borda'
 */
export function findMethod(name: string): FusionMethod {
  return toMethod(name, 'method');
}

export function toMethod(method: unknown, where: string): FusionMethod {
  if (typeof method === 'string') {
    const found = byBareName.get(bare(method));
    if (found === undefined) {
      throw unknownName(where, method, [...fusionMethods.map(({ name }) => name), ...fusionMethods.flatMap(({ aliases }) => aliases)]);
    }
    return found;
  }
  if (typeof method === 'object' && method !== null && typeof (method as FusionMethod).combine === 'function')
    return method as FusionMethod;
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(method)}; expected the name of a method, such as "rrf".`);
}
