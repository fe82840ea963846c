/**
 * The contract of the kernels: what goes in, what comes out, and what happens at the edges. Every implementation
 * (JavaScript, WebAssembly, native with each instruction set) obeys it, and property tests hold them to the JavaScript one.
 *
 * Rules that hold for every operation:
 *
 * - Data is plain: flat typed arrays and their shapes. Buffers may be ordinary, shared between threads, or mapped files
 *   ({@link Kernels.mapFile}), and views may start anywhere in them. Nothing is copied where the kernel can read it in place.
 * - Arguments are checked first: wrong lengths, dimensions that differ, detached buffers, sizes past a limit and unknown options
 *   throw a `RankError`. What lists hold (offsets, indices, links) is checked as it is read; after such an error outputs are undefined.
 * - Outputs are fresh arrays, or the caller's `out`, which must have exactly the right length. Outputs never overlap inputs.
 * - Equal scores: the smaller index comes first.
 * - The `Async` form takes the same arguments and, in its options, `threads` and `signal`; it leaves the event loop free and
 *   gives bit for bit what the synchronous form gives, whatever the number of threads. Buffers must be neither written nor
 *   transferred before it settles. The synchronous form is for work of about a millisecond.
 *
 * Numbers:
 *
 * - f32 results are sums of f32 products. Their order, and whether a product and a sum are rounded once or twice, is fixed for
 *   an implementation but differs between them: expect agreement to about `dim × 2⁻²⁴` of the sum of absolute products.
 *   A result depends on its own operands only, never on its neighbours in the call.
 * - int8 × int8, bits × bits, integer postings and packed integers are exact and the same everywhere.
 * - Denormals are kept (bf16 × bf16 may take them for zero). Infinities follow IEEE 754.
 * - NaN: a similarity that is NaN wins no maximum and enters no top-k. {@link Kernels.maxSim} never returns NaN.
 */
import type { HnswKernels } from './contract/hnsw.ts';
import type { LateInteractionKernels } from './contract/late-interaction.ts';
import type { MemoryKernels } from './contract/memory.ts';
import type { PostingKernels } from './contract/postings.ts';
import type { PqKernels } from './contract/pq.ts';
import type { RowKernels } from './contract/rows.ts';
import type { ScaledResidualKernels } from './contract/scaled-residuals.ts';
import type { ScoreKernels } from './contract/scores.ts';

export type * from './contract/hnsw.ts';
export type * from './contract/late-interaction.ts';
export type * from './contract/memory.ts';
export * from './contract/options.ts';
export type * from './contract/postings.ts';
export type * from './contract/pq.ts';
export type * from './contract/rows.ts';
export type * from './contract/scaled-residuals.ts';
export type * from './contract/scores.ts';

/** What is in use, and why. */
export interface KernelsDescription {
  readonly backend: 'js' | 'wasm' | 'native';
  /** `avx512vnni`, `neon`, `simd128`, `scalar` … */
  readonly instructionSet: string;
  /** In a sentence: what the processor has, what was asked for, what could not be loaded. */
  readonly why: string;
  /** Every implementation that runs here, as `RANK_KERNELS` names it, best first. */
  readonly available: readonly string[];
}

/** All operations. One such object an implementation; the package's functions are those of the one chosen at load. */
export interface Kernels
  extends MemoryKernels,
    RowKernels,
    ScoreKernels,
    LateInteractionKernels,
    ScaledResidualKernels,
    PostingKernels,
    PqKernels,
    HnswKernels {
  describe(): KernelsDescription;
}
