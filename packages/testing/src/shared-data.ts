import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Real collections, runs and expected figures, kept beside the repository and never in it. */
const folder = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** The path of something in the data folder, or undefined where it is not here. */
export function sharedData(path: string): string | undefined {
  const full = join(folder, path);
  return existsSync(full) ? full : undefined;
}

/**
 * A `describe` whose tests read real data: skipped, with the reason in its title, where the data is absent.
 *
 * @example describeWithData('agrees with trec_eval', 'trec_eval', (path) => { it('…', () => readFileSync(join(path, 'out.test'))); });
 */
export function describeWithData(title: string, path: string, body: (path: string) => void): void {
  const full = sharedData(path);
  if (full === undefined) describe.skip(`${title} (not run: ../shared/data/${path} is not here)`, () => {});
  else describe(title, () => body(full));
}
