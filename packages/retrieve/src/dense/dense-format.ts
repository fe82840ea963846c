import { RankError, type WorkOptions } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { leftOut } from '../metadata/builder.ts';
import type { Arranged, MergePart, Segment, SegmentFormat } from '../segments/segment.ts';
import { chooseStructure } from './choose-structure.ts';
import { encodeCodes, VectorCodes } from './codes.ts';
import { codesAreKept, DenseSegment, type SegmentAbout } from './dense-segment.ts';
import { buildGraph, writeGraph } from './graph.ts';
import { extendGraph } from './graph-extension.ts';
import { InvertedLists } from './inverted-lists.ts';
import type { DenseMetric } from './metric.ts';
import type { DensePlan } from './plan.ts';
import { listedVectors, orderedVectors, truncatedVectors, type VectorSource } from './vector-source.ts';

export interface DenseFormatSettings {
  readonly dim: number;
  readonly metric: DenseMetric;
  readonly plan: DensePlan;
  /** Dimensions that candidates are looked for by; `dim` unless vectors are truncated. */
  readonly codeDim: number;
  readonly memory: number;
  readonly threads: number;
}

/**
 * How dense segments are stored.
 *
 * | section | holds |
 * |---|---|
 * | `about` | JSON: {@link SegmentAbout} |
 * | `vectors` … | whole vectors, row after row, unless only codes are kept |
 * | `codes` … | codes, where candidates are looked for by something else than the vectors |
 * | `graph` … | the graph, see {@link writeGraph} |
 * | `lists` … | inverted lists, see {@link InvertedLists} |
 */
export function denseFormat(settings: DenseFormatSettings): SegmentFormat<DenseSegment, Float32Array> {
  const { dim } = settings;
  return {
    kind: 'dense',
    version: 1,
    bytesOf: () => 4 * dim + 64,
    arrange: (vectors, work) => arrange(listedVectors(vectors, dim), settings, work),
    arrangeMerge: (parts, size, work) => arrange(mergedVectors(parts, size, dim), settings, work, parts),
    read: (file: SectionFile, base: Segment) => new DenseSegment(file, base),
  };
}

async function arrange(
  source: VectorSource,
  settings: DenseFormatSettings,
  work: WorkOptions,
  parts: readonly MergePart<DenseSegment>[] = [],
): Promise<Arranged> {
  const { dim, metric, codeDim, memory, threads } = settings;
  const plan = chooseStructure(settings.plan, source.rows, codeDim, memory);
  const about: SegmentAbout = { plan, metric, dim, codeDim };
  const cut = truncatedVectors(source, codeDim, metric === 'cosine');
  const writeKept = async (writer: SectionWriter, vectors: VectorSource): Promise<void> => {
    await writer.writeJson('about', about);
    if (plan.keep !== 'none') await VectorCodes.writeFrom(writer, 'vectors', vectors, plan.keep);
  };
  if (plan.structure.kind === 'hnsw') {
    const { m, efConstruction } = plan.structure;
    const { type } = plan.codes;
    if (type === 'bits' || type === 'pq') throw new RankError('UNSUPPORTED', `A graph over ${type} cannot be built.`);
    const graphSettings = { m, efConstruction, type, metric, threads };
    const base = graphToExtend(parts, m, source.rows);
    const { order, ...built } =
      base === undefined
        ? await buildGraph(cut, graphSettings, work)
        : await extendGraph(base.segment.graph!, base.deleted, base.numbers, cut, graphSettings, work);
    return {
      order,
      async write(writer) {
        await writeKept(writer, orderedVectors(source, order));
        await writeGraph(writer, built, !codesAreKept(about));
      },
    };
  }
  if (plan.structure.kind === 'ivf') {
    const { lists, order } = await InvertedLists.build(cut, { lists: plan.structure.lists!, codes: plan.codes, metric, threads }, work);
    return {
      order,
      async write(writer) {
        await writeKept(writer, orderedVectors(source, order));
        await lists.write(writer, !codesAreKept(about));
      },
    };
  }
  return {
    async write(writer) {
      await writeKept(writer, source);
      if (!codesAreKept(about)) await (await encodeCodes(cut, plan.codes, metric, work.signal)).write(writer, 'codes');
    },
  };
}

/** A graph that has most of the vectors, and of which not too much is deleted: beyond that a new one is better and hardly slower. */
function graphToExtend(parts: readonly MergePart<DenseSegment>[], m: number, rows: number): MergePart<DenseSegment> | undefined {
  return parts.find(({ segment, live }) => segment.graph?.graph.m === m && live >= rows / 2 && live >= 0.7 * segment.size);
}

/** The vectors of several segments in the order that their documents will have. */
function mergedVectors(parts: readonly MergePart<DenseSegment>[], size: number, dim: number): VectorSource {
  const partOf = new Uint16Array(size);
  const rowOf = new Uint32Array(size);
  parts.forEach(({ numbers }, p) => {
    for (let row = 0; row < numbers.length; row++) {
      if (numbers[row] === leftOut) continue;
      partOf[numbers[row]!] = p;
      rowOf[numbers[row]!] = row;
    }
  });
  const sources = parts.map(({ segment }) => segment.source());
  return {
    rows: size,
    dim,
    read(from, to, into) {
      for (let row = from; row < to; row++) {
        sources[partOf[row]!]!.read(rowOf[row]!, rowOf[row]! + 1, into.subarray((row - from) * dim, (row - from + 1) * dim));
      }
    },
  };
}
