import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { toBatch } from './batch.ts';
import { IsolatedSession } from './isolated-session.ts';
import type { Isolation } from './worker-link.ts';

const place = mkdtempSync(join(tmpdir(), 'rank-rank-worker-'));
afterAll(() => rmSync(place, { recursive: true }));

/** A worker that answers like ours, and dies of certain token ids in certain ways. */
const script = pathToFileURL(join(place, 'dying.mjs'));
writeFileSync(
  script,
  `import { parentPort } from 'node:worker_threads';
const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const take = (request) => {
  const { id, kind } = request;
  if (kind === 'open') return send({ id, opened: { inputs: [], outputs: [] } });
  if (kind === 'run') {
    const [token] = request.batch.ids;
    if (token === 1) throw new Error('broken inside');
    if (token === 2) process.exit(3);
    if (token === 3) process.kill(process.pid, 'SIGKILL');
    if (token === 4) return; // never answers
    return send({ id, results: [{ data: Float32Array.of(token), size: 1 }] });
  }
  send({ id, done: true });
  if (kind === 'close') parentPort ? parentPort.close() : process.disconnect();
};
parentPort ? parentPort.on('message', take) : process.on('message', take);`,
);
const batch = (token: number) => toBatch([{ ids: Int32Array.of(token) }], 0);

describe.each(['thread', 'process'] as Isolation[])('A worker in a %s', (isolation) => {
  it.each(isolation === 'thread' ? [1, 2] : [1, 2, 3])('that dies (way %i) fails its calls, and the next call has another', async (way) => {
    const session = await IsolatedSession.open('model.onnx', {}, isolation, script);
    await session.prepare([]);
    const [died, waiting] = await Promise.allSettled([session.run(batch(way), [0]), session.run(batch(7), [0])]);
    expect(died).toMatchObject({
      status: 'rejected',
      reason: { code: 'MODEL', message: expect.stringMatching(/died: .+ next call starts another/) },
    });
    expect(waiting.status).toBe('rejected');
    expect((await session.run(batch(7), [0]))[0]!.data[0]).toBe(7);
    expect(session.restarts).toBe(1);
    await session.close();
  });

  it('can be closed while it owes an answer', async () => {
    const session = await IsolatedSession.open('model.onnx', {}, isolation, script);
    const never = session.run(batch(4), [0]).catch((error: { code: string }) => error.code);
    await session.close();
    expect(await never).toBe('MODEL');
    await expect(session.run(batch(7), [0])).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('that does not start is an error', async () => {
    const missing = pathToFileURL(join(place, 'absent.mjs'));
    await expect(IsolatedSession.open('model.onnx', {}, isolation, missing)).rejects.toMatchObject({ code: 'MODEL' });
  });

  it('lives under the flags that Node was started with', () => {
    const built = new URL('../../dist/run/isolated-session.js', import.meta.url).href;
    const program = join(place, `flags-${isolation}.mjs`);
    writeFileSync(
      program,
      `import { IsolatedSession } from ${JSON.stringify(built)};
const session = await IsolatedSession.open('model.onnx', {}, ${JSON.stringify(isolation)}, new URL(${JSON.stringify(script.href)}));
await session.close();
console.log('closed');`,
    );
    const flags = ['--max-old-space-size=512', '--expose-gc'];
    expect(execFileSync(process.execPath, [...flags, program], { timeout: 30_000, encoding: 'utf8' })).toBe('closed\n');
  });

  it('does not keep a program alive that has nothing more to do', () => {
    const built = new URL('../../dist/run/isolated-session.js', import.meta.url).href;
    const program = `import { IsolatedSession } from ${JSON.stringify(built)};
await IsolatedSession.open('model.onnx', {}, ${JSON.stringify(isolation)}, new URL(${JSON.stringify(script.href)}));
console.log('open');`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000, encoding: 'utf8' })).toBe('open\n');
  });
});
