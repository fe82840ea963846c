// @ts-check

import { install } from './setup.mjs';
import { binOf, root, runNode } from './steps.mjs';

await install();
const { code } = await runNode(binOf('@biomejs/biome', 'biome'), ['check', '--write', root]);
process.exit(code);
