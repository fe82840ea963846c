// @ts-check
/** `npm run bench [question] [-- --json …]`: sets up, then runs the benchmarks in `bench/`. */
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { root, runNode } from './steps.mjs';

await setup();
const { code } = await runNode(join(root, 'bench/dist/main.js'), process.argv.slice(2));
process.exit(code);
