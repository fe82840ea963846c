import { RankError } from './error.ts';

/** Throws a `CANCELLED` error if the caller's signal has fired; call it between units of work. */
export function throwIfCancelled(signal: AbortSignal | undefined, what = 'The work'): void {
  if (signal?.aborted) throw cancelled(signal, what);
}

/** The error for work that a signal ended. A time-out's signal gives `TIMEOUT`. */
export function cancelled(signal: AbortSignal, what = 'The work'): RankError {
  const reason = signal.reason as { name?: unknown } | undefined;
  if (reason?.name === 'TimeoutError')
    return new RankError('TIMEOUT', `${what} took longer than it was allowed to.`, {}, { cause: reason });
  return new RankError('CANCELLED', `${what} was cancelled by its caller.`, {}, { cause: reason });
}

/** Lets timers, sockets and signals be served: long loops on the main thread await this every few milliseconds. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
