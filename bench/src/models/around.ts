import { spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { openDenseEncoder, segmentAll, Tokenizer } from '@rank-rank/models';
import type { Context } from '../question.ts';
import type { Artefacts } from './artefacts.ts';
import { cranfield } from './encoding.ts';
import { inTurn, timed } from './in-turn.ts';

/** Tokenising as a share of encoding, every text new to the tokenizer; and how long the event loop is held while a batch of 256 runs. */
export async function beside(context: Context, { own }: Artefacts): Promise<void> {
  const { abstracts } = cranfield(context.data);
  for (const precision of ['fp32', 'int8'] as const) {
    const encoder = await openDenseEncoder(own, { precision, threads: 1 });
    // A tokenizer remembers words: each round has a new one.
    const fresh = await Promise.all(Array.from({ length: 4 }, () => Tokenizer.open(own)));
    await inTurn(
      context,
      { task: 'tokenise', metric: 'ms_per_text', case: `64 abstracts, ${precision}` },
      [
        { peer: 'rank-rank', run: () => timed(() => segmentAll(fresh.pop()!, abstracts, { limit: 254 })) },
        { peer: 'encoding, all of it', run: () => timed(() => encoder.encode(abstracts, 'document')) },
      ],
      { rounds: 3, per: 64 },
    );
    const texts = Array.from({ length: 256 }, (_, i) => abstracts[i % 64]!.slice(0, 400));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await encoder.encode(texts, 'document');
    delay.enable();
    await encoder.encode(texts, 'document');
    delay.disable();
    context.say({
      task: 'event loop',
      case: `${precision}, longest wait while 256 texts are encoded`,
      metric: 'ms',
      value: delay.max / 1e6,
      spread: [delay.percentile(50) / 1e6, delay.percentile(99) / 1e6],
    });
    await encoder.close();
  }
}

/** From the start of a process to its first vector, and its peak memory. */
export async function coldStart(context: Context, { miniLm, own }: Artefacts, rounds: number): Promise<void> {
  const script = fileURLToPath(new URL('../../peers/models/', import.meta.url));
  const texts = ['what is late interaction'];
  for (const dtype of ['fp32', 'int8']) {
    const memory = new Map<string, number>();
    const contender = (peer: string, file: string, model: string) => ({
      peer,
      run: async () => {
        const start = performance.now();
        const { kilobytes, total } = await firstAnswer(`${script}${file}`, { model, dtype, texts });
        memory.set(peer, Math.min(memory.get(peer) ?? Number.POSITIVE_INFINITY, kilobytes * 1024));
        return { ms: performance.now() - start, cpu: total };
      },
    });
    await inTurn(
      context,
      { task: 'start', case: `${dtype}, to the first vector`, metric: 'ms' },
      [contender('rank-rank', 'rank-rank.mjs', own), contender('transformers.js', 'transformers.mjs', miniLm)],
      { rounds },
    );
    for (const [peer, value] of memory) context.say({ task: 'start', case: `${dtype}, peak memory`, metric: 'bytes', peer, value });
  }
}

function firstAnswer(script: string, request: object): Promise<{ kilobytes: number; total: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, '1'], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdout.once('data', (line) => {
      resolve(JSON.parse(String(line)) as { kilobytes: number; total: number });
      child.kill('SIGKILL');
    });
    child.on('close', () => reject(new Error(`${script} ended without an answer`)));
    child.stdin.write(`${JSON.stringify(request)}\n`);
  });
}
