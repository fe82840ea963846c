import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what can be made again is kept: $RANK_CACHE, else the system's folder for such things. */
export function cacheFolder(): string {
  const chosen = process.env['RANK_CACHE'];
  if (chosen) return chosen;
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'), 'rank-rank');
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rank-rank');
}
