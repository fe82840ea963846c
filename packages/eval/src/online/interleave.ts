import { checkInteger, checkNumber, checkOptions, Random, RankError, type Ranking } from '@rank-rank/core';
import { normalQuantile } from '../statistics/normal.ts';
import { signTestOf } from '../statistics/sign-test.ts';

/** A document of an interleaved list, and whose it is. */
export interface InterleavedHit {
  readonly id: string;
  /** Which ranker put it there, counted from 0. */
  readonly team: number;
}

/** A list made of the rankings of two or more rankers, ready to be shown. */
export interface Interleaving {
  readonly hits: readonly InterleavedHit[];
  /**
   * For each hit, how much of a click on it each ranker is credited with; the shares of a hit add up to 1.
   * Team draft gives a click to one ranker; probabilistic interleaving shares it out.
   */
  readonly credits: readonly (readonly number[])[];
}

export interface InterleaveOptions {
  /** How many documents are shown; 10 by default. */
  readonly k?: number;
  /** Where coins come from: a `Random` of one's own for a series of impressions, or a seed. */
  readonly random?: Random;
  readonly seed?: number;
}

/**
 * Team-draft interleaving, for two rankers or more: in each round rankers pick, in random order, their best document that is not in
 * the list yet; a click is credited to the ranker that picked the document.
 *
 * Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?", CIKM 2008; for more than two, Schuth et
 * al., "Multileaved comparisons for fast online evaluation", CIKM 2014.
 *
 * @example
 * const shown = teamDraft([rankingA, rankingB], { k: 10, random });
 * const [a, b] = credit(shown, [2]); // a click on the third document
 */
export function teamDraft(rankings: readonly Ranking[], options: InterleaveOptions = {}): Interleaving {
  const { k, random } = checked('teamDraft', rankings, options, []);
  const used = new Set<string>();
  const next = rankings.map(() => 0);
  const hits: InterleavedHit[] = [];
  while (hits.length < k) {
    const before = hits.length;
    for (const team of random.shuffle(rankings.map((_, at) => at))) {
      const ranking = rankings[team]!;
      while (next[team]! < ranking.length && used.has(ranking[next[team]!]!.id)) next[team]!++;
      const hit = ranking[next[team]!];
      if (hit === undefined || hits.length === k) continue;
      used.add(hit.id);
      hits.push({ id: hit.id, team });
    }
    if (hits.length === before) break;
  }
  return { hits, credits: hits.map(({ team }) => rankings.map((_, at) => (at === team ? 1 : 0))) };
}

export interface ProbabilisticOptions extends InterleaveOptions {
  /** How steeply the chance of a document falls with its rank, 1 / rank^tau; 3 by default. */
  readonly tau?: number;
}

/**
 * Probabilistic interleaving, for two rankers or more: at each place a ranker chosen by chance draws a document, a high one most
 * likely. A click is shared out by how probable it is that each ranker had put the document there, given the list: no assignment is
 * thrown away, and credit is unbiased.
 *
 * P(team drew d | list) = P_team(d) / Σ over teams of P(d), P(d) ∝ 1 / rank^τ over the documents left
 *
 * Hofmann, Whiteson and de Rijke, "A probabilistic method for inferring preferences from clicks", CIKM 2011.
 */
export function probabilisticInterleave(rankings: readonly Ranking[], options: ProbabilisticOptions = {}): Interleaving {
  const { k, random } = checked('probabilisticInterleave', rankings, options, ['tau']);
  const tau = checkNumber('probabilisticInterleave: tau', options.tau ?? 3, { min: 0 });
  // What is left of each ranker's distribution: document → weight.
  const left = rankings.map((ranking) => new Map(ranking.map(({ id }, at) => [id, 1 / (at + 1) ** tau])));
  const hits: InterleavedHit[] = [];
  const credits: number[][] = [];
  while (hits.length < k) {
    const teams = left.flatMap((weights, team) => (weights.size > 0 ? [team] : []));
    if (teams.length === 0) break;
    const team = teams[random.integer(teams.length)]!;
    const id = draw(left[team]!, random);
    const chances = left.map((weights) => (weights.get(id) ?? 0) / total(weights));
    const all = chances.reduce((sum, chance) => sum + (Number.isNaN(chance) ? 0 : chance), 0);
    hits.push({ id, team });
    credits.push(chances.map((chance) => (Number.isNaN(chance) ? 0 : chance / all)));
    for (const weights of left) weights.delete(id);
  }
  return { hits, credits };
}

