import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { checkOneOf, checkOptions } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import type { ModelDescription } from '../configuration/description.ts';
import { findGraph, type Precision, precisions } from '../graph/choose-graph.ts';
import type { HubOptions } from '../hub/hub-options.ts';
import { type KnownModel, knownModel } from '../hub/known-models.ts';
import { licenceOf } from '../hub/licence.ts';
import { resolveModel } from '../hub/pull-model.ts';
import { openWeights, weightsFile } from '../safetensors/weights.ts';
import { type GraphContents, inspectGraph } from './inspect-graph.ts';

export interface InspectOptions {
  /** Which graph would be run; `auto` by default. */
  readonly precision?: Precision;
  readonly hub?: HubOptions;
}

/** What a model folder is, and what would be run of it. */
export interface InspectedModel {
  readonly folder: string;
  readonly licence: string | undefined;
  readonly description: ModelDescription;
  /** What its authors' card says, for models of the list. */
  readonly known: KnownModel | undefined;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly bytes: number;
  /** Where there are weights beside the graphs: their tensors and numbers, by type. */
  readonly weights: { readonly tensors: number; readonly parameters: number; readonly types: Readonly<Record<string, number>> } | undefined;
  /**
   * `graph`: the ONNX file that is there; `export`: one is made of the weights when the model is first opened; `table`: no runtime is
   * needed; `none`: nothing of that precision runs.
   */
  readonly runs: 'graph' | 'export' | 'table' | 'none';
  readonly graph: GraphContents | undefined;
}

/**
 * Says what a model is, by its folder or its name (which is fetched), without running anything: what `rank model inspect`
 * prints.
 *
 * @example
 * const { description, runs, graph } = await inspectModel('models/all-MiniLM-L6-v2');
 * graph?.operators; // { MatMul: 48, … }
 */
export async function inspectModel(model: string, options: InspectOptions = {}): Promise<InspectedModel> {
  checkOptions('inspectModel', options, ['precision', 'hub']);
  const precision = checkOneOf('precision', options.precision ?? 'auto', precisions);
  const { folder } = await resolveModel(model, { ...options.hub, precision });
  const description = await describeModel(folder);
  const inner = description.folder;
  const found = description.kind === 'static' ? undefined : (findGraph(inner, precision) ?? findGraph(folder, precision));
  const files = await filesOf(folder);
  const exports = weightsFile(inner) !== undefined && (precision === 'auto' || precision === 'fp32');
  return {
    folder,
    licence: await licenceOf(folder),
    description,
    known: knownModel(model),
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    weights: await weightsOf(inner),
    runs: description.kind === 'static' ? 'table' : found !== undefined ? 'graph' : exports ? 'export' : 'none',
    graph: found === undefined ? undefined : await inspectGraph(found.file),
  };
}

async function filesOf(folder: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    // A cached model is links, of which one may lead nowhere.
    paths
      .filter((path) => existsSync(path))
      .map(async (path) => ({ path: relative(folder, path).replaceAll('\\', '/'), bytes: (await stat(path)).size })),
  );
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function weightsOf(folder: string): Promise<InspectedModel['weights']> {
  if (weightsFile(folder) === undefined) return undefined;
  const source = await openWeights(folder);
  try {
    const types: Record<string, number> = {};
    let parameters = 0;
    for (const { dtype, shape } of source.tensors.values()) {
      const count = shape.reduce((product, size) => product * size, 1);
      parameters += count;
      types[dtype] = (types[dtype] ?? 0) + count;
    }
    return { tensors: source.tensors.size, parameters, types };
  } finally {
    await source.close();
  }
}
