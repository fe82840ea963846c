import { checkOneOf, checkOptions, type OnProgress, RankError } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import type { ModelDescription, ModelKind } from '../configuration/description.ts';
import { findGraph, graphsOf, type Precision, precisions } from '../graph/choose-graph.ts';
import { type ExportSettings, exportedGraph } from '../graph/exported-graph.ts';
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
  /** Runs one short text at once, so that the first real one is not slow. */
  readonly warmUp?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export const modelOptions: readonly string[] = [...runOptions, 'precision', 'graph', 'maxLength', 'warmUp', 'onProgress', 'signal'];

/** A model that is open: what it is, its tokenizer, and its sessions. */
export interface TextModel<Description extends ModelDescription = ModelDescription> {
  readonly description: Description;
  readonly tokenizer: Tokenizer;
  readonly runner: ModelRunner;
  /** The ONNX file that runs. */
  readonly graph: string;
}

/** What every local model can do beside its task. */
export interface OpenModel {
  readonly description: ModelDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly statistics: RunnerStatistics;
  close(): Promise<void>;
}

type Described<Kind extends ModelKind> = Extract<ModelDescription, { kind: Kind }>;

/**
 * Opens the tokenizer and the graph of a folder, checking that they belong together. `exporting` says what an export has to know
 * beside the folder, where one is needed.
 */
export async function openTextModel<Kind extends ModelKind>(
  where: string,
  folder: string,
  kind: Kind,
  options: ModelOptions,
  known: readonly string[],
  exporting: (description: Described<Kind>, tokenizer: Tokenizer) => ExportSettings = () => ({}),
): Promise<TextModel<Described<Kind>>> {
  checkOptions(where, options, known);
  const description = (await describeModel(folder, kind)) as Described<Kind>;
  const tokenizer = await Tokenizer.open(description.folder);
  checkVocabulary(description, tokenizer);
  const graph = options.graph ?? (await chooseGraph(folder, description.folder, options, () => exporting(description, tokenizer)));
  const runner = await ModelRunner.open(graph, options, tokenizer);
  return { description, tokenizer, runner, graph };
}

/** The graph that is there, in the folder or where within it the transformer lies, else one made of the weights. */
async function chooseGraph(
  folder: string,
  inner: string,
  { precision = 'auto', signal, onProgress }: ModelOptions,
  exporting: () => ExportSettings,
): Promise<string> {
  checkOneOf('precision', precision, precisions);
  const found = findGraph(inner, precision) ?? findGraph(folder, precision);
  if (found !== undefined) return found.file;
  if (weightsFile(inner) !== undefined && (precision === 'auto' || precision === 'fp32')) {
    return exportedGraph(folder, exporting(), { ...(signal && { signal }), ...(onProgress && { onProgress }) });
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

function checkVocabulary({ folder, vocabularySize }: ModelDescription, tokenizer: Tokenizer): void {
  if (vocabularySize === undefined || tokenizer.vocabularySize <= vocabularySize) return;
  throw new RankError(
    'DIMENSION_MISMATCH',
    `${folder}: the tokenizer knows ${tokenizer.vocabularySize} tokens, the model ${vocabularySize}. They are not of the same model: get both from one place.`,
    { folder, tokenizer: tokenizer.vocabularySize, model: vocabularySize },
  );
}
