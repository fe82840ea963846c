import { type TrecMeasure, trecMeasures } from '../grammar/trec-names.ts';

/** trec_eval's measures over the judgements of several assessors: those of one, averaged over assessors. */
export const groupMeasures: readonly TrecMeasure[] = ['map', 'P', 'Rprec_mult'].map((name) => {
  const measure = trecMeasures.find((known) => known.name === name)!;
  return {
    name: `${name}_avgjg`,
    values: (text, settings) =>
      measure.values(text, settings).map((value) => ({ ...value, name: value.name.replace(name, `${name}_avgjg`) })),
  };
});
