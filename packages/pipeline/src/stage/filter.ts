import { checkFilter, checkNumber, type Document, type Filter, matchesFilter, RankError, shown } from '@rank-rank/core';
import { controlsOf } from './controls-of.ts';
import type { Results, Stage, StageOptions } from './stage.ts';

export interface FilterStageOptions extends StageOptions<Results, Results> {
  /** Documents whose metadata do not match are dropped. Prefer the filter of the request, which is applied before scoring. */
  readonly where?: Filter;
  /** Hits below this score are dropped; it means what the scores before it mean. */
  readonly atLeast?: number;
  /** Documents for which it is false are dropped. */
  readonly keep?: (document: Document) => boolean;
}

/**
 * Drops hits from a list.
 *
 * @example filter({ where: { field: 'lang', eq: 'en' }, atLeast: 0.2 })
 */
export function filter(options: FilterStageOptions): Stage<Results, Results> {
  const shared = controlsOf('filter', options, ['where', 'atLeast', 'keep']);
  const { where, atLeast, keep } = options;
  if (where !== undefined) checkFilter(where, 'filter: where');
  if (atLeast !== undefined) checkNumber('filter: atLeast', atLeast);
  if (keep !== undefined && typeof keep !== 'function')
    throw new RankError('INVALID_ARGUMENT', `filter: keep is ${shown(keep)}; expected a function.`);
  if (where === undefined && atLeast === undefined && keep === undefined)
    throw new RankError('INVALID_ARGUMENT', 'filter has nothing to filter by; expected where, atLeast or keep.');
  return {
    kind: 'filter',
    ...shared,
    ...(keep === undefined && { description: { filter: { ...(where && { where }), ...(atLeast !== undefined && { atLeast }) } } }),
    async run({ hits, space }, { documents, note }) {
      let kept = atLeast === undefined ? hits : hits.filter(({ score }) => score >= atLeast);
      if (where !== undefined || keep !== undefined) {
        if (documents === undefined)
          throw new RankError(
            'INVALID_ARGUMENT',
            'filter by metadata needs the documents. Give the pipeline { documents }, or filter the request.',
          );
        const found = await documents.get(kept.map(({ id }) => id));
        kept = kept.filter((_, i) => {
          const document = found[i];
          return (
            document !== undefined &&
            (where === undefined || matchesFilter(where, document.metadata)) &&
            (keep === undefined || keep(document))
          );
        });
      }
      if (kept.length < hits.length) note(`${hits.length - kept.length} dropped`);
      return { hits: kept, space };
    },
    explain: async (_, { before }) => before,
  };
}
