// @ts-check
import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has held, in kilobytes. What `resourceUsage` says begins, on Linux, with what the process that started this one
 * held at the time.
 */
export function peakKilobytes() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? process.resourceUsage().maxRSS);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}
