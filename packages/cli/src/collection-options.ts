import { existsSync, readFileSync } from 'node:fs';
import { RankError, type Reranker, unknownName } from '@rank-rank/core';
import { openReranker } from '@rank-rank/models';
import {
  Collection,
  type CollectionOptions,
  type Pipeline,
  type PipelineDescription,
  type PipelineName,
  pipelineNames,
  type StageReranker,
} from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { parse } from 'yaml';
import type { Session } from './command.ts';

/** What commands that search a collection are told. */
export interface SearchOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly pipeline?: string | PipelineDescription;
  readonly reranker?: string;
  readonly filter?: string;
}

/** The options of all commands that search a collection. */
export function searching(command: Command): Command {
  return command
    .requiredOption('-c, --collection <dir>', 'the collection')
    .option('-p, --pipeline <name>', `${pipelineNames.join(', ')}, one of the configuration, or a JSON or YAML file that describes one`)
    .option('--reranker <model>', 'a cross-encoder, by name or folder, that reranks last in the pipeline full');
}

/** A collection and the pipeline that is asked for. */
export interface OpenedSearch {
  readonly collection: Collection;
  readonly pipeline: Pipeline<unknown>;
  close(): Promise<void>;
}

export async function openSearch(session: Session, { collection: path, pipeline: wanted, reranker }: SearchOptions): Promise<OpenedSearch> {
  const models = new Models();
  const options: CollectionOptions = reranker === undefined ? {} : { reranker: models.lazy(reranker) };
  const collection = await Collection.open(path, options);
  const close = async (): Promise<void> => {
    await collection.close();
    await models.close();
  };
  try {
    return { collection, pipeline: await pipelineOf(collection, wanted, session, models), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function pipelineOf(
  collection: Collection,
  wanted: string | PipelineDescription | undefined,
  { config }: Session,
  models: Models,
): Promise<Pipeline<unknown>> {
  if (wanted === undefined || pipelineNames.includes(wanted as PipelineName))
    return collection.pipeline(wanted as PipelineName | undefined);
  const described = config.pipelines ?? {};
  const description = typeof wanted === 'object' ? wanted : (described[wanted] ?? descriptionIn(wanted));
  if (description === undefined) throw unknownName('Pipeline', String(wanted), [...pipelineNames, ...Object.keys(described)]);
  return collection.describedPipeline(description, { model: async (name) => models.lazy(name) });
}

/** The description in a file; undefined where the name is none of a file. */
function descriptionIn(path: string): PipelineDescription | undefined {
  if (!existsSync(path)) {
    if (!/[./\\]/.test(path)) return undefined;
    throw new RankError('NOT_FOUND', `${path} does not exist; expected a JSON or YAML file that describes a pipeline.`, { file: path });
  }
  try {
    return parse(readFileSync(path, 'utf8')) as PipelineDescription;
  } catch (error) {
    throw new RankError('PARSE', `${path} is neither JSON nor YAML: ${(error as Error).message}`, { file: path }, { cause: error });
  }
}

/** Rerankers that are opened when they are first asked. */
class Models {
  readonly #open: Promise<Reranker & { close(): Promise<void> }>[] = [];

  lazy(name: string): StageReranker {
    let opening: Promise<Reranker & { close(): Promise<void> }> | undefined;
    return {
      rerank: async (query, candidates, options) => {
        if (opening === undefined) {
          opening = openReranker(name);
          this.#open.push(opening);
        }
        return (await opening).rerank(query, candidates, options);
      },
    };
  }

  async close(): Promise<void> {
    for (const opening of this.#open) await (await opening.catch(() => undefined))?.close();
  }
}

/** A filter as it is given on the command line: JSON, or `field=value`, `field>=value` … joined by `and`. */
export function filterOf(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new RankError('PARSE', `--filter is no JSON: ${(error as Error).message}`, { found: text }, { cause: error });
    }
  }
  const parts = text.split(/\s+and\s+/i).map((part) => {
    const match = /^\s*([\w.-]+)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*$/.exec(part);
    if (match === null)
      throw new RankError(
        'INVALID_ARGUMENT',
        `--filter has ${JSON.stringify(part)}; expected field=value, field!=value, field>=value …, joined by "and", or a filter as JSON.`,
      );
    const [, field, operator, written] = match as unknown as [string, string, string, string];
    const value = valueOfText(written);
    if (operator === '=') return { field, eq: value };
    if (operator === '!=') return { not: { field, eq: value } };
    return { field, [{ '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' }[operator]!]: value };
  });
  return parts.length === 1 ? parts[0] : { and: parts };
}

function valueOfText(text: string): string | number | boolean {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  if (quoted !== null) return quoted[2]!;
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
