import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelDenseEncoder, openDenseEncoder } from '@rank-rank/models';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';
import { inTurn, timed } from './in-turn.ts';
import { PeerProcess } from './peer-process.ts';

/** 64 abstracts of about 200 tokens, and 32 queries of about 20. */
export interface Texts {
  readonly abstracts: readonly string[];
  readonly queries: readonly string[];
}

export function cranfield(data: string): Texts {
  const lines = (name: string): { title?: string; text: string }[] =>
    readFileSync(join(data, 'collections/cranfield', name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { title?: string; text: string });
  return {
    abstracts: lines('corpus.jsonl')
      .slice(0, 64)
      .map(({ title = '', text }) => `${title} ${text}`.trim()),
    queries: lines('queries.jsonl')
      .slice(0, 32)
      .map(({ text }) => text),
  };
}

/** Token ids in batches of 32 in the order given, as the peers' scripts make them. */
export function batchesOf({ tokenizer }: ModelDenseEncoder, texts: readonly string[], maxLength = 256): number[][][] {
  const rows = texts.map((text) => [...tokenizer.encode(text, { maxLength }).ids]);
  return Array.from({ length: Math.ceil(rows.length / 32) }, (_, i) => rows.slice(32 * i, 32 * i + 32));
}

/** Abstracts sorted and unsorted, and queries, through the same graph in ONNX Runtime for Python, and through transformers.js. */
export async function encoding(context: Context, { miniLm, own }: Artefacts, precision: 'fp32' | 'int8', rounds: number): Promise<void> {
  const { abstracts, queries } = cranfield(context.data);
  const reference = await openDenseEncoder(miniLm, { precision, threads: 1 });
  const ours = await openDenseEncoder(own, { precision, threads: 1 });
  const python = PeerProcess.python(1, context.note);
  const js = PeerProcess.transformersJs(1, context.note);
  const sorted = [...abstracts].sort((a, b) => a.length - b.length);
  for (const [name, texts, as] of [
    ['64 abstracts, sorted', sorted, 'document'],
    ['64 abstracts, unsorted', abstracts, 'document'],
    ['32 queries', queries, 'query'],
  ] as const) {
    // The peer sorts where we do; what is measured is what each does with what it is given.
    const batches = batchesOf(reference, texts);
    await inTurn(
      context,
      { task: 'encode', case: `${precision} ${name}`, metric: 'ms_per_text' },
      [
        { peer: 'rank-rank', run: () => timed(() => ours.encode(texts, as)) },
        { peer: 'rank-rank, the reference graph', run: () => timed(() => reference.encode(texts, as)) },
        python && { peer: 'onnxruntime (Python)', run: () => python.ask({ graph: reference.graph, batches }) },
        js && { peer: 'transformers.js', run: () => js.ask({ model: miniLm, dtype: precision, texts }) },
      ],
      { rounds: name === '32 queries' ? 4 * rounds : rounds, per: texts.length },
    );
  }
  python?.end();
  js?.end();
  await Promise.all([reference.close(), ours.close()]);
}

/** Our export beside the reference's, by themselves and often: they differ by less than two rounds of anything do. */
export async function graphs(context: Context, { miniLm, own }: Artefacts, rounds: number): Promise<void> {
  const { abstracts } = cranfield(context.data);
  for (const precision of ['fp32', 'int8'] as const) {
    const reference = await openDenseEncoder(miniLm, { precision, threads: 1 });
    const ours = await openDenseEncoder(own, { precision, threads: 1 });
    await inTurn(
      context,
      { task: 'graph', case: `${precision} 64 abstracts`, metric: 'ms_per_text' },
      [
        { peer: 'rank-rank', run: () => timed(() => ours.encode(abstracts, 'document')) },
        { peer: 'rank-rank, the reference graph', run: () => timed(() => reference.encode(abstracts, 'document')) },
      ],
      { rounds, per: abstracts.length },
    );
    await Promise.all([reference.close(), ours.close()]);
  }
}
