/** Flags that say what Node was started on, where that is a text: a worker on a file refuses them. */
const onText = /^(--input-type|--eval|--print|-e$|-p$|-pe$)/;

/**
 * The flags for a worker, thread or process, on a file: those that Node was started with, or none where one of them would be refused. They
 * are not named otherwise: a thread refuses those of V8 (`--max-old-space-size`) where they are, and has them by itself.
 */
export function workerFlags(): { execArgv?: string[] } {
  return process.execArgv.some((flag) => onText.test(flag)) ? { execArgv: [] } : {};
}
