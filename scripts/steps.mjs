// @ts-check
/** What the build scripts share: running commands, and knowing whether a step's inputs changed since it last succeeded. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamps = join(root, '.cache', 'steps');

/**
 * Runs a command, showing its output (or keeping it back until it fails), and resolves to its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, quiet?: boolean, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { cwd = root, quiet = false, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), output }));
  });
}

/** @param {string} name @param {readonly string[]} args @param {{ cwd?: string, quiet?: boolean }} [options] */
export function runNode(name, args, options) {
  return run(process.execPath, [name, ...args], options);
}

/**
 * The path of a command that an installed package brings.
 * @param {string} packageName @param {string} command
 */
export function binOf(packageName, command) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/**
 * Workspace folders that hold a package, in the order of their names.
 * @returns {{ folder: string, manifest: any }[]}
 */
export function workspaces() {
  /** @type {{ workspaces: string[] }} */
  const { workspaces: patterns } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [join(root, pattern)];
    const parent = join(root, pattern.slice(0, -2));
    if (!existsSync(parent)) return [];
    return readdirSync(parent)
      .sort()
      .map((name) => join(parent, name));
  });
  return folders
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }));
}

/**
 * A fingerprint of files and folders by path, size and time: cheap enough to take at every start.
 * @param {readonly string[]} paths
 */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const visit = (path) => {
    if (!existsSync(path)) {
      hash.update(`${relative(root, path)} absent\n`);
      return;
    }
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== 'node_modules' && name !== 'dist') visit(join(path, name));
      }
    } else {
      hash.update(`${relative(root, path)} ${stat.size} ${stat.mtimeMs}\n`);
    }
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

/** @param {readonly string[]} paths */
export function contentHash(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(existsSync(path) ? readFileSync(path) : 'absent');
  return hash.digest('hex');
}

/**
 * Runs `work` unless it already succeeded with the same mark and its outputs are still there.
 * @param {string} name @param {string} mark @param {readonly string[]} outputs @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it ran
 */
export async function unlessFresh(name, mark, outputs, work) {
  const stamp = join(stamps, name.replaceAll(/[^\w.-]/g, '_'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === mark && outputs.every((path) => existsSync(path))) return false;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, mark);
  return true;
}

/** Ends the process with what went wrong and no stack, for failures that are the user's to mend. @param {string} message @returns {never} */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
