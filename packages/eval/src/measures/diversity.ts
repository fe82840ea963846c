import type { JudgedDocuments, JudgedRanking } from '../judged-ranking.ts';
import { cutoff, judgedOnly, type MeasureFamily, type Parameter, rel, type Score } from '../measure.ts';

/**
 * Measures of novelty and diversity, for queries whose judgements are by subtopic: a second document on the same subtopic is worth
 * less than the first. As NIST's ndeval computes them for the diversity tasks of TREC, except that at a cutoff of 1 they are
 * normalised as at every other cutoff (ndeval leaves the first out).
 *
 * Clarke et al., "Novelty and diversity in information retrieval evaluation", SIGIR 2008; Clarke, Kolla and Vechtomova, "An
 * effectiveness measure for ambiguous and underspecified queries", ICTIR 2009; Agrawal et al., "Diversifying search results",
 * WSDM 2009; Chapelle et al., CIKM 2009.
 */
interface Subtopics {
  /** Document → the subtopics it is relevant to, as numbers. */
  readonly of: ReadonlyMap<string, readonly number[]>;
  /** How many subtopics there are, counting those without a relevant document. */
  readonly count: number;
  /** How many have a relevant document; the others are left out of every measure. */
  readonly covered: number;
  /** Relevant documents of each subtopic. */
  readonly sizes: readonly number[];
  /** Documents that were judged for any subtopic. */
  readonly judged: ReadonlySet<string>;
}

const known = new WeakMap<JudgedDocuments, Map<number, Subtopics>>();

function subtopicsOf(documents: JudgedDocuments, level: number): Subtopics {
  let byLevel = known.get(documents);
  if (byLevel === undefined) known.set(documents, (byLevel = new Map()));
  let subtopics = byLevel.get(level);
  if (subtopics === undefined) {
    const of = new Map<string, number[]>();
    const sizes: number[] = [];
    const judged = new Set<string>();
    for (const grades of (documents.groups ?? new Map([['0', documents.grades]])).values()) {
      const number = sizes.push(0) - 1;
      for (const [id, grade] of grades) {
        judged.add(id);
        if (grade < level) continue;
        sizes[number]!++;
        const list = of.get(id);
        if (list === undefined) of.set(id, [number]);
        else list.push(number);
      }
    }
    subtopics = { of, count: sizes.length, covered: sizes.filter((size) => size > 0).length, sizes, judged };
    byLevel.set(level, subtopics);
  }
  return subtopics;
}

/** What a list gains at each rank where every further document on a subtopic is worth (1 − alpha) of the one before. */
function gainsOf(ids: readonly string[], subtopics: Subtopics, alpha: number, depth: number): Float64Array {
  const worth = new Float64Array(subtopics.count).fill(1);
  const gains = new Float64Array(Math.min(depth, ids.length));
  for (let i = 0; i < gains.length; i++) {
    for (const subtopic of subtopics.of.get(ids[i]!) ?? []) {
      gains[i]! += worth[subtopic]!;
      worth[subtopic]! *= 1 - alpha;
    }
  }
  return gains;
}

/**
 * The list that gains most, greedily: the best order is a covering problem (NP-hard), and this is the approximation everybody
 * uses. Equal gains go to the greater id, as in ndeval.
 */
function idealOrder(subtopics: Subtopics, alpha: number, depth: number): string[] {
  const worth = new Float64Array(subtopics.count).fill(1);
  const left = new Map([...subtopics.of].sort(([a], [b]) => (a > b ? -1 : 1)));
  const order: string[] = [];
  while (order.length < depth && left.size > 0) {
    let best = '';
    let most = -1;
    for (const [id, list] of left) {
      let gain = 0;
      for (const subtopic of list) gain += worth[subtopic]!;
      if (gain > most) {
        most = gain;
        best = id;
      }
    }
    for (const subtopic of left.get(best)!) worth[subtopic]! *= 1 - alpha;
    left.delete(best);
    order.push(best);
  }
  return order;
}

