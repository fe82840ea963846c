// @ts-check
/** `npm test [-- vitest arguments]`: sets up, then runs the tests. */

import { setup } from './setup.mjs';
import { binOf, runNode } from './steps.mjs';

await setup();
const { code } = await runNode(binOf('vitest', 'vitest'), ['run', ...process.argv.slice(2)]);
process.exit(code);
