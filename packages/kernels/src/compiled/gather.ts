import type { RowsArgument } from '../arguments.ts';
import { fault } from '../js/fault.ts';

/** Listed rows, or the rows of listed documents, to be put one after the other: where each run of rows starts, and where it goes. */
export interface Runs {
  readonly starts: Uint32Array;
  /** One more than there are runs. */
  readonly offsets: Uint32Array;
}

/** The rows of listed documents. `base` is what faults count entries from. */
export function runsOfDocuments(operation: string, offsets: Uint32Array, only: Uint32Array, rows: number, base: number): Runs {
  const starts = new Uint32Array(only.length);
  const to = new Uint32Array(only.length + 1);
  for (let i = 0; i < only.length; i++) {
    const document = only[i]!;
    if (document >= offsets.length - 1) throw fault(operation, 'only', base + i);
    const from = offsets[document]!;
    const end = offsets[document + 1]!;
    if (from > end || end > rows) throw fault(operation, 'offsets', document);
    starts[i] = from;
    to[i + 1] = to[i]! + end - from;
  }
  return { starts, offsets: to };
}

/** Listed rows, each a run of one. */
export function runsOfRows(operation: string, only: Uint32Array, rows: number, base: number): Runs {
  for (let i = 0; i < only.length; i++) if (only[i]! >= rows) throw fault(operation, 'only', base + i);
  return { starts: only, offsets: Uint32Array.from({ length: only.length + 1 }, (_, i) => i) };
}

type Numbers = Float32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array;

/** The numbers of runs of rows, one after the other in a fresh array. */
export function gather<T extends Numbers>({ starts, offsets }: Runs, source: T, stride: number): T {
  const Kind = source.constructor as { new (length: number): T };
  const target = new Kind(offsets.at(-1)! * stride);
  for (let i = 0; i < starts.length; i++) {
    const count = offsets[i + 1]! - offsets[i]!;
    target.set(source.subarray(starts[i]! * stride, (starts[i]! + count) * stride) as never, offsets[i]! * stride);
  }
  return target;
}

export function gatherRows(runs: Runs, rows: RowsArgument): RowsArgument {
  const { data, stride, scales, centroidIds } = rows;
  return {
    ...rows,
    rows: runs.offsets.at(-1)!,
    data: gather(runs, data, stride),
    ...(scales && { scales: gather(runs, scales, 1) }),
    ...(centroidIds && { centroidIds: gather(runs, centroidIds, 1) }),
  };
}
