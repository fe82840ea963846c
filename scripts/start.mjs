// @ts-check
/** `npm start`: sets up, then shows the ranking stack at work. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { root, runNode, workspaces } from './steps.mjs';

await setup();
const command = join(root, 'packages/cli/bin/rank.js');
if (existsSync(command)) {
  const { code } = await runNode(command, ['demo', ...process.argv.slice(2)]);
  process.exit(code);
}
console.log('rank-rank is being built. The packages that are here so far:\n');
for (const { manifest } of workspaces()) if (!manifest.private) console.log(`  ${manifest.name}  ${manifest.description}`);
console.log('\nThe pipeline is not here yet: there is nothing to demonstrate. `npm test` runs the tests of what there is.');
