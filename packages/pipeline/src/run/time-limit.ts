import { cancelled, RankError } from '@rank-rank/core';

/**
 * Runs work under a signal that also fires after `milliseconds`, and gives up on work that does not heed it.
 * Late results and late errors of abandoned work are dropped.
 */
export async function withinTime<T>(
  what: string,
  milliseconds: number | undefined,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer.aborted) throw cancelled(outer, what);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onOuter: (() => void) | undefined;
  const end = new Promise<never>((_, reject) => {
    onOuter = () => {
      controller.abort(outer.reason);
      reject(cancelled(outer, what));
    };
    outer.addEventListener('abort', onOuter, { once: true });
    if (milliseconds !== undefined) {
      timer = setTimeout(() => {
        const reason = new RankError('TIMEOUT', `${what} took longer than the ${Math.round(milliseconds)} ms it was allowed.`, {
          milliseconds,
        });
        controller.abort(reason);
        reject(reason);
      }, milliseconds);
    }
  });
  try {
    return await Promise.race([work(controller.signal), end]);
  } finally {
    clearTimeout(timer);
    if (onOuter !== undefined) outer.removeEventListener('abort', onOuter);
  }
}
