import { type ChildProcess, fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { workerFlags } from '@rank-rank/core';
import { openMailbox, untilClosed } from './mailbox.ts';
import type { Answer, Request } from './protocol.ts';

/** Where a session lives: `thread` keeps the event loop free, `process` also survives a crash of native code. */
export type Isolation = 'thread' | 'process';

/** A worker that takes requests and gives answers until it ends. */
export interface WorkerLink {
  post(request: Request): void;
  /** Wakes the worker for a request that is about to be posted. */
  announce(): void;
  /** Whether the worker keeps this process alive: only while it owes an answer. */
  keepAlive(wanted: boolean): void;
  /** Ends the worker, whatever it is doing. */
  end(): Promise<void>;
}

export interface LinkEvents {
  answered(answer: Answer): void;
  /** The worker is gone, by itself or because it was told to; `why` says how. */
  ended(why: string): void;
}

/** The compiled entry: tests run from the sources, which a worker cannot load. */
const entry: URL = import.meta.url.endsWith('.ts')
  ? new URL('../../dist/run/session.worker.js', import.meta.url)
  : new URL('./session.worker.js', import.meta.url);

export function startWorker(isolation: Isolation, events: LinkEvents, script: URL = entry): WorkerLink {
  return isolation === 'thread' ? startThread(events, script) : startProcess(events, script);
}

function startThread(events: LinkEvents, script: URL): WorkerLink {
  const mailbox = openMailbox();
  const worker = new Worker(script, { ...workerFlags(), workerData: mailbox?.memory });
  let why: string | undefined;
  const takeMail = (): void => {
    const answer = mailbox?.answers.take();
    if (answer !== undefined) events.answered(answer);
  };
  if (mailbox !== undefined) void untilClosed(mailbox.answers, takeMail);
  worker.on('message', (answer: Answer) => {
    // What lies in the mailbox was answered before.
    takeMail();
    events.answered(answer);
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it ran out of memory' : error.message;
  });
  worker.on('exit', (code) => {
    takeMail();
    mailbox?.answers.close();
    events.ended(why ?? `it ended with code ${code}`);
  });
  return {
    post: (request) => {
      if (request.kind === 'run' && mailbox?.requests.put(request)) return;
      worker.postMessage(request);
      mailbox?.requests.posted();
    },
    announce: () => mailbox?.requests.announce(),
    keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()),
    end: async () => {
      worker.ref();
      await worker.terminate();
    },
  };
}

function startProcess(events: LinkEvents, script: URL): WorkerLink {
  const child: ChildProcess = fork(script, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...workerFlags(),
  });
  let ended = false;
  const end = (why: string): void => {
    if (ended) return;
    ended = true;
    events.ended(why);
  };
  child.on('message', (answer) => events.answered(answer as Answer));
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(signal === null ? `it ended with code ${code}` : `it was killed by ${signal}`));
  return {
    post: (request) => {
      child.send(request, (error) => {
        if (error) end(error.message);
      });
    },
    announce: () => {},
    keepAlive: (wanted) => {
      if (wanted) {
        child.ref();
        child.channel?.ref();
      } else {
        child.unref();
        child.channel?.unref();
      }
    },
    end: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else {
          child.ref();
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        }
      }),
  };
}
