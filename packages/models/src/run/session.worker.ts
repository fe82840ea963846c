/** Holds one session in a thread or a process of its own, and does what the messages of protocol.ts ask. */
import { parentPort, workerData } from 'node:worker_threads';
import { RankError } from '@rank-rank/core';
import { openMailbox, untilClosed } from './mailbox.ts';
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

const mailbox = workerData instanceof SharedArrayBuffer ? openMailbox(workerData) : undefined;

function send(reply: Answer): void {
  if (parentPort === null) process.send?.(reply);
  else if (!('results' in reply)) parentPort.postMessage(reply);
  else if (!mailbox?.answers.put(reply)) parentPort.postMessage(reply, buffersOf(reply.results));
}

// One request after the other: ONNX Runtime blocks the thread anyway, and answers keep the order of the questions.
let last: Promise<void> = Promise.resolve();
const take = (request: Request): void => {
  last = last.then(async () => {
    send(await answer(request));
    if (request.kind === 'close') {
      parentPort?.close();
      if (parentPort === null) process.disconnect();
    }
  });
};

const takeMail = (): void => {
  const request = mailbox?.requests.take();
  if (request !== undefined) take(request);
};

if (parentPort === null) process.on('message', take);
else {
  parentPort.on('message', (request: Request) => {
    // What lies in the mailbox was asked before.
    takeMail();
    take(request);
  });
  if (mailbox !== undefined) void untilClosed(mailbox.requests, takeMail);
}