type Discount = (place: number) => number;
const reciprocal: Discount = (place) => 1 / (place + 1);
const logarithmic: Discount = (place) => 1 / Math.log2(place + 2);

function discounted(gains: Float64Array, discount: Discount): number {
  let sum = 0;
  for (let i = 0; i < gains.length; i++) sum += gains[i]! * discount(i);
  return sum;
}

/** The sum if every document were relevant to every subtopic: what any collection could have at most. */
function perfect(subtopics: Subtopics, alpha: number, depth: number, discount: Discount): number {
  let sum = 0;
  let gain = subtopics.covered;
  for (let place = 0; place < depth; place++) {
    sum += gain * discount(place);
    gain *= 1 - alpha;
  }
  return sum;
}

const alpha: Parameter = { kind: 'number', min: 0, max: 1, default: 0.5, about: 'how much a repeated subtopic loses' };
const beta: Parameter = { kind: 'number', above: 0, below: 1, default: 0.5, about: 'patience: the probability of going on' };

/** The ids a measure looks at: all, or the judged ones. */
function idsOf(ranking: JudgedRanking, subtopics: Subtopics, judged_only: boolean): readonly string[] {
  return judged_only ? ranking.ids().filter((id) => subtopics.judged.has(id)) : ranking.ids();
}

function gainMeasure(
  name: string,
  aliases: readonly string[],
  about: string,
  discount: Discount,
  normalised: 'collection' | 'perfect',
  takesAlpha: boolean,
): MeasureFamily {
  return {
    name,
    aliases,
    about,
    parameters: { cutoff, rel, ...(takesAlpha ? { alpha } : {}), judged_only: judgedOnly },
    needs: 'subtopics',
    score:
      ({ cutoff, rel, alpha = 0.5, judged_only }): Score =>
      (ranking) => {
        const subtopics = subtopicsOf(ranking.documents, rel);
        if (subtopics.covered === 0) return 0;
        const ids = idsOf(ranking, subtopics, judged_only);
        const depth = cutoff ?? Math.max(ids.length, subtopics.of.size);
        const value = discounted(gainsOf(ids, subtopics, alpha, depth), discount);
        if (normalised === 'perfect') return value / perfect(subtopics, alpha, depth, discount);
        return value / discounted(gainsOf(idealOrder(subtopics, alpha, depth), subtopics, alpha, depth), discount);
      },
  };
}

/** α-DCG@k = Σ over ranks of (Σ over subtopics of (1 − α)^(times seen before)) / log2(i + 1), in relation to a perfect collection. */
export const alpha_DCG: MeasureFamily = gainMeasure(
  'alpha_DCG',
  ['α_DCG'],
  'DCG where repeated subtopics lose.',
  logarithmic,
  'perfect',
  true,
);

/** α-DCG in relation to the best order of this collection's documents. */
export const alpha_nDCG: MeasureFamily = gainMeasure(
  'alpha_nDCG',
  ['α_nDCG'],
  'nDCG where repeated subtopics lose.',
  logarithmic,
  'collection',
  true,
);

/** Intent-aware ERR: the same gains, by the reciprocal of the rank. */
export const ERR_IA: MeasureFamily = gainMeasure('ERR_IA', [], 'ERR over the subtopics.', reciprocal, 'perfect', false);

export const nERR_IA: MeasureFamily = gainMeasure(
  'nERR_IA',
  [],
  'ERR over the subtopics, in relation to the best order.',
  reciprocal,
  'collection',
  false,
);

function noveltyRankBiased(ids: readonly string[], subtopics: Subtopics, alpha: number, beta: number): number {
  const gains = gainsOf(ids, subtopics, alpha, ids.length);
  let sum = 0;
  let weight = 1;
  for (let i = 0; i < gains.length; i++) {
    sum += gains[i]! * weight;
    weight *= beta;
  }
  return (sum * (1 - (1 - alpha) * beta)) / subtopics.covered;
}

