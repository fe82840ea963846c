// @ts-check
/** Whether the committed WebAssembly kernels are those of the C sources beside them. Needs no compiler. */
import { staleness } from './build-wasm.mjs';

const trouble = staleness();
if (trouble !== undefined) {
  process.stderr.write(`${trouble}\n`);
  process.exit(1);
}
