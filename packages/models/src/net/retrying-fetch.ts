import { cancelled, checkInteger, checkNumber, RankError } from '@rank-rank/core';

/** How a server that may be slow, busy or broken is called. */
export interface NetworkOptions {
  /** The longest wait for an answer, or between two pieces of a download, in milliseconds; 60000 by default. */
  readonly timeoutMs?: number;
  /** How often a failed request is made again; 4 by default. */
  readonly retries?: number;
  /** The wait before the first repetition, in milliseconds, doubled each time and shortened at random; 500 by default. */
  readonly retryDelayMs?: number;
  /** The longest wait before a repetition: a server that asks for more is not waited for; 60000 by default. */
  readonly maxDelayMs?: number;
  /** Instead of the global `fetch`: through a proxy, or with a certificate of one's own. */
  readonly fetch?: typeof globalThis.fetch;
}

export const networkOptions: readonly string[] = ['timeoutMs', 'retries', 'retryDelayMs', 'maxDelayMs', 'fetch'];

export function checkNetworkOptions(where: string, options: NetworkOptions): Required<NetworkOptions> {
  return {
    timeoutMs: checkNumber(`${where}: timeoutMs`, options.timeoutMs ?? 60_000, { above: 0 }),
    retries: checkInteger(`${where}: retries`, options.retries ?? 4, { min: 0, max: 20 }),
    retryDelayMs: checkNumber(`${where}: retryDelayMs`, options.retryDelayMs ?? 500, { min: 0 }),
    maxDelayMs: checkNumber(`${where}: maxDelayMs`, options.maxDelayMs ?? 60_000, { min: 0 }),
    fetch: options.fetch ?? globalThis.fetch,
  };
}

/** Answers that another attempt may better: too busy, too slow, or broken for the moment. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** An error of a connection, not of what came over it. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/**
 * Fetches, again and again while that may help: after broken connections, time-outs, 408, 425, 429 and 5xx, waiting as long as
 * the server asks or twice as long each time, shortened at random so that many clients do not come back together (Brooker,
 * "Exponential Backoff And Jitter", 2015).
 *
 * `read` is given every answer that is not of that kind, and `alive`, to be called as data come: the time-out counts from there.
 */
export async function retryingFetch<T>(
  url: string,
  init: RequestInit,
  read: (response: Response, alive: () => void) => Promise<T>,
  network: Required<NetworkOptions>,
  signal?: AbortSignal,
): Promise<T> {
  const host = new URL(url).host;
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(url, init, read, network, signal);
    if ('value' in outcome) return outcome.value;
    const asked = outcome.retryAfterMs;
    if (asked !== undefined && asked > network.maxDelayMs) {
      throw new RankError(
        'REMOTE',
        `${host} asks to wait ${Math.ceil(asked / 1000)} seconds before the next request, longer than is waited here (${network.maxDelayMs / 1000} s). ${outcome.error.message}`,
        { ...outcome.error.details, retryAfterSeconds: asked / 1000 },
        { cause: outcome.error },
      );
    }
    if (attempt >= network.retries) throw outcome.error;
    const backoff = Math.min(network.maxDelayMs, network.retryDelayMs * 2 ** attempt);
    await pause(asked ?? backoff * (0.5 + Math.random() / 2), signal);
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: RankError; readonly retryAfterMs?: number };

async function once<T>(
  url: string,
  init: RequestInit,
  read: (response: Response, alive: () => void) => Promise<T>,
  network: Required<NetworkOptions>,
  signal: AbortSignal | undefined,
): Promise<Outcome<T>> {
  if (signal?.aborted) throw cancelled(signal, 'The request');
  const host = new URL(url).host;
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), network.timeoutMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), network.timeoutMs);
  };
  const end = (): void => stop.abort();
  signal?.addEventListener('abort', end, { once: true });
  try {
    const response = await network.fetch(url, { ...init, signal: stop.signal });
    if (isPassing(response.status)) {
      const retryAfterMs = retryAfter(response.headers);
      const text = await response.text().catch(() => '');
      const error = new RankError(
        'REMOTE',
        `${host} answered ${response.status}${said(text)}. ${response.status === 429 ? 'It limits how often it may be asked: ask less often, or with a key that may ask more.' : 'It is overloaded or broken for the moment: try again later.'}`,
        { url, status: response.status, ...(retryAfterMs !== undefined && { retryAfterMs }) },
      );
      return { error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
    return { value: await read(response, alive) };
  } catch (cause) {
    if (signal?.aborted) throw cancelled(signal, 'The request');
    if (stop.signal.aborted) {
      return { error: new RankError('TIMEOUT', `${host} did not answer within ${network.timeoutMs / 1000} seconds.`, { url }, { cause }) };
    }
    if (!isConnectionError(cause)) throw cause;
    const why = (cause as Error & { cause?: Error }).cause?.message ?? (cause as Error).message;
    return {
      error: new RankError(
        'REMOTE',
        `${host} cannot be reached, or broke off: ${why}. Is it running, and is the address right?`,
        { url, unreachable: true },
        { cause },
      ),
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** `fetch` throws a TypeError for whatever goes wrong below HTTP, and so do its bodies. */
function isConnectionError(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof TypeError;
}

/** When a server wants to be asked again, in milliseconds: `Retry-After` in seconds or as a date, or the finer one of some vendors. */
function retryAfter(headers: Headers): number | undefined {
  const fine = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (fine >= 0) return fine;
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  if (seconds >= 0) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(cancelled(signal!, 'The request'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** What a server says of its error, in any of the forms in use, for a message: `: too many requests`. */
export function said(body: string): string {
  if (body.trim() === '') return '';
  if (/^\s*</.test(body)) {
    const title = /<title>([^<]*)<\/title>/i.exec(body)?.[1]?.trim();
    return ` with a web page${title ? ` (${title.slice(0, 80)})` : ''}`;
  }
  try {
    const json = JSON.parse(body) as Record<string, unknown>;
    const error = json['error'];
    const text = [
      typeof error === 'object' && error !== null ? (error as Record<string, unknown>)['message'] : error,
      json['message'],
      json['detail'],
    ].find((candidate) => candidate !== undefined && candidate !== null);
    if (typeof text === 'string') return `: ${text.slice(0, 300)}`;
    if (text !== undefined) return `: ${JSON.stringify(text).slice(0, 300)}`;
  } catch {
    // Not JSON: shown as it is.
  }
  return `: ${body.trim().slice(0, 200)}`;
}
