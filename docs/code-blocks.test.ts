/**
 * Every TypeScript block of every README and guide is executed, in a file of its own inside the repository so that imports
 * resolve as they do for a reader. A block that cannot run here (it needs a key, a model, a server) says `ts no-run`.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeBlocks } from '@rank-rank/testing';
import { afterAll, describe, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const place = join(root, '.cache', 'code-blocks');

function markdownFiles(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'README.md'));
  const guides = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name));
  return [join(root, 'README.md'), join(root, 'ARCHITECTURE.md'), ...packages, ...guides].filter((file) => existsSync(file));
}

mkdirSync(place, { recursive: true });
// What blocks leave in the folder for temporary files goes with the place.
for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = place;

afterAll(() => rmSync(place, { recursive: true, force: true }));

for (const file of markdownFiles()) {
  const blocks = codeBlocks(file).filter(
    ({ language, words }) => ['ts', 'typescript', 'js', 'javascript'].includes(language) && !words.includes('no-run'),
  );
  if (blocks.length === 0) continue;
  describe(relative(root, file), () => {
    for (const { line, code } of blocks) {
      it(`runs the block at line ${line}`, async () => {
        const module = join(place, `${relative(root, file).replaceAll(/\W/g, '-')}-${line}.ts`);
        writeFileSync(module, `${code}\nexport {};\n`);
        await import(module);
      });
    }
  });
}
