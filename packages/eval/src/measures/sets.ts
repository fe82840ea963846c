import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, judgedOnly, type MeasureFamily, rel } from '../measure.ts';

/** Precision of everything that was retrieved. */
export function setPrecision(ranking: JudgedRanking, level: number): number {
  return ranking.retrieved === 0 ? 0 : ranking.relevant(level).places.length / ranking.retrieved;
}

/** The same, in relation to the best that a set of this size can have. */
export function setRelativePrecision(ranking: JudgedRanking, level: number): number {
  const { places, total } = ranking.relevant(level);
  const most = Math.min(ranking.retrieved, total);
  return most === 0 ? 0 : places.length / most;
}

/** Recall of everything that was retrieved. */
export function setRecall(ranking: JudgedRanking, level: number): number {
  const { places, total } = ranking.relevant(level);
  return total === 0 ? 0 : places.length / total;
}

/** (x + 1) · P · R / (x · P + R): x is how much recall counts in relation to precision. */
export function setF(ranking: JudgedRanking, level: number, x: number): number {
  const { places } = ranking.relevant(level);
  if (places.length === 0) return 0;
  const p = setPrecision(ranking, level);
  const r = setRecall(ranking, level);
  return ((x + 1) * p * r) / (x * p + r);
}

/** Precision times recall. */
export function setAveragePrecision(ranking: JudgedRanking, level: number): number {
  const { places, total } = ranking.relevant(level);
  return ranking.retrieved === 0 || total === 0 ? 0 : (places.length * places.length) / (ranking.retrieved * total);
}

/** Precision of the whole set that was retrieved; `relative` divides by the best that a set of its size can have. */
export const SetP: MeasureFamily = {
  name: 'SetP',
  about: 'Precision of everything retrieved.',
  parameters: {
    rel,
    relative: { kind: 'flag', default: false, about: 'in relation to the best a set of this size can have' },
    judged_only: judgedOnly,
  },
  score: ({ rel, relative, judged_only }) =>
    condensedIf(judged_only, (ranking) => (relative ? setRelativePrecision(ranking, rel) : setPrecision(ranking, rel))),
};

export const SetRelP: MeasureFamily = {
  name: 'SetRelP',
  about: 'Precision of everything retrieved, in relation to the best a set of its size can have.',
  parameters: { rel, judged_only: judgedOnly },
  score: ({ rel, judged_only }) => condensedIf(judged_only, (ranking) => setRelativePrecision(ranking, rel)),
};

export const SetR: MeasureFamily = {
  name: 'SetR',
  about: 'Recall of everything retrieved.',
  parameters: { rel },
  score:
    ({ rel }) =>
    (ranking) =>
      setRecall(ranking, rel),
};

/** F of the whole set. `beta` is what trec_eval calls x: it is not squared. */
export const SetF: MeasureFamily = {
  name: 'SetF',
  about: 'The harmonic mean of precision and recall of everything retrieved.',
  parameters: {
    rel,
    beta: { kind: 'number', above: 0, default: 1, about: 'how much recall counts in relation to precision (not squared)' },
    judged_only: judgedOnly,
  },
  score: ({ rel, beta, judged_only }) => condensedIf(judged_only, (ranking) => setF(ranking, rel, beta)),
};

export const SetAP: MeasureFamily = {
  name: 'SetAP',
  about: 'Precision times recall of everything retrieved.',
  parameters: { rel, judged_only: judgedOnly },
  score: ({ rel, judged_only }) => condensedIf(judged_only, (ranking) => setAveragePrecision(ranking, rel)),
};
