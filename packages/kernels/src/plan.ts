import type { OperationArguments, OperationName } from './arguments.ts';

/**
 * One crossing into a kernel: an operation over `units` independent pieces of work (documents, query blocks, lists). Any split of
 * them over calls and threads gives the same numbers.
 */
export interface Step<N extends OperationName = OperationName> {
  readonly operation: N;
  readonly arguments: OperationArguments[N];
  readonly units: number;
  /** Units that take very roughly a millisecond: how often a cancellation is looked for, and what threads take at a time. */
  readonly grain: number;
}

type AnyStep = { [N in OperationName]: Step<N> }[OperationName];

/**
 * An operation as its steps, ending with its result. Checks come before the first step. Written once, it is driven synchronously by
 * {@link Machine.run} or in the background by {@link Machine.start}.
 */
export type Plan<R> = Generator<AnyStep, R, void>;

/** What runs steps: an implementation of the kernels. */
export interface Machine {
  readonly backend: 'js' | 'wasm' | 'native';
  readonly instructionSet: string;
  run(step: AnyStep): void;
  start(step: AnyStep, threads: number, signal: AbortSignal | undefined): Promise<void>;
  allocate(bytes: number): { readonly buffer: ArrayBufferLike; readonly offset: number };
  release(array: ArrayBufferView): void;
  mapFile(path: string, offset: number, length: number | undefined): ArrayBuffer;
}

/** Units of about a millisecond, given what one costs in multiply-adds. */
export function grainOf(costOfUnit: number): number {
  return Math.max(1, Math.round(20_000_000 / Math.max(1, costOfUnit)));
}
