import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkOptions, type OnProgress, RankError } from '@rank-rank/core';
import { checkNetworkOptions, type NetworkOptions, networkOptions } from '../net/retrying-fetch.ts';

/** Where models come from and where they are kept. What is not said is taken from the environment, as Hugging Face's tools do. */
export interface HubOptions extends NetworkOptions {
  /** The hub's address; $HF_ENDPOINT, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Where files are kept; $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub. Shared with Python's huggingface_hub. */
  readonly cache?: string;
  /** For private and gated models; $HF_TOKEN, else the token that `hf auth login` keeps. `false` sends none. */
  readonly token?: string | false;
  /** Uses nothing but what is in the cache; true where $HF_HUB_OFFLINE is set. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export const hubOptionNames: readonly string[] = [...networkOptions, 'endpoint', 'cache', 'token', 'offline', 'signal', 'onProgress'];

export interface HubSettings {
  readonly endpoint: string;
  readonly cache: string;
  readonly token: string | undefined;
  readonly offline: boolean;
  readonly network: Required<NetworkOptions>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

export function hubSettings(options: HubOptions = {}): HubSettings {
  checkOptions('hub', options, hubOptionNames);
  const { env } = process;
  const home = env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface');
  const endpoint = (options.endpoint ?? (env['HF_ENDPOINT'] || 'https://huggingface.co')).replace(/\/+$/, '');
  if (!URL.canParse(endpoint)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `The hub's endpoint is ${JSON.stringify(endpoint)}; expected an address such as https://huggingface.co.`,
    );
  }
  return {
    endpoint,
    cache: options.cache ?? (env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub')),
    token: options.token === false ? undefined : (options.token ?? tokenOf(home)),
    offline: options.offline ?? (isSet(env['HF_HUB_OFFLINE']) || isSet(env['TRANSFORMERS_OFFLINE'])),
    network: checkNetworkOptions('hub', { timeoutMs: 30_000, ...options }),
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

/** Hugging Face's tools take these values for yes. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && /^(1|on|yes|true)$/i.test(value);
}

function tokenOf(home: string): string | undefined {
  const { env } = process;
  if (isSet(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return undefined;
  const named = env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'];
  if (named) return named.trim();
  const file = env['HF_TOKEN_PATH'] || join(home, 'token');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}
