import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/**
 * A temporary folder for the tests of a file, or of a `describe`, in which models that are exported on the way are kept too: folders of weights
 * alone are, and must not be found by other tests, or by the user.
 */
export function folderWithOwnCache(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `rank-rank-${name}-`));
  const before = process.env['RANK_CACHE'];
  beforeAll(() => {
    process.env['RANK_CACHE'] = join(folder, 'cache');
  });
  afterAll(() => {
    if (before === undefined) delete process.env['RANK_CACHE'];
    else process.env['RANK_CACHE'] = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
