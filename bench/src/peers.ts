import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerOptions, Row } from './question.ts';

export const shared: string = fileURLToPath(new URL('../../../shared', import.meta.url));
export const peersFolder: string = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/rank-rank-peers');

/**
 * Runs a peer's script, one of `../shared/bench` or one of ours by its whole path, and gives the rows it prints as they come. The setup.sh of its folder makes the environment; where
 * that has not been run the answer is what is missing, in words.
 */
export async function runPeer(
  script: string,
  { args = [], environment, env = {}, timeoutSeconds = 1800 }: PeerOptions,
  onRow: (row: Row) => void,
): Promise<string | undefined> {
  const path = isAbsolute(script) ? script : join(shared, 'bench', script);
  if (!existsSync(path)) return `${path} is not here`;
  // What is no Python is a program that setup.sh has built.
  const isProgram = !path.endsWith('.py');
  const python = join(peersFolder, environment ?? dirname(script), 'bin/python');
  if (!isProgram && !existsSync(python)) return `${python} is not here: run setup.sh of ${dirname(path)} first`;
  return new Promise((resolve) => {
    const child = spawn(isProgram ? path : python, isProgram ? args : [path, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000);
    let pending = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop()!;
      for (const line of lines) if (line.startsWith('{')) onRow(JSON.parse(line) as Row);
    });
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-2000);
    });
    child.on('error', (error) => resolve(String(error)));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? undefined : `it ended with exit ${code}: ${errors.trim().split('\n').at(-1)}`);
    });
  });
}
