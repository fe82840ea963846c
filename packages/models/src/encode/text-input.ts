import {
  checkOneOf,
  checkOptions,
  checkString,
  type EncodeOptions,
  RankError,
  type TextRole,
  throttleProgress,
  throwIfCancelled,
} from '@rank-rank/core';
import type { TokenRow } from '../run/batch.ts';
import type { ModelRunner, RowResult } from '../run/model-runner.ts';

/** How many texts are tokenised, sorted and run together: enough to make even batches, few enough to hold in memory. */
const portion = 2048;

/** So many texts are a query rather than work, and tokenised before a thread has woken. */
const few = 4;

/** Refuses what is no list of texts, naming the first that is none. */
export function checkTexts(where: string, texts: unknown, as?: unknown): readonly string[] {
  if (!Array.isArray(texts)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: texts are ${typeof texts === 'string' ? 'one string' : typeof texts}; expected an array of strings.`,
    );
  }
  for (let i = 0; i < texts.length; i++) checkString(`${where}: texts[${i}]`, texts[i]);
  if (as !== undefined) checkOneOf(`${where}: as`, as, ['query', 'document'] as const satisfies readonly TextRole[]);
  return texts as readonly string[];
}

/**
 * Tokenises and runs texts a portion at a time: while one portion runs the next is tokenised, and no more than two are held.
 */
export async function runTexts(
  where: string,
  runner: ModelRunner,
  count: number,
  wanted: readonly number[],
  rowsOf: (from: number, to: number, signal: AbortSignal | undefined) => Promise<readonly TokenRow[]>,
  take: (text: number, results: readonly RowResult[]) => void,
  options: EncodeOptions = {},
): Promise<void> {
  checkOptions(where, options, ['signal', 'onProgress']);
  const { signal } = options;
  throwIfCancelled(signal, where);
  if (count > 0 && count <= few) runner.announce();
  const progress = throttleProgress(options.onProgress);
  let done = 0;
  let running: Promise<void> = Promise.resolve();
  for (let from = 0; from < count; from += portion) {
    const to = Math.min(count, from + portion);
    // A text of no tokens at all (no special ones either) still needs a row that a graph can run.
    const rows = (await rowsOf(from, to, signal)).map((row) => (row.ids.length > 0 ? row : { ids: Int32Array.of(runner.padId) }));
    await running;
    running = runner
      .run(
        rows,
        wanted,
        (row, results) => {
          take(from + row, results);
          progress({ stage: 'encoding', done: ++done, total: count, unit: 'texts' });
        },
        signal === undefined ? {} : { signal },
      )
      .catch((error: unknown) => {
        throw atText(error, from);
      });
    // A failure is reported when it is awaited; until then it must not count as unhandled.
    running.catch(() => undefined);
  }
  await running;
}

/** An error about a row of a portion, told by its place among all the texts. */
function atText(error: unknown, from: number): unknown {
  if (!(error instanceof RankError) || typeof error.details['row'] !== 'number') return error;
  const text = from + error.details['row'];
  const { row: _, ...details } = error.details;
  return new RankError(error.code, `texts[${text}]: ${error.message}`, { ...details, text }, { cause: error });
}
