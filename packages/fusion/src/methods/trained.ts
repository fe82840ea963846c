import { type Combination, positional } from '../lists/combination.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';
import type { FusionModel, Parameter, ResultOptions } from '../method.ts';

/** What trained methods fuse with. */
export type ModelParameters = { readonly model: FusionModel };
export type ModelOptions = ResultOptions & {
  /** What `fit(runs, qrels, { method })` learned from the same runs on other queries. */
  readonly model: FusionModel;
};

export const modelParameter: Parameter = {
  type: 'model',
  description: 'What was learned from judged queries of the same runs.',
  required: true,
  peers: 'ranx: probs, map_scores, log_odds',
};

/** Adds up what each run's table says of a position. */
export function byLearnedPosition(lists: RankedLists, model: FusionModel): Combination {
  return positional(
    lists,
    lists.runs.map((run) => Float64Array.from(model.tables[run]!)),
  );
}
