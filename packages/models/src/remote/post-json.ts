import { checkString, RankError } from '@rank-rank/core';
import { checkNetworkOptions, type NetworkOptions, networkOptions, retryingFetch, said } from '../net/retrying-fetch.ts';

/** Where a server is and how it is spoken to. */
export interface RemoteOptions extends NetworkOptions {
  /** The server's address, with or without the version (`/v1`) at its end. */
  readonly baseUrl?: string;
  readonly apiKey?: string;
  /** Sent with every request, over what would be sent without. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests under way at once; 4 by default. */
  readonly concurrency?: number;
}

export const remoteOptions: readonly string[] = [...networkOptions, 'baseUrl', 'apiKey', 'headers', 'concurrency'];

/** A server that JSON is posted to. */
export class RemoteServer {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #network: Required<NetworkOptions>;

  constructor(where: string, options: RemoteOptions, defaultBase?: string) {
    const base = checkString(`${where}: baseUrl`, options.baseUrl ?? defaultBase);
    if (!URL.canParse(base) || !/^https?:/.test(base)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${where}: baseUrl is ${JSON.stringify(base)}; expected an address such as http://127.0.0.1:8080.`,
      );
    }
    this.#base = base.replace(/\/+$/, '');
    this.#network = checkNetworkOptions(where, options);
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'rank-rank',
      ...(options.apiKey !== undefined && { authorization: `Bearer ${options.apiKey}` }),
      ...options.headers,
    };
  }

  /** Posts and gives the answer. What another attempt would not better is an error at once, with the server's own words. */
  async post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const url = this.urlOf(path);
    return retryingFetch(
      url,
      { method: 'POST', headers: this.#headers, body: JSON.stringify(body) },
      async (response) => {
        const text = await response.text();
        if (!response.ok) throw refusal(url, response.status, text);
        try {
          return JSON.parse(text) as T;
        } catch (cause) {
          throw new RankError(
            'REMOTE',
            `${url} answered${said(text) || ' nothing'}, which is no JSON. Is it the right address?`,
            { url, status: response.status },
            { cause },
          );
        }
      },
      this.#network,
      signal,
    );
  }

  /** A path of this server. A version that the base ends with is not said twice. */
  urlOf(path: string): string {
    const version = /\/v\d+$/.exec(this.#base)?.[0];
    return version !== undefined && path.startsWith(`${version}/`) ? this.#base + path.slice(version.length) : this.#base + path;
  }
}

function refusal(url: string, status: number, text: string): RankError {
  const hint =
    status === 401 || status === 403
      ? ' Check the key (apiKey).'
      : status === 404
        ? ' Check baseUrl and the name of the model.'
        : status === 413
          ? ' Send less at once (maxBatch).'
          : '';
  return new RankError('REMOTE', `${url} answered ${status}${said(text)}.${hint}`, { url, status, body: text.slice(0, 1000) });
}

/** The error for an answer that is JSON and not of the agreed form. */
export function malformed(what: string, why: string): RankError {
  return new RankError('REMOTE', `${what} gave an answer that cannot be used: ${why}. Is it the dialect this server speaks?`, { what });
}

/** Whether a refusal says that too much was sent at once. */
export function isTooMuch(error: unknown): boolean {
  if (!(error instanceof RankError) || error.code !== 'REMOTE') return false;
  const { status, body } = error.details as { status?: number; body?: string };
  return (
    status === 413 ||
    ((status === 400 || status === 422) && /batch size|too (many|large|long)|maximum (allowed )?(batch|number)/i.test(body ?? ''))
  );
}

/**
 * Runs portions of a list, a few at a time; a portion that the server finds too much is halved until it is not.
 * `work` is given the place of its portion.
 */
export async function inPortions(
  count: number,
  size: number,
  concurrency: number,
  work: (from: number, to: number) => Promise<void>,
): Promise<void> {
  const portions: [from: number, to: number][] = [];
  for (let from = 0; from < count; from += size) portions.push([from, Math.min(count, from + size)]);
  const run = async ([from, to]: [number, number]): Promise<void> => {
    try {
      await work(from, to);
    } catch (error) {
      if (to - from < 2 || !isTooMuch(error)) throw error;
      const middle = (from + to) >> 1;
      await run([from, middle]);
      await run([middle, to]);
    }
  };
  let next = 0;
  const failed: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < portions.length && failed.length === 0) {
      await run(portions[next++]!).catch((error: unknown) => {
        failed.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, portions.length) }, worker));
  if (failed.length > 0) throw failed[0];
}
