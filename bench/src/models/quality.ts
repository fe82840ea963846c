import { join } from 'node:path';
import type { Hit, Ranking, Run } from '@rank-rank/core';
import { openBeir } from '@rank-rank/core/files';
import { evaluate } from '@rank-rank/eval';
import { type ModelDenseEncoder, openDenseEncoder, quantize } from '@rank-rank/models';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';

interface Encoded {
  readonly documents: Float32Array;
  readonly queries: Float32Array;
  readonly dim: number;
  readonly seconds: number;
}

/**
 * What quantisation costs: all of Cranfield encoded by each form of MiniLM, its cosine to the float32 reference export over all
 * documents and over the 64 that the peer's own figures are of, and nDCG@10.
 */
export async function quality(context: Context, { miniLm, own }: Artefacts): Promise<void> {
  for (const method of ['q8', 'q4', 'fp16'] as const) await quantize(own, own, { method });
  const beir = await openBeir(join(context.data, 'collections/cranfield'));
  const ids: string[] = [];
  const texts: string[] = [];
  for await (const { id, title = '', text } of beir.documents()) {
    ids.push(id);
    texts.push(`${title} ${text}`.trim());
  }
  const queries = await beir.queries();
  const qrels = await beir.qrels();
  let exact: Encoded | undefined;
  for (const [peer, folder, precision] of [
    ['reference export, fp32', miniLm, 'fp32'],
    ['onnxruntime quantize_dynamic, int8', miniLm, 'int8'],
    ['rank-rank, fp32', own, 'fp32'],
    ['rank-rank, int8', own, 'int8'],
    ['rank-rank, q8', own, 'q8'],
    ['rank-rank, q4', own, 'q4'],
    ['rank-rank, fp16', own, 'fp16'],
  ] as const) {
    const encoder = await openDenseEncoder(folder, { precision, threads: 1 });
    const found = await encodeAll(
      encoder,
      texts,
      queries.map(({ text }) => text),
    );
    await encoder.close();
    exact ??= found;
    const run: Run = new Map(queries.map(({ id }, q) => [id, nearest(found, q, ids)]));
    const { values } = evaluate(qrels, run, ['nDCG@10']);
    const first = cosines(exact, found, 64);
    const all = cosines(exact, found, texts.length);
    context.say({
      task: 'quantize',
      case: 'Cranfield',
      peer,
      metric: 'ms_per_text',
      value: (found.seconds / texts.length) * 1000,
      quality: { 'nDCG@10': values['nDCG@10']!, worst64: first.worst, mean64: first.mean, worst: all.worst, mean: all.mean },
    });
  }
}

async function encodeAll(encoder: ModelDenseEncoder, texts: readonly string[], queries: readonly string[]): Promise<Encoded> {
  const start = performance.now();
  const documents = await encoder.encode(texts, 'document');
  const seconds = (performance.now() - start) / 1000;
  return { documents: documents.data, queries: (await encoder.encode(queries, 'query')).data, dim: encoder.dim, seconds };
}

/** The hundred documents nearest to a query. */
function nearest({ documents, queries, dim }: Encoded, q: number, ids: readonly string[]): Ranking {
  const hits: Hit[] = ids.map((id, d) => {
    let score = 0;
    for (let i = 0; i < dim; i++) score += queries[q * dim + i]! * documents[d * dim + i]!;
    return { id, score };
  });
  return hits.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, 100);
}

function cosines(a: Encoded, b: Encoded, count: number): { worst: number; mean: number } {
  let worst = 1;
  let sum = 0;
  for (let d = 0; d < count; d++) {
    let cosine = 0;
    for (let i = d * a.dim; i < (d + 1) * a.dim; i++) cosine += a.documents[i]! * b.documents[i]!;
    worst = Math.min(worst, cosine);
    sum += cosine;
  }
  return { worst, mean: sum / count };
}
