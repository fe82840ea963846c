import { checkOptions, RankError, shown, unknownName } from '@rank-rank/core';
import { Pipeline, type PipelineOptions } from '../run/pipeline.ts';
import { type DiversifyOptions, diversify, type Likeness } from '../stage/diversify.ts';
import { type FeedbackOptions, feedback, type VectorSource } from '../stage/feedback.ts';
import { type FilterStageOptions, filter } from '../stage/filter.ts';
import { type FuseStageOptions, fuse } from '../stage/fuse.ts';
import { type RerankStageOptions, rerank, type StageReranker } from '../stage/rerank.ts';
import { retrieve, type Source, type SourceOptions } from '../stage/retrieve.ts';
import type { DocumentSource, Results, Stage } from '../stage/stage.ts';
import { controlKeys, type DescribedStage, type PipelineDescription, stageKeys } from './description.ts';

/** What a description's names stand for. */
export interface Resources {
  readonly sources: Readonly<Record<string, Source>>;
  /** Rerankers by name; a name that is none of them is handed to `model`. */
  readonly rerankers?: Readonly<Record<string, StageReranker>>;
  /** Loads a cross-encoder by its name or folder. */
  readonly model?: (name: string) => Promise<StageReranker>;
  readonly documents?: DocumentSource;
  /** Comes after all described stages: from passages to their documents, say. */
  readonly last?: Stage<Results, Results>;
}

type AnyStage = Stage<never, unknown>;
type Kind = keyof typeof stageKeys;

const kinds = Object.keys(stageKeys) as Kind[];

/**
 * The pipeline that a description describes. Unknown keys and names are errors that name the nearest, with their place: `stages[2].rerank …`.
 *
 * @example
 * const search = await pipelineFrom({ stages: [{ retrieve: ['bm25', 'dense'] }, { fuse: 'rrf' }] }, { sources: { bm25, dense } });
 */
export async function pipelineFrom(description: PipelineDescription, resources: Resources): Promise<Pipeline<unknown>> {
  checkOptions('pipeline', description, ['name', 'budget', 'stages']);
  const { name, budget, stages } = description;
  if (!Array.isArray(stages) || stages.length === 0) {
    throw new RankError('INVALID_ARGUMENT', `pipeline: stages is ${shown(stages)}; expected a list of stages that begins with retrieve.`);
  }
  const made: AnyStage[] = [];
  for (const [i, stage] of stages.entries()) made.push(await at(`stages[${i}]`, () => stageFrom(stage, i, resources)));
  if (resources.last !== undefined) made.push(resources.last as AnyStage);
  const { documents } = resources;
  const options: PipelineOptions = {
    ...(name !== undefined && { name }),
    ...(budget !== undefined && { budget }),
    ...(documents && { documents }),
  };
  return new Pipeline(made, options);
}

async function stageFrom(described: DescribedStage, place: number, resources: Resources): Promise<AnyStage> {
  if (typeof described !== 'object' || described === null || Array.isArray(described)) {
    throw new RankError('INVALID_ARGUMENT', `is ${shown(described)}; expected an object with one of ${kinds.join(', ')}.`);
  }
  const keys = Object.keys(described);
  const named = kinds.filter((kind) => keys.includes(kind));
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    const stranger = keys.find((key) => !controlKeys.includes(key) && !named.includes(key as Kind));
    if (kind === undefined && stranger !== undefined) throw unknownName('stage', stranger, kinds);
    throw new RankError(
      'INVALID_ARGUMENT',
      `has ${named.length === 0 ? 'no stage' : named.join(' and ')}; expected exactly one of ${kinds.join(', ')}.`,
    );
  }
  checkOptions(`stage ${kind}`, described, [...stageKeys[kind], ...controlKeys]);
  if ((place === 0) !== (kind === 'retrieve'))
    throw new RankError(
      'INVALID_ARGUMENT',
      place === 0 ? `is ${kind}; a pipeline begins with retrieve.` : 'is retrieve, which can only come first.',
    );
  const shared = Object.fromEntries(
    controlKeys.filter((key) => key in described).map((key) => [key, described[key as keyof DescribedStage]]),
  );
  const fields = described as unknown as Record<string, unknown>;
  const rest = Object.fromEntries(
    stageKeys[kind]
      .slice(1)
      .filter((key) => key in fields)
      .map((key) => [key, fields[key]]),
  );
  return builders[kind](fields[kind], { ...rest, ...shared }, resources);
}

type Builder = (value: unknown, options: Record<string, unknown>, resources: Resources) => AnyStage | Promise<AnyStage>;

const builders: Readonly<Record<Kind, Builder>> = {
  retrieve(value, options, { sources }) {
    if (typeof value === 'string') return retrieve(named('source', value, sources), options) as AnyStage;
    const wanted: Record<string, Source | SourceOptions> = {};
    if (Array.isArray(value)) for (const name of value) wanted[String(name)] = named('source', name, sources);
    else
      for (const [name, own] of Object.entries(objectOf('retrieve', value)))
        wanted[name] = { retriever: named('source', name, sources), ...objectOf(`retrieve.${name}`, own) };
    return retrieve(wanted, options) as AnyStage;
  },
  feedback(value, options, { sources }) {
    const { source = 'dense', ...own } = objectOf('feedback', value);
    return feedback(
      named('source', source, sources) as VectorSource,
      { list: String(source), ...own, ...options } as FeedbackOptions,
    ) as AnyStage;
  },
  fuse: (value, options) =>
    fuse({ ...(typeof value === 'string' ? { method: value } : objectOf('fuse', value)), ...options } as FuseStageOptions) as AnyStage,
  filter: (value, options) => filter({ ...objectOf('filter', value), ...options } as FilterStageOptions) as AnyStage,
  async rerank(value, options, { rerankers = {}, model }) {
    const known = typeof value === 'string' ? rerankers[value] : undefined;
    const reranker = known ?? (typeof value === 'string' && model !== undefined ? await model(value) : named('reranker', value, rerankers));
    return rerank(reranker, options as RerankStageOptions) as AnyStage;
  },
  diversify(value, options, { sources }) {
    const { by = 'dense', ...own } = typeof value === 'string' ? { by: value } : objectOf('diversify', value);
    return diversify(named('source', by, sources) as Likeness, { ...own, ...options } as DiversifyOptions) as AnyStage;
  },
};

function named<T>(what: string, name: unknown, known: Readonly<Record<string, T>>): T {
  if (typeof name === 'string' && Object.hasOwn(known, name)) return known[name]!;
  if (typeof name !== 'string') throw new RankError('INVALID_ARGUMENT', `${what} is ${shown(name)}; expected a name.`);
  throw unknownName(what, name, Object.keys(known));
}

function objectOf(where: string, value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected an object.`);
  return value as Record<string, unknown>;
}

/** Errors get the place of the stage in front. */
async function at<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RankError)) throw error;
    throw new RankError(error.code, `pipeline: ${place} ${error.message}`, { ...error.details, place }, { cause: error });
  }
}
