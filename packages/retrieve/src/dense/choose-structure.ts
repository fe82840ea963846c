import type { DensePlan, DenseStructure } from './plan.ts';
import { defaultEfConstruction, defaultM } from './plan.ts';

/** What a segment is made as, and why. */
export interface ChosenPlan extends DensePlan {
  readonly structure: DenseStructure;
  readonly why: string;
}

/** Bytes of f32 that are looked through in well under a millisecond. */
const quickScanBytes = 8 << 20;
/** Below this a graph costs more than it saves. */
const smallestGraph = 1_000;
/** Vectors that a list holds on the average, where their number is chosen here. */
const vectorsPerList = 256;

/**
 * Settles what a plan leaves open for a segment of so many vectors, in so much memory.
 *
 * `auto`: exact search while it takes well under a millisecond; then a graph over bytes with exact scores; lists with bits, scored again with
 * vectors on disk, once the graph would not fit into the memory allowed.
 */
export function chooseStructure(plan: DensePlan, rows: number, dim: number, memory: number): ChosenPlan {
  const { structure } = plan;
  if (structure.kind === 'auto') {
    const scanned = rows * dim * 4;
    const graphBytes = rows * (dim + 8 * defaultM + 16);
    if (scanned <= quickScanBytes)
      return {
        structure: { kind: 'flat' },
        codes: { type: 'f32' },
        keep: 'f32',
        why: `all ${rows} vectors are compared, ${size(scanned)} a query`,
      };
    if (graphBytes <= memory) {
      return {
        structure: { kind: 'hnsw', m: defaultM, efConstruction: defaultEfConstruction },
        codes: { type: 'i8' },
        keep: 'f32',
        why: `${rows} vectors are ${size(scanned)}, too many to compare with each query; their graph takes ${size(graphBytes)}`,
      };
    }
    return {
      structure: { kind: 'ivf', lists: listsFor(rows) },
      codes: { type: 'bits' },
      keep: 'f32',
      why: `a graph of ${rows} vectors would take ${size(graphBytes)} of the ${size(memory)} allowed; lists of bits take ${size((rows * dim) / 8)}`,
    };
  }
  if (structure.kind === 'hnsw' && rows < smallestGraph) {
    return { ...plan, structure: { kind: 'flat' }, why: `a graph pays from ${smallestGraph} vectors on; there are ${rows}` };
  }
  if (structure.kind === 'ivf') {
    const lists = Math.max(1, Math.min(structure.lists ?? listsFor(rows), rows));
    return {
      ...plan,
      structure: { kind: 'ivf', lists },
      why: structure.lists === undefined ? `one list for ${vectorsPerList} vectors` : 'as asked for',
    };
  }
  return { ...plan, structure, why: 'as asked for' };
}

function listsFor(rows: number): number {
  return Math.max(1, Math.min(65_536, Math.round(rows / vectorsPerList)));
}

function size(bytes: number): string {
  if (bytes >= 1 << 30) return `${(bytes / (1 << 30)).toFixed(1)} GiB`;
  return bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}