function noveltyMeasure(name: string, about: string, normalised: boolean): MeasureFamily {
  return {
    name,
    about,
    parameters: { rel, alpha, beta },
    needs: 'subtopics',
    score:
      ({ rel, alpha, beta }): Score =>
      (ranking) => {
        const subtopics = subtopicsOf(ranking.documents, rel);
        if (subtopics.covered === 0) return 0;
        const value = noveltyRankBiased(ranking.ids(), subtopics, alpha, beta);
        if (!normalised) return value;
        return value / noveltyRankBiased(idealOrder(subtopics, alpha, subtopics.of.size), subtopics, alpha, beta);
      },
  };
}

/** Novelty- and rank-biased precision: (1 − (1 − α)β)/S · Σ over ranks of gain(i) · β^(i − 1). */
export const NRBP: MeasureFamily = noveltyMeasure('NRBP', 'RBP where repeated subtopics lose.', false);
export const nNRBP: MeasureFamily = noveltyMeasure('nNRBP', 'NRBP in relation to the best order.', true);

/** Intent-aware average precision: the mean of AP over the subtopics that have a relevant document. */
export const AP_IA: MeasureFamily = {
  name: 'AP_IA',
  aliases: ['MAP_IA'],
  about: 'The mean of AP over the subtopics.',
  parameters: { rel, judged_only: judgedOnly },
  needs: 'subtopics',
  score:
    ({ rel, judged_only }) =>
    (ranking) => {
      const subtopics = subtopicsOf(ranking.documents, rel);
      if (subtopics.covered === 0) return 0;
      const found = new Float64Array(subtopics.count);
      const sums = new Float64Array(subtopics.count);
      idsOf(ranking, subtopics, judged_only).forEach((id, place) => {
        for (const subtopic of subtopics.of.get(id) ?? []) sums[subtopic]! += ++found[subtopic]! / (place + 1);
      });
      let sum = 0;
      subtopics.sizes.forEach((size, subtopic) => {
        if (size > 0) sum += sums[subtopic]! / size;
      });
      return sum / subtopics.covered;
    },
};

/** Intent-aware precision: the mean of P@k over the subtopics that have a relevant document. */
export const P_IA: MeasureFamily = {
  name: 'P_IA',
  about: 'The mean of P@k over the subtopics.',
  parameters: { cutoff, rel, judged_only: judgedOnly },
  needs: 'subtopics',
  score:
    ({ cutoff, rel, judged_only }) =>
    (ranking) => {
      const subtopics = subtopicsOf(ranking.documents, rel);
      const ids = idsOf(ranking, subtopics, judged_only);
      const depth: number = cutoff ?? ids.length;
      if (subtopics.covered === 0 || depth === 0) return 0;
      let count = 0;
      for (let i = 0; i < depth && i < ids.length; i++) count += subtopics.of.get(ids[i]!)?.length ?? 0;
      return count / (depth * subtopics.covered);
    },
};

/** Subtopic recall: the share of the subtopics that the first k documents cover (Zhai, Cohen and Lafferty, SIGIR 2003). */
export const StRecall: MeasureFamily = {
  name: 'StRecall',
  about: 'The share of the subtopics that the first k documents cover.',
  parameters: { cutoff, rel },
  needs: 'subtopics',
  score:
    ({ cutoff, rel }) =>
    (ranking) => {
      const subtopics = subtopicsOf(ranking.documents, rel);
      if (subtopics.covered === 0) return 0;
      const covered = new Set<number>();
      const ids = ranking.ids();
      for (let i = 0; i < (cutoff ?? ids.length) && i < ids.length; i++) {
        for (const subtopic of subtopics.of.get(ids[i]!) ?? []) covered.add(subtopic);
      }
      return covered.size / subtopics.covered;
    },
};
