import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RankError, shown, unknownName } from '@rank-rank/core';
import type { PipelineDescription } from '@rank-rank/pipeline';
import type { Command } from 'commander';

/**
 * What a `rank.config.ts`, `.js` or `.json` may say: any option of any command, by its name as one word (`fail-if` is `failIf`), for all commands that have it or under the
 * name of one (`tokens search` where it stands under another); and pipelines by name. What is said on the command line wins.
 *
 * @example
 * export default {
 *   collection: 'notes.rank',
 *   search: { k: 5, pipeline: 'quick' },
 *   pipelines: { quick: { stages: [{ retrieve: ['bm25', 'dense'] }, { fuse: 'rrf' }] } },
 * } satisfies RankConfig;
 */
export interface RankConfig extends Readonly<Record<string, unknown>> {
  readonly collection?: string;
  readonly pipelines?: Readonly<Record<string, PipelineDescription>>;
}

export interface FoundConfig {
  readonly path: string | undefined;
  readonly config: RankConfig;
}

const names = ['rank.config.ts', 'rank.config.mts', 'rank.config.js', 'rank.config.mjs', 'rank.config.json'];

/** The configuration of a folder, or the file that is named; an empty one where there is none. */
export async function loadConfig(folder: string, named?: string): Promise<FoundConfig> {
  const path = named === undefined ? names.map((name) => join(folder, name)).find((each) => existsSync(each)) : resolve(folder, named);
  if (path === undefined) return { path, config: {} };
  if (!existsSync(path)) throw new RankError('NOT_FOUND', `${path} does not exist; expected a configuration.`, { file: path });
  const value = await read(path);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RankError('INVALID_ARGUMENT', `${path} gives ${shown(value)}; expected an object of options, as its default export.`, {
      file: path,
    });
  return { path, config: value as RankConfig };
}

async function read(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'));
    if (/\.m?ts$/.test(path)) {
      const { createJiti } = await import('jiti');
      return await createJiti(import.meta.url).import(path, { default: true });
    }
    return ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    throw new RankError('PARSE', `${path} cannot be read: ${(error as Error).message}`, { file: path }, { cause: error });
  }
}

/** Puts what the configuration says in the place of options' defaults. What no command knows is an error. */
export function applyConfig({ path, config }: FoundConfig, commands: readonly Command[]): void {
  const known = new Set(['pipelines']);
  for (const command of commands) {
    known.add(nameOf(command));
    for (const option of command.options) known.add(option.attributeName());
  }
  for (const key of Object.keys(config)) if (!known.has(key)) throw unknownName(`${path}: option`, key, [...known]);
  for (const command of commands) {
    const name = nameOf(command);
    const own = config[name];
    const section = typeof own === 'object' && own !== null && !Array.isArray(own) ? (own as Record<string, unknown>) : {};
    const attributes = command.options.map((option) => option.attributeName());
    for (const key of Object.keys(section)) if (!attributes.includes(key)) throw unknownName(`${path}: option of ${name}`, key, attributes);
    for (const option of attributes) {
      const value = section[option] ?? config[option];
      if (value !== undefined && !(option === name && value === own)) command.setOptionValueWithSource(option, value, 'config');
    }
  }
}

/** `search`; `tokens search` for a command under another. */
function nameOf(command: Command): string {
  const above = command.parent?.parent == null ? '' : `${command.parent.name()} `;
  return above + command.name();
}
