import { RankError } from '@rank-rank/core';
import type { Aggregate, Measure, Score } from '../measure.ts';
import { averagePrecision } from '../measures/average-precision.ts';
import { bpref } from '../measures/bpref.ts';
import { type Gain, linearGain, ndcg } from '../measures/dcg.ts';
import { binaryG, gainDcg, gainIdealDcg, gainNdcg, ndcgAtLevels, ndcgAtRelevant, normalisedG } from '../measures/gain-measures.ts';
import { inferredAveragePrecision } from '../measures/inferred-average-precision.ts';
import { interpolatedPrecision, type RecallRounding, rounded, standardRecalls } from '../measures/interpolated-precision.ts';
import { unjudged } from '../measures/judged.ts';
import { precision } from '../measures/precision.ts';
import { rPrecision, rPrecisionMultiple } from '../measures/r-precision.ts';
import { rankBiasedPrecision, rankBiasedResidual, scaledGain } from '../measures/rank-biased-precision.ts';
import { recall } from '../measures/recall.ts';
import { reciprocalRank } from '../measures/reciprocal-rank.ts';
import { relativePrecision } from '../measures/relative-precision.ts';
import { setAveragePrecision, setF, setPrecision, setRecall, setRelativePrecision } from '../measures/sets.ts';
import { utility } from '../measures/utility.ts';
import { yaap } from '../measures/yaap.ts';

/** What trec_eval's own options set for all measures. */
export interface TrecSettings {
  /** The least grade of a relevant document (`-l`). */
  readonly level: number;
  /** Documents in the collection (`-N`). */
  readonly collection: number;
  /** How shares of recall become numbers of documents; it changed with version 10. */
  readonly rounding: RecallRounding;
}

const defaults: TrecSettings = { level: 1, collection: 0, rounding: rounded };

/** One value that trec_eval prints. */
export interface TrecValue {
  readonly name: string;
  readonly score: Score;
}

/**
 * A measure of trec_eval: its name, how its parameters are written, and what it computes with them. `P.5,10` and `P_5` are two
 * ways of writing parameters; without any, the defaults are taken.
 */
export interface TrecMeasure {
  readonly name: string;
  readonly aggregate?: Aggregate | 'geometric-only';
  /** Whether values are whole numbers and printed as such. */
  readonly whole?: boolean;
  /** The values it has, in trec_eval's order; `text` is what stands behind the dot. */
  values(text: string | undefined, settings: TrecSettings): TrecValue[];
}

const depths = [5, 10, 15, 20, 30, 100, 200, 500, 1000];
const multiples = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2];

/** A measure with one value and no parameters. */
function single(name: string, score: (settings: TrecSettings) => Score, more: Partial<TrecMeasure> = {}): TrecMeasure {
  return {
    name,
    ...more,
    values(text, settings) {
      if (text !== undefined) throw malformed(name, text, 'no parameters');
      return [{ name, score: score(settings) }];
    },
  };
}

/** A measure at cut-offs: ranks (whole numbers), or shares. */
function atCutoffs(
  name: string,
  whole: boolean,
  usual: readonly number[],
  score: (at: number, settings: TrecSettings) => Score,
): TrecMeasure {
  return {
    name,
    values(text, settings) {
      const cutoffs = text === undefined ? [...usual] : numbersOf(name, text).map((value) => (whole ? Math.trunc(value) : value));
      cutoffs.sort((a, b) => a - b);
      if (whole && cutoffs[0]! <= 0) throw malformed(name, text ?? '', 'cut-offs above 0');
      if (new Set(cutoffs).size < cutoffs.length) throw malformed(name, text ?? '', 'different cut-offs');
      return cutoffs.map((at) => ({ name: `${name}_${whole ? at : at.toFixed(2)}`, score: score(at, settings) }));
    },
  };
}

/** A measure with one value whose parameters, if any, become part of its name. */
function withNumbers(
  name: string,
  usual: readonly number[],
  score: (values: readonly number[], settings: TrecSettings) => Score,
  count?: number,
): TrecMeasure {
  return {
    name,
    values(text, settings) {
      const values = text === undefined ? usual : numbersOf(name, text);
      if (count !== undefined && values.length !== count) throw malformed(name, text ?? '', `${count} numbers`);
      return [{ name: text === undefined ? name : `${name}_${text}`, score: score(values, settings) }];
    },
  };
}

/** A measure that takes `level=gain` pairs, or `p=…`. */
function withPairs(name: string, score: (pairs: ReadonlyMap<string, number>, settings: TrecSettings) => Score): TrecMeasure {
  return {
    name,
    values(text, settings) {
      return [{ name: text === undefined ? name : `${name}_${text}`, score: score(pairsOf(name, text), settings) }];
    },
  };
}

function numbersOf(name: string, text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isFinite(value)) throw malformed(name, text, 'numbers, separated by commas');
    return value;
  });
}

