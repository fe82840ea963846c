import { type CrossEncoder, openCrossEncoder } from '@rank-rank/models';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';
import { cranfield } from './encoding.ts';
import { inTurn, timed } from './in-turn.ts';
import { PeerProcess } from './peer-process.ts';

/** Ten candidates of 90 and of 192 tokens, the query among them, on two threads, and on one by itself (`pairs1`), which a single free core can tell; ONNX Runtime for Python runs its own quantisation. */
export async function pairs(context: Context, { miniLm, cross }: Artefacts, rounds: number, threads: 1 | 2): Promise<void> {
  const { abstracts, queries } = cranfield(context.data);
  const [query] = queries as [string];
  const python = PeerProcess.python(threads, context.note);
  for (const precision of ['fp32', 'int8'] as const) {
    for (const length of [90, 192]) {
      const encoder = await openCrossEncoder(cross, { precision, threads, maxLength: length });
      const halves = threads === 1 ? undefined : await openCrossEncoder(cross, { precision, threads: 1, sessions: 2, maxLength: length });
      const candidates = abstracts.filter((text) => pairLength(encoder, query, text) >= length).slice(0, 10);
      if (candidates.length < 10) throw new Error('There are too few long abstracts.');
      const rows = candidates.map((text) => [...encoder.tokenizer.encodePair(query, text, { maxLength: length }).ids]);
      const graph = `${miniLm}/onnx/${precision === 'int8' ? 'model_int8' : 'model'}.onnx`;
      await inTurn(
        context,
        { task: 'rerank', case: `${precision} 10 pairs of ${length} tokens`, metric: 'ms', threads },
        [
          { peer: 'rank-rank', run: () => timed(() => encoder.score(query, candidates)) },
          halves && { peer: 'rank-rank, two sessions of a thread', run: () => timed(() => halves.score(query, candidates)) },
          python && { peer: 'onnxruntime (Python)', run: () => python.ask({ graph, batches: [rows] }) },
        ],
        { rounds },
      );
      await Promise.all([encoder.close(), halves?.close()]);
    }
  }
  python?.end();
}

function pairLength({ tokenizer }: CrossEncoder, query: string, text: string): number {
  return tokenizer.encodePair(query, text).ids.length;
}
