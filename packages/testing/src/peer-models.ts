import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** Where real models lie: $RANK_TEST_MODELS, else where the peers' setup scripts lay them out. */
const folder = process.env['RANK_TEST_MODELS'] ?? join(process.env['PEERS_DIR'] ?? join(homedir(), '.cache/rank-rank-peers'), 'models');

/**
 * A `describe` whose tests run a real model, such as `all-MiniLM-L6-v2/onnx/model.onnx`: skipped, with the reason in its title, where it is
 * not here.
 */
export function describeWithModel(title: string, path: string, body: (folder: string) => void): void {
  const [name] = path.split('/') as [string];
  const full = join(folder, path);
  if (existsSync(full)) describe(title, () => body(join(folder, name)));
  else describe.skip(`${title} (not run: ${full} is not here)`, () => {});
}
