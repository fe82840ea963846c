// @ts-check
/**
 * `npm run check`: everything but the tests. Each check is independent; all run, then the failures are shown.
 * A package adds checks of its own in its package.json: "checks": [{ "name": "…", "run": "native/check.mjs" }].
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { binOf, root, run, runNode, workspaces } from './steps.mjs';

await setup();

/** @typedef {{ name: string, work: () => Promise<{ code: number, output: string }> }} Check */
const quiet = { quiet: true };
const published = workspaces().filter(({ manifest }) => !manifest.private);

/** Packs a package once and lets publint and attw read the same tarball. @param {string} folder */
async function packaging(folder) {
  const place = mkdtempSync(join(tmpdir(), 'rank-rank-pack-'));
  try {
    const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place], { cwd: folder, quiet: true });
    const tarball = readdirSync(place)[0];
    if (packed.code !== 0 || tarball === undefined) return { code: 1, output: packed.output };
    const lint = await runNode(join(root, 'node_modules/publint/src/cli.js'), [join(place, tarball), '--strict'], quiet);
    const types = await runNode(
      binOf('@arethetypeswrong/cli', 'attw'),
      [join(place, tarball), '--profile', 'esm-only', '--no-emoji'],
      quiet,
    );
    return { code: lint.code || types.code, output: (lint.code ? lint.output : '') + (types.code ? types.output : '') };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @type {Check[]} */
const checks = [
  { name: 'types of tests and scripts', work: () => runNode(binOf('typescript', 'tsc'), ['-p', 'tsconfig.check.json'], quiet) },
  { name: 'lint and format', work: () => runNode(binOf('@biomejs/biome', 'biome'), ['check', '--error-on-warnings', root], quiet) },
  { name: 'unused code and dependencies', work: () => runNode(binOf('knip', 'knip'), [], quiet) },
  ...published.map(({ folder, manifest }) => ({ name: `packaging of ${manifest.name}`, work: () => packaging(folder) })),
  ...workspaces().flatMap(({ folder, manifest }) =>
    (manifest.checks ?? []).map((/** @type {{ name: string, run: string }} */ check) => ({
      name: `${manifest.name}: ${check.name}`,
      work: () => runNode(check.run, [], { cwd: folder, quiet: true }),
    })),
  ),
];

const wanted = process.argv.slice(2);
let passed = 0;
const failed = [];
for (const { name, work } of checks) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const { code, output } = await work();
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (code === 0) passed++;
  else failed.push({ name, output });
}
for (const { name, output } of failed) console.log(`\n--- ${name}\n${output.trim()}`);
console.log(`\n${passed} checks passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
