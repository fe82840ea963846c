// @ts-check
/**
 * Lays out the library that `node native/build.mjs` built as a package for this platform: `node native/package.mjs [FOLDER]` (build/package by default).
 * The loader looks for a package of that name first, so an installation that has it needs no compiler.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFolder } from './build.mjs';

const own = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version, license, engines, publishConfig } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
const { platform, arch } = process;
const folder = process.argv[2] ?? join(buildFolder, 'package');
const name = `@rank-rank/kernels-${platform}-${arch}`;
/** @type {{ header?: { glibcVersionRuntime?: string } }} */
const report = /** @type {any} */ (process.report.getReport());

mkdirSync(folder, { recursive: true });
for (const file of ['kernels.node', 'kernels.json']) copyFileSync(join(buildFolder, file), join(folder, file));
const manifest = {
  name,
  version,
  description: `The native kernels of rank-rank for ${platform} on ${arch}.`,
  license,
  engines,
  os: [platform],
  cpu: [arch],
  ...(platform === 'linux' && { libc: [report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'] }),
  exports: { './kernels.json': './kernels.json', './kernels.node': './kernels.node', './package.json': './package.json' },
  files: ['kernels.node', 'kernels.json'],
  publishConfig,
};
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(
  join(folder, 'README.md'),
  `# ${name}\n\n${manifest.description} Installed beside \`@rank-rank/kernels\`, which finds it by its name.\n`,
);
process.stdout.write(`${name} ${version} lies in ${folder}\n`);
