import type { OnProgress, Progress } from '@rank-rank/core';
import { dim, interactive } from './terminal.ts';

/** One line on a terminal that says how far the work is; nothing where nobody looks. */
export class ProgressLine {
  readonly #quiet: boolean;
  #shown = false;

  constructor(quiet = false) {
    this.#quiet = quiet || !interactive;
  }

  readonly report: OnProgress = (progress) => {
    if (this.#quiet) return;
    this.#shown = true;
    process.stderr.write(`\r\x1b[K${dim(lineOf(progress))}`);
  };

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}

function lineOf({ stage, done, total, unit = '' }: Progress): string {
  const count = done.toLocaleString('en-US');
  if (total === undefined || total === 0) return `${stage}: ${count} ${unit}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * 24);
  return `${stage} ${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${Math.floor(share * 100)}%  ${count} of ${total.toLocaleString('en-US')} ${unit}`;
}
