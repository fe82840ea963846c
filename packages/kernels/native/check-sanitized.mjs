// @ts-check
/**
 * Runs the package's tests over C that was built with the address and undefined-behaviour sanitizers: `node native/check-sanitized.mjs`.
 * Tile registers (AMX) are emulated in them, so that their code runs where no processor has them.
 * Where the compiler has no sanitizers, or Node cannot be run with them, it says so and passes.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { buildFolder, compile, compiler, execute, headers } from './build.mjs';

/** One variant for each width of registers: the others differ in single steps that the tests of every variant cover. */
const variants = ['avx512bf16', 'avx2', 'sse2', 'neon', 'scalar'];
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];

/** @param {string} why @returns {never} */
function skip(why) {
  process.stdout.write(`skipped: ${why}\n`);
  process.exit(0);
}

const cc = compiler();
if (process.platform !== 'linux') skip('the sanitizers are only loaded into Node on Linux');
if (cc === undefined) skip('there is no C compiler');
const runtime = spawnSync(cc, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
if (!isAbsolute(runtime)) skip(`${cc} has no address sanitizer that can be loaded into Node`);

const folder = join(buildFolder, 'sanitized');
mkdirSync(folder, { recursive: true });
const { objects, instructionSets } = await compile({
  cc,
  arch: process.arch,
  folder: join(folder, 'objects'),
  flags: [`-I${headers()}`, '-DRR_CHECKED', '-DRR_EMULATE_AMX', '-O1', '-g1', ...sanitizers],
  sources: ['dispatch.c', 'threads.c', 'node.c'],
  only: variants,
});
const library = join(folder, 'kernels.node');
await execute(cc, ['-shared', '-pthread', ...sanitizers, ...objects, '-o', library]);
const bytes = readFileSync(library);
const description = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), instructionSets };
writeFileSync(join(folder, 'kernels.json'), JSON.stringify(description));
rmSync(join(folder, 'objects'), { recursive: true });

const env = {
  ...process.env,
  LD_PRELOAD: runtime,
  // Node leaves to the end of the process what it has not freed; an array that cannot be had is an exception, not an end.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
  RANK_KERNELS: 'native',
  RANK_KERNELS_FOLDER: folder,
};
const alive = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(library)})`], { env, encoding: 'utf8' });
if (alive.status !== 0) skip(`Node does not run with the sanitizer here: ${alive.stderr.trim().split('\n').at(-1)}`);
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const tests = spawnSync(process.execPath, [vitest, 'run', '--root', join(buildFolder, '../../..'), 'packages/kernels/src'], {
  env,
  encoding: 'utf8',
});
if (tests.status !== 0) {
  const lines = `${tests.stdout}${tests.stderr}`.split('\n');
  const reported = lines.findIndex((line) => /runtime error|AddressSanitizer/.test(line));
  process.stderr.write(`${(reported < 0 ? lines.slice(-60) : lines.slice(reported, reported + 60)).join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(`the tests pass under the sanitizers (${instructionSets.join(', ')})\n`);
