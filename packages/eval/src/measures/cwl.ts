import type { JudgedRanking } from '../judged-ranking.ts';
import type { MeasureFamily, Parameter, Score } from '../measure.ts';

/**
 * Measures of the C/W/L framework: a user model is the probability C(i) of going on from rank i to the next, given the gains up
 * to there; the measure is the expected gain per document that such a user looks at.
 *
 * W(i) ∝ Π over j < i of C(j); value = Σ over ranks i of W(i) · gain(i), over 1,000 ranks
 *
 * Moffat, Bailey, Scholer and Thomas, "Incorporating user expectations and behavior into the measurement of search effectiveness",
 * 2017; Azzopardi, Thomas and Moffat, "cwl_eval: an evaluation tool for information retrieval", 2019.
 */
const depth = 1000;

/** The probability of going on, at a rank counted from 1, given the gain there and the gains up to it. */
type Continuation = (rank: number, gain: number, gained: number) => number;

function expectedGain(gains: Float64Array, goesOn: Continuation): number {
  let reached = 1;
  let looked = 0;
  let gained = 0;
  let sum = 0;
  for (let i = 0; i < depth && reached > 0; i++) {
    const gain = gains[i]!;
    gained += gain;
    looked += reached;
    sum += reached * gain;
    reached *= goesOn(i + 1, gain, gained);
  }
  return sum / looked;
}

/** Gains in [0, 1]: grades, clipped to the scale and put in relation to it. */
function scaled(ranking: JudgedRanking, least: number, most: number): Float64Array {
  const gains = new Float64Array(depth);
  const { places, grades } = ranking;
  for (let i = 0; i < places.length && places[i]! < depth; i++) {
    gains[places[i]!] = (Math.min(Math.max(grades[i]!, 0, least), most) - least) / (most - least);
  }
  return gains;
}

const scale = {
  min_rel: { kind: 'number', default: 0, about: 'the lowest grade of the scale' },
  max_rel: { kind: 'number', required: true, about: 'the highest grade of the scale' },
} satisfies Record<string, Parameter>;
const cutoff: Parameter = { kind: 'integer', min: 1, required: true, about: 'the user stops there' };
const T: Parameter = { kind: 'number', above: 0, default: 1, about: 'how much gain the user wants' };

function model(
  name: string,
  about: string,
  parameters: Record<string, Parameter>,
  // biome-ignore lint/suspicious/noExplicitAny: the parser gives exactly the parameters that are declared beside it
  continuation: (parameters: any) => Continuation,
): MeasureFamily {
  return {
    name,
    about,
    parameters: { ...parameters, ...scale },
    score: ({ min_rel, max_rel, ...rest }): Score => {
      const goesOn = continuation(rest);
      return (ranking) => expectedGain(scaled(ranking, min_rel, max_rel), goesOn);
    },
  };
}

/** Bejeweled player model: stops at a gain of T, or at the cutoff (Zhang et al., SIGIR 2017, static form). */
export const BPM: MeasureFamily = model(
  'BPM',
  'The user stops at a gain of T or at the cutoff.',
  { cutoff, T },
  ({ cutoff, T }) =>
    (rank, _gain, gained) =>
      gained < T && rank < cutoff ? 1 : 0,
);

/** Scaled DCG: weights as of DCG, divided by their sum instead of the ideal (Järvelin and Kekäläinen 2002). */
export const SDCG: MeasureFamily = model(
  'SDCG',
  'DCG in relation to k perfect documents.',
  { cutoff, dcg: { kind: 'choice', choices: ['log2'], default: 'log2', about: 'the discount' } },
  ({ cutoff }) =>
    (rank) =>
      rank < cutoff ? Math.log2(rank + 1) / Math.log2(rank + 2) : 0,
);

/** INSQ: patience grows with what the user wants (Moffat, Scholer and Thomas, ADCS 2012). */
export const INSQ: MeasureFamily = model(
  'INSQ',
  'Patience that grows with the gain wanted.',
  { T },
  ({ T }) =>
    (rank) =>
      ((rank + 2 * T - 1) / (rank + 2 * T)) ** 2,
);

/** INST: patience that shrinks as the user gains (Moffat, Bailey, Scholer and Thomas, ADCS 2015). */
export const INST: MeasureFamily = model('INST', 'Patience that shrinks as the user gains.', { T }, ({ T }) => (rank, _gain, gained) => {
  const wanted = T + (T - gained);
  return ((rank + wanted - 1) / (rank + wanted)) ** 2;
});

/** The four C/W/L relatives of ERR (Azzopardi, Mackenzie and Moffat, "ERR is not C/W/L", ICTIR 2021, equations 8 to 11). */
export const NERR8: MeasureFamily = model(
  'NERR8',
  'Stops by gain, or at the cutoff.',
  { cutoff },
  ({ cutoff }) =>
    (rank, gain) =>
      rank < cutoff ? 1 - gain : 0,
);

export const NERR9: MeasureFamily = model(
  'NERR9',
  'Stops by gain and rank, or at the cutoff.',
  { cutoff },
  ({ cutoff }) =>
    (rank, gain) =>
      rank < cutoff ? (rank / (rank + 1)) * (1 - gain) : 0,
);

export const NERR10: MeasureFamily = model(
  'NERR10',
  'Stops by gain, with the persistence of RBP.',
  { p: { kind: 'number', above: 0, below: 1, default: 0.9, about: 'the probability of going on where nothing is gained' } },
  ({ p }) =>
    (_rank, gain) =>
      p * (1 - gain),
);

export const NERR11: MeasureFamily = model(
  'NERR11',
  'Stops by gain, with the patience of INSQ.',
  { T },
  ({ T }) =>
    (rank, gain) =>
      ((rank + 2 * T - 1) / (rank + 2 * T)) ** 2 * (1 - gain),
);