function pairsOf(name: string, text: string | undefined): ReadonlyMap<string, number> {
  const pairs = new Map<string, number>();
  for (const part of text === undefined ? [] : text.split(',')) {
    const [key, value, ...rest] = part.split('=');
    if (!key || value === undefined || value.trim() === '' || rest.length > 0 || !Number.isFinite(Number(value)))
      throw malformed(name, text!, 'pairs like 1=3.5,2=9');
    pairs.set(key, Number(value));
  }
  return pairs;
}

function malformed(name: string, text: string, expected: string): RankError {
  return new RankError('INVALID_ARGUMENT', `${name} has parameters ${JSON.stringify(text)}; expected ${expected}.`, {
    measure: name,
    parameters: text,
  });
}

/** Gains that some levels were given; the others are worth themselves. */
function gainOf(pairs: ReadonlyMap<string, number>): Gain {
  const levels = new Map([...pairs].filter(([key]) => /^[+-]?\d+$/.test(key)).map(([key, value]) => [Number(key), value]));
  return levels.size === 0 ? linearGain : (grade) => levels.get(grade) ?? grade;
}

function gained(name: string, score: (gain: Gain, settings: TrecSettings) => Score): TrecMeasure {
  return withPairs(name, (pairs, settings) => score(gainOf(pairs), settings));
}

/** Every measure of trec_eval 10 over plain judgements, in the order in which it computes and prints them. */
export const trecMeasures: readonly TrecMeasure[] = [
  single('num_q', () => () => 1, { aggregate: 'sum', whole: true }),
  single('num_ret', () => (ranking) => ranking.retrieved, { aggregate: 'sum', whole: true }),
  single(
    'num_rel',
    ({ level }) =>
      (ranking) =>
        ranking.relevant(level).total,
    { aggregate: 'sum', whole: true },
  ),
  single(
    'num_rel_ret',
    ({ level }) =>
      (ranking) =>
        ranking.relevant(level).places.length,
    { aggregate: 'sum', whole: true },
  ),
  single(
    'map',
    ({ level }) =>
      (ranking) =>
        averagePrecision(ranking, level),
  ),
  single(
    'gm_map',
    ({ level }) =>
      (ranking) =>
        averagePrecision(ranking, level),
    { aggregate: 'geometric-only' },
  ),
  single(
    'Rprec',
    ({ level }) =>
      (ranking) =>
        rPrecision(ranking, level),
  ),
  single(
    'bpref',
    ({ level }) =>
      (ranking) =>
        bpref(ranking, level),
  ),
  single(
    'recip_rank',
    ({ level }) =>
      (ranking) =>
        reciprocalRank(ranking, level),
  ),
  atCutoffs(
    'iprec_at_recall',
    false,
    standardRecalls,
    (at, { level, rounding }) =>
      (ranking) =>
        interpolatedPrecision(ranking, level, at, rounding),
  ),
  atCutoffs(
    'P',
    true,
    depths,
    (at, { level }) =>
      (ranking) =>
        precision(ranking, level, at),
  ),
  atCutoffs(
    'recall',
    true,
    depths,
    (at, { level }) =>
      (ranking) =>
        recall(ranking, level, at),
  ),
  single(
    'infAP',
    ({ level }) =>
      (ranking) =>
        inferredAveragePrecision(ranking, level),
  ),
  single(
    'gm_bpref',
    ({ level }) =>
      (ranking) =>
        bpref(ranking, level),
    { aggregate: 'geometric-only' },
  ),
  atCutoffs(
    'Rprec_mult',
    false,
    multiples,
    (at, { level }) =>
      (ranking) =>
        rPrecisionMultiple(ranking, level, at),
  ),
  withNumbers(
    'utility',
    [1, -1, 0, 0],
    (weights, { level, collection }) =>
      (ranking) =>
        utility(ranking, level, weights, collection),
    4,
  ),
  withNumbers('11pt_avg', standardRecalls, (recalls, { level, rounding }) => (ranking) => {
    let sum = 0;
    for (const at of recalls) sum += interpolatedPrecision(ranking, level, at, rounding);
    return sum / recalls.length;
  }),
  single(
    'binG',
    ({ level }) =>
      (ranking) =>
        binaryG(ranking, level),
  ),
  gained('G', (gain) => (ranking) => normalisedG(ranking, gain)),
  gained('dcg', (gain) => (ranking) => gainDcg(ranking, gain)),
  gained('ideal_dcg', (gain) => (ranking) => gainIdealDcg(ranking, gain)),
  gained('ndcg', (gain) => (ranking) => gainNdcg(ranking, gain)),
  gained('ndcg_rel', (gain) => (ranking) => ndcgAtRelevant(ranking, gain)),
  gained(
    'Rndcg',
    (gain, { level }) =>
      (ranking) =>
        ndcgAtLevels(ranking, gain, level),
  ),
  atCutoffs('ndcg_cut', true, depths, (at) => (ranking) => ndcg(ranking, at, linearGain)),
  atCutoffs(
    'map_cut',
    true,
    depths,
    (at, { level }) =>
      (ranking) =>
        averagePrecision(ranking, level, at),
  ),
  atCutoffs(
    'relative_P',
    true,
    depths,
    (at, { level }) =>
      (ranking) =>
        relativePrecision(ranking, level, at),
  ),
  atCutoffs(
    'success',
    true,
    [1, 5, 10],
    (at, { level }) =>
      (ranking) =>
        ranking.relevantWithin(level, at) > 0 ? 1 : 0,
  ),
  single(
    'set_P',
    ({ level }) =>
      (ranking) =>
        setPrecision(ranking, level),
  ),
  single(
    'set_relative_P',
    ({ level }) =>
      (ranking) =>
        setRelativePrecision(ranking, level),
  ),
  single(
    'set_recall',
    ({ level }) =>
      (ranking) =>
        setRecall(ranking, level),
  ),
  single(
    'set_map',
    ({ level }) =>
      (ranking) =>
        setAveragePrecision(ranking, level),
  ),
  withNumbers(
    'set_F',
    [1],
    ([x], { level }) =>
      (ranking) =>
        setF(ranking, level, x!),
  ),
  single(
    'num_nonrel_judged_ret',
    ({ level }) =>
      (ranking) => {
        let count = 0;
        for (const grade of ranking.grades) if (grade >= 0 && grade < level) count++;
        return count;
      },
    { aggregate: 'sum', whole: true },
  ),
  single(
    'yaap',
    ({ level }) =>
      (ranking) =>
        yaap(ranking, level),
  ),
  withPairs('rbp', (pairs) => (ranking) => rankBiasedPrecision(ranking, pairs.get('p') ?? 0.9, scaledGain(ranking, gainOf(pairs)))),
  withPairs('rbp_resid', (pairs) => (ranking) => rankBiasedResidual(ranking, pairs.get('p') ?? 0.9)),
  atCutoffs('unj', true, [5, 10, 20], (at) => (ranking) => unjudged(ranking, at)),
];