function total(weights: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  return sum;
}

function draw(weights: ReadonlyMap<string, number>, random: Random): string {
  let rest = random.next() * total(weights);
  let last = '';
  for (const [id, weight] of weights) {
    last = id;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
}

/** What each ranker is credited with for clicks on places of the list, counted from 0. */
export function credit({ hits, credits }: Interleaving, clicks: Iterable<number>): number[] {
  const sums = (credits[0] ?? []).map(() => 0);
  for (const place of clicks) {
    checkInteger('credit: a clicked place', place, { min: 0 });
    if (place >= hits.length)
      throw new RankError('OUT_OF_RANGE', `credit: place ${place} was clicked; the list has ${hits.length} documents.`, { place });
    credits[place]!.forEach((share, team) => {
      sums[team]! += share;
    });
  }
  return sums;
}

/** Which of two rankers users prefer. */
export interface InterleavingOutcome {
  readonly impressions: number;
  /** Impressions where a, neither, b had more credit. */
  readonly winsA: number;
  readonly ties: number;
  readonly winsB: number;
  /** (wins of b + ½ ties) / impressions − ½: above 0 where b is preferred (Chapelle et al. 2012). */
  readonly preference: number;
  readonly interval: { readonly low: number; readonly high: number; readonly confidence: number };
  /** By the sign test over impressions. */
  readonly pValue: number;
}

/**
 * Sums up impressions, each with the credits of two rankers.
 *
 * @example interleavingOutcome([[1, 0], [0, 2], [0, 1]]).preference // > 0: the second is preferred
 */
export function interleavingOutcome(impressions: Iterable<readonly [a: number, b: number]>, confidence = 0.95): InterleavingOutcome {
  checkNumber('interleavingOutcome: confidence', confidence, { above: 0, below: 1 });
  const a: number[] = [];
  const b: number[] = [];
  for (const [creditA, creditB] of impressions) {
    a.push(checkNumber('interleavingOutcome: a credit', creditA, { min: 0 }));
    b.push(checkNumber('interleavingOutcome: a credit', creditB, { min: 0 }));
  }
  if (a.length === 0) throw new RankError('EMPTY_INPUT', 'interleavingOutcome: there are no impressions.');
  const winsB = b.filter((value, at) => value > a[at]! + 1e-12).length;
  const winsA = a.filter((value, at) => value > b[at]! + 1e-12).length;
  const n = a.length;
  const ties = n - winsA - winsB;
  const share = (winsB + ties / 2) / n;
  // A tie is half a win: the variance of one impression's outcome in {0, ½, 1}.
  const variance = (winsB + ties / 4) / n - share * share;
  const reach = normalQuantile((1 + confidence) / 2) * Math.sqrt(variance / n);
  return {
    impressions: n,
    winsA,
    ties,
    winsB,
    preference: share - 0.5,
    interval: { low: share - 0.5 - reach, high: share - 0.5 + reach, confidence },
    pValue: signTestOf(winsB, winsA),
  };
}

function checked(
  where: string,
  rankings: readonly Ranking[],
  options: InterleaveOptions,
  more: readonly string[],
): { k: number; random: Random } {
  checkOptions(where, options, ['k', 'random', 'seed', ...more]);
  if (!Array.isArray(rankings) || rankings.length < 2) {
    throw new RankError('INVALID_ARGUMENT', `${where}: expected the rankings of at least two rankers.`);
  }
  return { k: checkInteger(`${where}: k`, options.k ?? 10, { min: 1 }), random: options.random ?? new Random(options.seed ?? 42) };
}
