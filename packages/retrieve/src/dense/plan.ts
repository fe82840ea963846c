import { RankError, shown } from '@rank-rank/core';

/** What a dense index searches by. Absent numbers are chosen from the number of documents. */
export type DenseStructure =
  | { readonly kind: 'flat' }
  /** A navigable graph with `m` links a node (2m on the lowest layer). */
  | { readonly kind: 'hnsw'; readonly m: number; readonly efConstruction: number }
  /** Vectors sorted into the cells of `lists` centroids. */
  | { readonly kind: 'ivf'; readonly lists: number | undefined };

/**
 * What stands for a vector while candidates are looked for: the numbers themselves, halves, bytes with a scale a vector, the sign bits of the
 * vector less the mean of all, or codes of a product quantiser of `parts` parts.
 */
export type DenseCodes =
  | { readonly type: 'f32' | 'f16' | 'i8' | 'bits' }
  | { readonly type: 'pq'; readonly parts: number; readonly bits: 4 | 8 };

/** How an index is made: what `index` says, in full. */
export interface DensePlan {
  /** `auto` chooses for each segment, by its size. */
  readonly structure: DenseStructure | { readonly kind: 'auto' };
  readonly codes: DenseCodes;
  /** What the candidates are scored by in the end: vectors kept beside the codes, or the codes alone (`none`). */
  readonly keep: 'f32' | 'f16' | 'i8' | 'none';
}

export const defaultM = 16;
export const defaultEfConstruction = 200;

const refinements: Readonly<Record<string, DensePlan['keep']>> = { Flat: 'f32', SQfp16: 'f16', SQ8: 'i8' };

/**
 * Reads a description of an index in the manner of FAISS's index factory (Douze et al., "The Faiss library", 2024).
 *
 * | part | says |
 * |---|---|
 * | `Flat` | vectors as they are, in f32 |
 * | `SQfp16`, `SQ8`, `Bits` | halves, bytes, one bit a dimension |
 * | `PQ64`, `PQ64x4` | product quantiser: 64 parts of 8 (or 4) bits |
 * | `HNSW`, `HNSW32`, `HNSW32_400` | graph with 32 links a node (16 if not said), built with ef 400 (200) |
 * | `IVF1024`, `IVF` | inverted lists, 1,024 of them or as many as suit the number of documents |
 * | `RFlat`, `Refine(SQfp16)` | candidates are scored again with vectors kept in that form |
 *
 * One structure at most, then one code at most, then a refinement: `HNSW32`, `IVF1024,PQ64,RFlat`, `SQ8`. A graph or lists without a code
 * search bytes and score with f32: the fastest with exact scores. `auto` is a plan of its own.
 *
 * @example parseIndexDescription('IVF1024,PQ64,RFlat').structure // { kind: 'ivf', lists: 1024 }
 */
export function parseIndexDescription(description: string): DensePlan {
  if (description === 'auto') return { structure: { kind: 'auto' }, codes: { type: 'i8' }, keep: 'f32' };
  const parts = description.split(',').map((part) => part.trim());
  let structure: DenseStructure | undefined;
  let codes: DenseCodes | undefined;
  let keep: DensePlan['keep'] | undefined;
  for (const part of parts) {
    const nextStructure = readStructure(part);
    const nextCodes = nextStructure === undefined ? readCodes(part) : undefined;
    const refined = /^R(?:efine\((.+)\)|(Flat))$/.exec(part);
    if (nextStructure !== undefined) {
      if (structure !== undefined || codes !== undefined || keep !== undefined)
        throw misplaced(description, part, 'a structure comes first, and once');
      structure = nextStructure;
    } else if (nextCodes !== undefined) {
      if (codes !== undefined || keep !== undefined) throw misplaced(description, part, 'one code comes after the structure');
      codes = nextCodes;
    } else if (refined) {
      keep = refinements[refined[1] ?? refined[2]!];
      if (keep === undefined) throw misplaced(description, part, `candidates are refined with ${Object.keys(refinements).join(', ')}`);
      if (part !== parts.at(-1)) throw misplaced(description, part, 'a refinement comes last');
    } else throw unknownPart(description, part);
  }
  if (codes === undefined && structure === undefined)
    throw misplaced(description, parts[0]!, 'a structure or a code comes before a refinement');
  if (codes === undefined) return { structure: structure!, codes: { type: 'i8' }, keep: keep ?? 'f32' };
  if (codes.type === 'bits' && keep === undefined)
    throw misplaced(description, 'Bits', 'bits alone do not score well enough: add ",RFlat" or ",Refine(SQfp16)"');
  if (structure?.kind === 'hnsw' && (codes.type === 'pq' || codes.type === 'bits'))
    throw misplaced(description, parts[1]!, 'a graph is searched with Flat, SQfp16 or SQ8');
  return { structure: structure ?? { kind: 'flat' }, codes, keep: keep ?? (codes.type === 'f32' ? 'f32' : 'none') };
}

