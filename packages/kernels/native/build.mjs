// @ts-check
/**
 * Builds the native kernels into build/kernels.node with the system's C compiler: `node native/build.mjs`. Needs no network.
 *
 * native/variant.c holds all kernels and is compiled once for each instruction set that the compiler knows; which one runs is decided at load.
 * `CC` names another compiler, `CFLAGS` adds to its flags. Beside the library stands kernels.json, by which the loader knows it whole.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const buildFolder = join(here, '../build');

const avx2 = ['-mavx2', '-mfma', '-mf16c', '-mbmi', '-mbmi2', '-mpopcnt'];
const avx512 = [...avx2, '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512cd'];
const bf16 = [...avx512, '-mavx512vnni', '-mavx512bf16', '-mavx512vbmi', '-mavx512bitalg', '-mavx512vpopcntdq'];

/** The variants of each architecture, with the flags that choose their instructions. @type {Record<string, Record<string, string[]>>} */
export const variants = {
  x64: {
    amx: [...bf16, '-mamx-tile', '-mamx-int8'],
    avx512bf16: bf16,
    avx512vnni: [...avx512, '-mavx512vnni'],
    avx512,
    avx2vnni: [...avx2, '-mavxvnni'],
    avx2,
    sse2: [],
  },
  arm64: { neondot: ['-march=armv8.2-a+dotprod'], neon: [] },
};

export const commonFlags = ['-std=gnu11', '-O3', '-ffp-contract=off', '-fno-math-errno', '-fvisibility=hidden', '-fPIC', '-pthread'];

/** Where node_api.h is: the headers package, or the headers that came with this Node. */
export function headers() {
  try {
    const require = createRequire(import.meta.url);
    return require('node-api-headers').include_dir;
  } catch {
    const own = join(dirname(process.execPath), '../include/node');
    if (existsSync(join(own, 'node_api.h'))) return own;
    throw new Error('node_api.h was not found. Install it with: npm install --no-save node-api-headers');
  }
}

/** The C compiler, or undefined. */
export function compiler() {
  const names = process.env['CC'] ? [process.env['CC']] : ['cc', 'gcc', 'clang'];
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/**
 * Compiles what `sources` names for an architecture, all variants that the compiler knows (or those of `only`), and returns the object files.
 * @param {{ cc: string, arch: string, folder: string, flags: readonly string[], sources: readonly string[], only?: readonly string[] }} options
 */
export async function compile({ cc, arch, folder, flags, sources, only }) {
  mkdirSync(folder, { recursive: true });
  const wanted = variants[arch] ?? { scalar: [] };
  const known = Object.entries(wanted).filter(
    ([name, own]) =>
      (only === undefined || only.includes(name)) &&
      spawnSync(cc, [...own, '-Werror', '-x', 'c', '-fsyntax-only', '-'], { input: 'int x;', stdio: ['pipe', 'ignore', 'ignore'] })
        .status === 0,
  );
  const every = ['amx', 'avx512bf16', 'avx512vnni', 'avx512', 'avx2vnni', 'avx2', 'sse2', 'neondot', 'neon', 'scalar'];
  writeFileSync(
    join(folder, 'variants.h'),
    every.map((name) => `#define RR_IF_${name.toUpperCase()}(code) ${known.some(([own]) => own === name) ? 'code' : ''}\n`).join(''),
  );
  const jobs = [
    ...known.map(([name, own]) => ({ output: `variant-${name}.o`, args: [...own, `-DRR_VARIANT=${name}`, join(here, 'variant.c')] })),
    ...sources.map((source) => ({ output: `${source}.o`, args: [join(here, source)] })),
  ];
  const objects = jobs.map(({ output }) => join(folder, output));
  const queue = jobs.map(({ args }, i) => [
    ...commonFlags,
    ...flags,
    `-I${folder}`,
    '-c',
    ...args,
    '-o',
    /** @type {string} */ (objects[i]),
  ]);
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let args = queue.shift(); args !== undefined; args = queue.shift()) await execute(cc, args);
  });
  await Promise.all(workers);
  return { objects, instructionSets: known.map(([name]) => name) };
}

/** @param {string} command @param {readonly string[]} args @returns {Promise<void>} */
export function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')}\n${output}`))));
  });
}

async function build() {
  if (process.platform === 'win32') throw new Error('There is no native build for Windows yet; the WebAssembly kernels are used.');
  const cc = compiler();
  if (cc === undefined) throw new Error('No C compiler was found (cc, gcc, clang, or what CC names); the WebAssembly kernels are used.');
  const extra = (process.env['CFLAGS'] ?? '').split(' ').filter(Boolean);
  const { objects, instructionSets } = await compile({
    cc,
    arch: process.arch,
    folder: join(buildFolder, 'objects'),
    flags: [`-I${headers()}`, ...extra],
    sources: ['dispatch.c', 'threads.c', 'node.c'],
  });
  const library = join(buildFolder, 'kernels.node');
  const fresh = `${library}.${process.pid}`;
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-Wl,-s'];
  await execute(cc, [...shared, '-pthread', ...extra, ...objects, '-o', fresh]);
  const bytes = readFileSync(fresh);
  const description = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), instructionSets };
  // A loader that comes between the two finds a pair that does not match, and uses WebAssembly.
  renameSync(fresh, library);
  writeFileSync(join(buildFolder, 'kernels.json'), `${JSON.stringify(description)}\n`);
  rmSync(join(buildFolder, 'objects'), { recursive: true });
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    await build();
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
    process.exit(1);
  }
}
