// @ts-check
/**
 * A thread of the WebAssembly kernels: another instance of the module on the memory that all share, with a stack and scratch of its own.
 * Plain JavaScript beside the modules, so that Node and browsers start it from the sources and from what is published alike.
 */

/** @type {{ postMessage(message: unknown): void, onmessage?: unknown, on?(event: 'message', listener: (message: any) => void): void }} */
const port = 'postMessage' in globalThis ? globalThis : (await import('node:worker_threads')).parentPort;
/** @type {any} */
let exports;
let scratch = 0;

/** @param {any} message */
function receive(message) {
  if (message.module !== undefined) {
    ({ exports } = new WebAssembly.Instance(message.module, { env: { memory: message.memory } }));
    exports.__stack_pointer.value = message.stack;
    scratch = message.scratch;
    return;
  }
  try {
    exports.work(scratch, message.job);
    port.postMessage({ job: message.job });
  } catch (error) {
    port.postMessage({ job: message.job, trouble: String(error) });
  }
}

if (port.on) port.on('message', receive);
else port.onmessage = (/** @type {MessageEvent} */ event) => receive(event.data);