function readStructure(part: string): DenseStructure | undefined {
  const graph = /^HNSW(\d+)?(?:_(\d+))?$/.exec(part);
  if (graph) {
    const m = whole(part, graph[1], 2, 256) ?? defaultM;
    return { kind: 'hnsw', m, efConstruction: whole(part, graph[2], 1, 10_000) ?? defaultEfConstruction };
  }
  const lists = /^IVF(\d+)?$/.exec(part);
  return lists ? { kind: 'ivf', lists: whole(part, lists[1], 1, 1 << 22) } : undefined;
}

function readCodes(part: string): DenseCodes | undefined {
  if (part === 'Flat') return { type: 'f32' };
  if (part === 'SQfp16') return { type: 'f16' };
  if (part === 'SQ8') return { type: 'i8' };
  if (part === 'Bits') return { type: 'bits' };
  const quantiser = /^PQ(\d+)(?:x(\d+))?(?:fs)?$/.exec(part);
  if (!quantiser) return undefined;
  const bits = Number(quantiser[2] ?? 8);
  if (bits !== 4 && bits !== 8)
    throw new RankError('OUT_OF_RANGE', `Index description: ${shown(part)} asks for codes of ${bits} bits; expected 4 or 8.`, { part });
  return { type: 'pq', parts: whole(part, quantiser[1], 1, 65_536)!, bits };
}

function whole(part: string, digits: string | undefined, min: number, max: number): number | undefined {
  if (digits === undefined) return undefined;
  const number = Number(digits);
  if (number < min || number > max)
    throw new RankError('OUT_OF_RANGE', `Index description: ${shown(part)} says ${number}; expected ${min} to ${max}.`, { part });
  return number;
}

function misplaced(description: string, part: string, rule: string): RankError {
  return new RankError('INVALID_ARGUMENT', `Index description ${shown(description)}: ${shown(part)} does not fit; ${rule}.`, {
    description,
    part,
  });
}

/** Parts of FAISS's factory that are understood there and not here, with what to do instead. */
const elsewhere: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /^(OPQ|PCA|RR|ITQ|L2norm|Pad)/,
    'Vectors are transformed before they are added: for cosine say { metric: "cosine" }, for shorter vectors { truncate }',
  ],
  [/^IVF\d+_HNSW/, 'How lists are found is chosen by the index: leave out what follows the number'],
  [/^(IMI|LSH|NSG|SQ4|SQ6|PQ.*np|RaBitQ|LSQ|RQ)/, 'Use SQ8, Bits or PQ for codes, HNSW or IVF for the structure'],
];

function unknownPart(description: string, part: string): RankError {
  const instead = elsewhere.find(([pattern]) => pattern.test(part))?.[1];
  const hint = instead ?? 'Known: Flat, SQfp16, SQ8, Bits, PQ64, PQ64x4, HNSW32, IVF1024, RFlat, Refine(SQ8), auto';
  return new RankError('INVALID_ARGUMENT', `Index description ${shown(description)}: ${shown(part)} is not known. ${hint}.`, {
    description,
    part,
  });
}

/** The plan as a description that reads back as the same plan. */
export function indexDescription({ structure, codes, keep }: DensePlan): string {
  if (structure.kind === 'auto') return 'auto';
  const parts: string[] = [];
  if (structure.kind === 'hnsw') {
    parts.push(`HNSW${structure.m}${structure.efConstruction === defaultEfConstruction ? '' : `_${structure.efConstruction}`}`);
  }
  if (structure.kind === 'ivf') parts.push(`IVF${structure.lists ?? ''}`);
  const usual = codes.type === 'f32' ? 'f32' : 'none';
  if (codes.type === 'pq') parts.push(`PQ${codes.parts}${codes.bits === 4 ? 'x4' : ''}`);
  else if (structure.kind === 'flat' || codes.type !== 'i8' || keep !== 'f32') {
    parts.push({ f32: 'Flat', f16: 'SQfp16', i8: 'SQ8', bits: 'Bits' }[codes.type]);
  }
  if (parts.length > (structure.kind === 'flat' ? 0 : 1) && keep !== usual) {
    parts.push(keep === 'f32' ? 'RFlat' : `Refine(${keep === 'f16' ? 'SQfp16' : 'SQ8'})`);
  }
  return parts.join(',');
}
