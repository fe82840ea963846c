/** Holds one session in a thread or a process of its own, and does what the messages of protocol.ts ask. */
import { parentPort } from 'node:worker_threads';
import { RankError } from '@rank-rank/core';
import { openOnnxSession } from './onnx-session.ts';
import { type Answer, type Request, toPlainError } from './protocol.ts';
import type { Reduced } from './reduction.ts';
import type { Session } from './session.ts';

let session: Session | undefined;

async function answer(request: Request): Promise<Answer> {
  const { id } = request;
  try {
    if (request.kind === 'open') {
      session = await openOnnxSession(request.source, request.options);
      return { id, opened: { inputs: session.inputs, outputs: session.outputs } };
    }
    if (session === undefined) throw new RankError('CLOSED', 'The session is not open.');
    switch (request.kind) {
      case 'prepare':
        await session.prepare(request.reductions);
        return { id, done: true };
      case 'run':
        return { id, results: await session.run(request.batch, request.wanted) };
      case 'close':
        await session.close();
        return { id, done: true };
    }
  } catch (error) {
    return { id, error: toPlainError(error) };
  }
}

/** What is larger than this is handed over; handing over costs more than copying what is smaller, such as the vector of a query. */
const worthHandingOver = 65_536;

function buffersOf(results: readonly Reduced[]): ArrayBuffer[] {
  const arrays = results.flatMap(({ data, counts, indices }) => [data, counts, indices]).filter((array) => array !== undefined);
  if (arrays.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) < worthHandingOver) return [];
  // Two results may be views of one buffer, which can be handed over only once.
  return [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))];
}

// One request after the other: ONNX Runtime blocks the thread anyway, and answers keep the order of the questions.
let last: Promise<void> = Promise.resolve();
const take = (request: Request): void => {
  last = last.then(async () => {
    const reply = await answer(request);
    if (parentPort !== null) parentPort.postMessage(reply, 'results' in reply ? buffersOf(reply.results) : []);
    else process.send?.(reply);
    if (request.kind === 'close') {
      parentPort?.close();
      if (parentPort === null) process.disconnect();
    }
  });
};

if (parentPort !== null) parentPort.on('message', take);
else process.on('message', take);
