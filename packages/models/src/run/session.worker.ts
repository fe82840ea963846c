/** Holds one session in a thread or a process of its own, and does what the messages of protocol.ts ask. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { RankError } from '@rank-rank/core';
import type { TokenBatch } from './batch.ts';
import { type Letters, openMailbox, type RunRequest } from './mailbox.ts';
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
      case 'run': {
        const computed = isShort(request.batch) ? () => mailbox?.answers.announce() : undefined;
        return { id, results: await session.run(request.batch, request.wanted, computed) };
      }
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

/** Of so few tokens that a thread takes about as long to wake as the answer to be made of the graph's outputs. */
function isShort({ ids }: TokenBatch): boolean {
  return ids.length <= 64;
}

function send(reply: Answer): void {
  if (parentPort === null) process.send?.(reply);
  else if (!('results' in reply)) parentPort.postMessage(reply);
  else if (!mailbox?.answers.put(reply)) parentPort.postMessage(reply, buffersOf(reply.results));
}

async function reply(request: Request): Promise<void> {
  send(await answer(request));
}

/** One request after the other: ONNX Runtime blocks the thread anyway, and answers keep the order of the questions. */
let last: Promise<void> = Promise.resolve();
function queue(request: Request): void {
  last = last.then(() => reply(request));
  if (request.kind === 'close') void last.then(stop);
}

function stop(): void {
  if (parentPort === null) process.disconnect();
  else parentPort.close();
}

/**
 * The thread sleeps where it waits, not in its event loop, from which it would wake later: nothing else happens in it. Messages are counted,
 * and lie in their port until they are fetched.
 */
async function serve(port: MessagePort, requests: Letters<RunRequest>): Promise<void> {
  requests.open();
  let fetched = 0;
  const fetch = (): Request | undefined => {
    if (requests.messages === fetched) return undefined;
    fetched = (fetched + 1) | 0;
    return receiveMessageOnPort(port)?.message as Request | undefined;
  };
  for (;;) {
    const { rings } = requests;
    const request = requests.take() ?? fetch();
    if (request === undefined) requests.wait(rings);
    else {
      await reply(request);
      if (request.kind === 'close') return stop();
      // A query is often one of several.
      if (request.kind === 'run' && isShort(request.batch)) requests.expect();
    }
  }
}

if (parentPort === null) process.on('message', queue);
else if (mailbox === undefined) parentPort.on('message', queue);
else {
  // Keeps the event loop going while an answer is awaited.
  parentPort.ref();
  void serve(parentPort, mailbox.requests);
}
