import { checkNumber, checkOptions, RankError, type RunInput, shown } from '@rank-rank/core';
import { type CompareOptions, compare, type PairComparison } from './compare.ts';
import { parseMeasure } from './grammar/parse-measure.ts';
import type { JudgementsInput } from './judgements.ts';

/** What must not happen. */
export interface GateRule {
  /** A measure's name. */
  readonly measure: string;
  /** Fails where the value drops by more than this, in the measure's own units. */
  readonly drop?: number;
  /** Fails where the value drops by more than this share of the baseline's. */
  readonly relativeDrop?: number;
  /** A drop counts only where its p-value, over all rules, is below this. Every drop counts by default. */
  readonly p?: number;
  /** Fails where the candidate's value is below this, whatever the baseline's. */
  readonly least?: number;
}

/** One rule and how it went. */
export interface GateCheck {
  readonly rule: GateRule;
  readonly passed: boolean;
  readonly baseline: number;
  readonly candidate: number;
  readonly difference: number;
  readonly pValue: number;
  /** In a sentence. */
  readonly message: string;
}

export interface GateResult {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
}

/**
 * Whether a candidate may replace a baseline: for continuous integration.
 *
 * @example
 * const { passed, checks } = gate(qrels, baseline, candidate, ['nDCG@10 drops by more than 0.01 with p < 0.05', 'R@100 below 0.8']);
 * if (!passed) process.exitCode = 1;
 */
export function gate(
  qrels: JudgementsInput,
  baseline: RunInput,
  candidate: RunInput,
  rules: string | GateRule | readonly (string | GateRule)[],
  options: Omit<CompareOptions, 'baseline' | 'alpha' | 'costs' | 'curves'> = {},
): GateResult {
  const parsed = [rules].flat().map((rule) => (typeof rule === 'string' ? parseGateRule(rule) : checkRule(rule)));
  if (parsed.length === 0)
    throw new RankError('EMPTY_INPUT', 'gate: there are no rules; expected at least one, such as "nDCG@10 drops by more than 0.01".');
  const measures = [...new Set(parsed.map(({ measure }) => measure))];
  const { comparisons } = compare(
    qrels,
    new Map([
      ['baseline', baseline],
      ['candidate', candidate],
    ]),
    measures,
    options,
  );
  const checks = parsed.map((rule) => check(rule, comparisons.find(({ measure }) => measure === rule.measure)!));
  return { passed: checks.every(({ passed }) => passed), checks };
}

/**
 * Reads a rule: `MEASURE drops by more than X [with p < Y]`, X in the measure's units or in percent of the baseline, or
 * `MEASURE below X`.
 *
 * @example parseGateRule('AP drops by more than 2% with p < 0.05') // { measure: 'AP', relativeDrop: 0.02, p: 0.05 }
 */
export function parseGateRule(text: string): GateRule {
  const drop = /^(.+?)\s+drops?(?:\s+by)?(?:\s+more\s+than)?\s+([\d.]+)\s*(%?)(?:\s+with)?(?:\s+p\s*<\s*([\d.]+))?$/i.exec(text.trim());
  if (drop !== null) {
    const [, measure, amount, percent, p] = drop;
    const value = Number(amount);
    return checkRule({
      measure: measure!,
      ...(percent === '%' ? { relativeDrop: value / 100 } : { drop: value }),
      ...(p === undefined ? {} : { p: Number(p) }),
    });
  }
  const below = /^(.+?)\s+(?:is\s+)?below\s+([\d.]+)$/i.exec(text.trim());
  if (below !== null) return checkRule({ measure: below[1]!, least: Number(below[2]) });
  throw new RankError(
    'INVALID_ARGUMENT',
    `gate: read ${shown(text)}; expected "MEASURE drops by more than X with p < Y" or "MEASURE below X".`,
    { rule: text },
  );
}

function checkRule(rule: GateRule): GateRule {
  checkOptions('gate: rule', rule, ['measure', 'drop', 'relativeDrop', 'p', 'least']);
  const { label } = parseMeasure(rule.measure);
  if (rule.drop === undefined && rule.relativeDrop === undefined && rule.least === undefined) {
    throw new RankError('INVALID_ARGUMENT', `gate: the rule for ${label} forbids nothing; expected drop, relativeDrop or least.`, { rule });
  }
  if (rule.drop !== undefined) checkNumber('gate: drop', rule.drop, { min: 0 });
  if (rule.relativeDrop !== undefined) checkNumber('gate: relativeDrop', rule.relativeDrop, { min: 0 });
  if (rule.least !== undefined) checkNumber('gate: least', rule.least);
  if (rule.p !== undefined) checkNumber('gate: p', rule.p, { above: 0, max: 1 });
  return { ...rule, measure: label };
}

function check(rule: GateRule, pair: PairComparison): GateCheck {
  const { measure, drop, relativeDrop, p, least } = rule;
  const { meanA: baseline, meanB: candidate, difference } = pair;
  const pValue = pair.result.pValue;
  const reasons: string[] = [];
  if (least !== undefined && candidate < least) reasons.push(`it is below ${least}`);
  const lost = -difference;
  // What lies within rounding of the limit has not passed it.
  const limit = Math.min(
    drop ?? Number.POSITIVE_INFINITY,
    relativeDrop === undefined ? Number.POSITIVE_INFINITY : relativeDrop * Math.abs(baseline),
  );
  if (lost > limit + 1e-12 && (p === undefined || pValue < p)) {
    reasons.push(
      `it drops by ${lost.toFixed(4)}, more than ${limit.toFixed(4)}${p === undefined ? '' : `, with p = ${pValue.toPrecision(2)} < ${p}`}`,
    );
  }
  const passed = reasons.length === 0;
  const change = `${measure}: ${baseline.toFixed(4)} → ${candidate.toFixed(4)}`;
  return {
    rule,
    passed,
    baseline,
    candidate,
    difference,
    pValue,
    message: passed ? `${change}.` : `${change}: ${reasons.join(', and ')}.`,
  };
}
