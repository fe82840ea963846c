/** How far long work has come. */
export interface Progress {
  /** What is being done, in words a person can read: "reading", "clustering", "writing". */
  readonly stage: string;
  readonly done: number;
  /** How much there is; absent where it is not known. */
  readonly total?: number;
  /** What is counted: "documents", "bytes", "queries". */
  readonly unit?: string;
}

export type OnProgress = (progress: Progress) => void;

/**
 * Passes on at most one report per interval, and always the first and the last of a stage, so that a reporter may be
 * called for every document. Without a listener the result does nothing.
 */
export function throttleProgress(listener: OnProgress | undefined, milliseconds = 100): OnProgress {
  if (listener === undefined) return () => {};
  let nextAt = 0;
  let stage: string | undefined;
  return (progress) => {
    const now = performance.now();
    const ended = progress.total !== undefined && progress.done >= progress.total;
    if (progress.stage === stage && !ended && now < nextAt) return;
    stage = progress.stage;
    nextAt = now + milliseconds;
    listener(progress);
  };
}
