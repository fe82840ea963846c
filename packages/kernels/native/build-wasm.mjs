// @ts-check
/**
 * Builds the WebAssembly kernels into wasm/ from the same C as the native ones: `npm run build:wasm -w @rank-rank/kernels`.
 *
 * What it builds is committed, so that a machine without a compiler has SIMD too; wasm/kernels.json holds the hash of the sources, and
 * native/check-wasm.mjs says when they have changed since. Needs clang and wasm-ld of version 15 or later: `CLANG` and `WASM_LD` name others than those found.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from './build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const wasmFolder = join(here, '../wasm');

/** The modules, with the flags that choose their instructions. @type {Record<string, string[]>} */
const modules = { simd128: ['-msimd128'], relaxed: ['-msimd128', '-mrelaxed-simd'] };

const flags = [
  ...[
    '--target=wasm32',
    '-std=gnu11',
    '-O3',
    '-ffp-contract=off',
    '-fno-math-errno',
    '-ffreestanding',
    '-fvisibility=hidden',
    '-Wall',
    '-Werror',
  ],
  // Threads share the memory; the rest has been everywhere as long as SIMD has.
  ...['-matomics', '-mbulk-memory', '-mmutable-globals', '-mnontrapping-fptoint', '-msign-ext'],
  // Sums stay near the numbers they are made of; otherwise more is held at a time than an engine has registers for.
  ...['-mllvm', '-pre-RA-sched=source'],
];
const linkFlags = [
  ...['--no-entry', '--import-memory', '--shared-memory', '--max-memory=4294967296', '--gc-sections', '--strip-all'],
  // Below the stack there is nothing, so one that overflows is an error.
  ...['-z', 'stack-size=262144', '--stack-first', '--export=__stack_pointer'],
];

/** The hash of all that a module is made of: the C files, those they include, and the flags. */
export function sourceHash() {
  /** @type {Set<string>} */
  const files = new Set();
  /** @param {string} name */
  const visit = (name) => {
    if (files.has(name)) return;
    files.add(name);
    for (const [, included] of readFileSync(join(here, name), 'utf8').matchAll(/^#include "([^"]+)"/gm))
      visit(/** @type {string} */ (included));
  };
  for (const name of ['variant.c', 'wasm.c']) visit(name);
  const hash = createHash('sha256');
  hash.update(JSON.stringify([modules, flags, linkFlags]));
  for (const name of [...files].sort()) hash.update(`${name}\n`).update(readFileSync(join(here, name)));
  return hash.digest('hex');
}

/** @param {string | undefined} named @param {string} tool */
function find(named, tool) {
  const versions = ['', ...Array.from({ length: 10 }, (_, i) => `-${24 - i}`)];
  const names = named ? [named] : versions.flatMap((version) => [`${tool}${version}`, `/usr/lib/llvm${version}/bin/${tool}`]);
  const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined)
    throw new Error(
      `${tool} was not found. Install clang and lld (Debian: apt install clang-19 lld-19), or name it in ${tool === 'clang' ? 'CLANG' : 'WASM_LD'}.`,
    );
  return found;
}

async function build() {
  const clang = find(process.env['CLANG'], 'clang');
  const linker = find(process.env['WASM_LD'], 'wasm-ld');
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-wasm-'));
  mkdirSync(wasmFolder, { recursive: true });
  try {
    const built = [];
    for (const [name, own] of Object.entries(modules)) {
      const objects = [];
      for (const source of ['variant.c', 'wasm.c']) {
        const object = join(folder, `${name}-${source}.o`);
        await execute(clang, [...flags, ...own, `-DRR_VARIANT=${name}`, '-c', join(here, source), '-o', object]);
        objects.push(object);
      }
      await execute(linker, [...linkFlags, ...objects, '-o', join(wasmFolder, `${name}.wasm`)]);
      chmodSync(join(wasmFolder, `${name}.wasm`), 0o644);
      const bytes = readFileSync(join(wasmFolder, `${name}.wasm`));
      built.push({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    }
    writeFileSync(join(wasmFolder, 'kernels.json'), `${JSON.stringify({ source: sourceHash(), modules: built }, null, 2)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is wrong with the modules that are there: made from other sources, or not what they were when they were built. @returns {string | undefined} */
export function staleness() {
  const path = join(wasmFolder, 'kernels.json');
  const again = 'Build them again and commit wasm/: npm run build:wasm -w @rank-rank/kernels';
  if (!existsSync(path)) return `wasm/kernels.json is missing. ${again}`;
  const { source, modules: described } = /** @type {{ source: string, modules: { name: string, sha256: string }[] }} */ (
    JSON.parse(readFileSync(path, 'utf8'))
  );
  if (source !== sourceHash()) return `The C sources have changed since the WebAssembly kernels were built. ${again}`;
  for (const { name, sha256 } of described) {
    const file = join(wasmFolder, `${name}.wasm`);
    if (!existsSync(file)) return `wasm/${name}.wasm is missing. ${again}`;
    if (createHash('sha256').update(readFileSync(file)).digest('hex') !== sha256)
      return `wasm/${name}.wasm is not what kernels.json says. ${again}`;
  }
  return undefined;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    await build();
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
    process.exit(1);
  }
}
