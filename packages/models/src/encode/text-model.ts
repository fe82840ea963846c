import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkOneOf, checkOptions, type OnProgress, RankError } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import type { ModelDescription, ModelKind } from '../configuration/description.ts';
import { findGraph, graphsOf, type Precision, precisions } from '../graph/choose-graph.ts';
import { type ExportSettings, exportedGraph } from '../graph/exported-graph.ts';
import type { HubOptions } from '../hub/hub-options.ts';
import { knownModel } from '../hub/known-models.ts';
import { resolveModel } from '../hub/pull-model.ts';
import { ModelRunner, type RunnerStatistics, type RunOptions, runOptions } from '../run/model-runner.ts';
import { weightsFile } from '../safetensors/weights.ts';
import { Tokenizer } from '../tokenize/tokenizer.ts';

/** How a local model is opened. */
export interface ModelOptions extends RunOptions {
  readonly precision?: Precision;
  /** The graph to run, by its path, where it is not to be chosen. */
  readonly graph?: string;
  /** The most tokens of an input; what the model was trained for by default. */
  readonly maxLength?: number;
  /** Where models that are named, not paths, come from and are kept. */
  readonly hub?: HubOptions;
  /** Runs one short text at once, so that the first real one is not slow. */
  readonly warmUp?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export const modelOptions: readonly string[] = [...runOptions, 'precision', 'graph', 'maxLength', 'hub', 'warmUp', 'onProgress', 'signal'];

/** A model that is open: what it is, its tokenizer, and its sessions. */
export interface TextModel<Description extends ModelDescription = ModelDescription> {
  readonly description: Description;
  readonly tokenizer: Tokenizer;
  readonly runner: ModelRunner;
  /** The ONNX file that runs. */
  readonly graph: string;
  /** Names the model and its state, for caches: two models with one id give the same vectors. */
  readonly id: string;
}

/** What every local model can do beside its task. */
export interface OpenModel {
  readonly description: ModelDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  /** Names the model and its state, for caches. */
  readonly id: string;
  readonly statistics: RunnerStatistics;
  close(): Promise<void>;
}

type Described<Kind extends ModelKind> = Extract<ModelDescription, { kind: Kind }>;

/**
 * Opens the tokenizer and the graph of a folder, checking that they belong together. `exporting` says what an export has to know
 * beside the folder, where one is needed.
 */
async function openTextModel<Kind extends ModelKind>(
  where: string,
  model: string,
  kind: Kind,
  options: ModelOptions,
  known: readonly string[],
  exporting: (description: Described<Kind>, tokenizer: Tokenizer) => ExportSettings = () => ({}),
): Promise<TextModel<Described<Kind>>> {
  checkOptions(where, options, known);
  const { folder, id } = await resolveFolder(model, options);
  const description = withKnownSettings((await describeModel(folder, kind)) as Described<Kind>, model);
  const reading = openTokenizer(description);
  // The tokenizer is read while the sessions start; until it is waited for, its failure must not count as unhandled.
  reading.catch(() => undefined);
  const settings = async (): Promise<ExportSettings> => exporting(description, await reading);
  const graph = options.graph ?? (await chooseGraph(folder, description.folder, options, settings));
  const runner = await ModelRunner.open(graph, options, reading);
  return { description, tokenizer: await reading, runner, graph, id: `${id}#${await stateOf(graph)}` };
}

/** Opens a model and prepares it for its task; what was opened is closed again where that fails. */
export async function openPrepared<Kind extends ModelKind, Result>(
  where: string,
  model: string,
  kind: Kind,
  options: ModelOptions,
  known: readonly string[],
  prepare: (model: TextModel<Described<Kind>>) => Promise<Result>,
  exporting?: (description: Described<Kind>, tokenizer: Tokenizer) => ExportSettings,
): Promise<Result> {
  const opened = await openTextModel(where, model, kind, options, known, exporting);
  try {
    const prepared = await prepare(opened);
    if (options.warmUp) await opened.runner.warmUp([...opened.tokenizer.encode('warm').ids], [0]);
    return prepared;
  } catch (error) {
    await opened.runner.close();
    throw error;
  }
}

/** The folder of a model, fetched where it is named and not here. */
export async function resolveFolder(model: string, options: ModelOptions): Promise<{ folder: string; id: string }> {
  const { precision, hub, signal, onProgress } = options;
  return resolveModel(model, {
    ...hub,
    ...(precision && { precision: checkOneOf('precision', precision, precisions) }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

/** Fills in what a folder leaves out and its authors' card says. */
function withKnownSettings<Description extends ModelDescription>(description: Description, model: string): Description {
  const known = knownModel(model);
  if (known === undefined || description.kind !== 'dense') return description;
  const { prompts, poolingDeclared } = description;
  return {
    ...description,
    ...(known.prompts && prompts.query === '' && prompts.document === '' && { prompts: known.prompts }),
    ...(known.pooling && !poolingDeclared && { pooling: [known.pooling], notes: [] }),
  };
}

/** A file's name, size and time: what is different where its content is. */
async function stateOf(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${basename(file)}:${size}:${Math.round(mtimeMs)}`;
}

/** The graph that is there, in the folder or where within it the transformer lies, else one made of the weights. */
async function chooseGraph(
  folder: string,
  inner: string,
  { precision = 'auto', signal, onProgress }: ModelOptions,
  exporting: () => Promise<ExportSettings>,
): Promise<string> {
  checkOneOf('precision', precision, precisions);
  const found = findGraph(inner, precision) ?? findGraph(folder, precision);
  if (found !== undefined) return found.file;
  if (weightsFile(inner) !== undefined && (precision === 'auto' || precision === 'fp32')) {
    return exportedGraph(folder, await exporting(), { ...(signal && { signal }), ...(onProgress && { onProgress }) });
  }
  const there = graphsOf(folder);
  throw new RankError(
    'NOT_FOUND',
    there.length > 0
      ? `${folder} has no ${precision === 'auto' ? '' : `${precision} `}ONNX graph under a known name; it has ${there.join(', ')}. Name one with the option \`graph\`, or make it: \`rank quantize ${folder} -o DIR\`.`
      : `${folder} has neither an ONNX graph (onnx/model.onnx, model.onnx and their quantised kin) nor weights to make one of (model.safetensors). Get the complete model folder.`,
    { folder, graphs: there },
  );
}

async function openTokenizer({ folder, vocabularySize }: ModelDescription): Promise<Tokenizer> {
  const tokenizer = await Tokenizer.open(folder);
  if (vocabularySize === undefined || tokenizer.vocabularySize <= vocabularySize) return tokenizer;
  throw new RankError(
    'DIMENSION_MISMATCH',
    `${folder}: the tokenizer knows ${tokenizer.vocabularySize} tokens, the model ${vocabularySize}. They are not of the same model: get both from one place.`,
    { folder, tokenizer: tokenizer.vocabularySize, model: vocabularySize },
  );
}