const byName: ReadonlyMap<string, TrecMeasure> = new Map(trecMeasures.map((measure) => [measure.name, measure]));

/** Names for groups of measures. */
export const trecNicknames: Readonly<Record<string, readonly string[]>> = {
  official: ['num_q', 'num_ret', 'num_rel', 'num_rel_ret', 'map', 'gm_map', 'Rprec', 'bpref', 'recip_rank', 'iprec_at_recall', 'P'],
  set: ['num_q', 'num_ret', 'num_rel', 'num_rel_ret', 'utility', 'set_P', 'set_recall', 'set_relative_P', 'set_map', 'set_F'],
  all_trec: trecMeasures.map(({ name }) => name).filter((name) => !['dcg', 'ideal_dcg', 'yaap'].includes(name)),
};

/** Everything that may stand for measures of trec_eval. */
export const trecNames: readonly string[] = [...byName.keys(), ...Object.keys(trecNicknames)];

/** A name of trec_eval taken apart: `P.5,10`, `P_5`, `map`, `official`; undefined where no measure of trec_eval is meant. */
export function splitTrecName(text: string): { measure: TrecMeasure; parameters: string | undefined }[] | undefined {
  const nickname = Object.hasOwn(trecNicknames, text) ? trecNicknames[text] : undefined;
  if (nickname !== undefined) return nickname.map((name) => ({ measure: byName.get(name)!, parameters: undefined }));
  const whole = byName.get(text);
  if (whole !== undefined) return [{ measure: whole, parameters: undefined }];
  const dot = text.indexOf('.');
  if (dot > 0) {
    const measure = byName.get(text.slice(0, dot));
    if (measure !== undefined) return [{ measure, parameters: text.slice(dot + 1) }];
  }
  // Behind an underscore only numbers and pairs are parameters: names have underscores themselves.
  const parts = /^(.+?)_([\d.,+-]+|[\d.a-z=,+-]*=[\d.a-z=,+-]*)$/.exec(text);
  const measure = parts === null ? undefined : byName.get(parts[1]!);
  return measure === undefined ? undefined : [{ measure, parameters: parts![2]! }];
}

/** The measures that a name of trec_eval stands for, or undefined where it is none of its names. */
export function parseTrecName(text: string, settings: TrecSettings = defaults): Measure[] | undefined {
  return splitTrecName(text)?.flatMap(({ measure, parameters }) => {
    const aggregate = measure.aggregate === 'geometric-only' ? 'geometric' : (measure.aggregate ?? 'mean');
    return measure.values(parameters, settings).map(({ name, score }) => ({ name, label: name, aggregate, score }));
  });
}
