import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { toBatch } from './batch.ts';
import { IsolatedSession } from './isolated-session.ts';
import { openOnnxSession } from './onnx-session.ts';
import type { Reduction } from './reduction.ts';
import type { Session, SessionOptions } from './session.ts';

const mean: Reduction = { kind: 'pool', output: 'output_0', modes: ['mean'], normalize: false };
const batch = toBatch([{ ids: Int32Array.of(1, 2, 3, 4, 5) }], 0);
const openers: [string, (file: string, options: SessionOptions) => Promise<Session>][] = [
  ['in this thread', (file, options) => openOnnxSession(file, options)],
  ['in a worker thread', (file, options) => IsolatedSession.open(file, options, 'thread')],
  ['in a process', (file, options) => IsolatedSession.open(file, options, 'process')],
];

describeWithData('Sessions', 'models/vespa-onnx', (folder) => {
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, number[]>;

  describe.each(openers)('%s', (_, open) => {
    it.each(['onnxruntime-node', 'onnxruntime-web'] as const)(
      "%s gives Vespa's published vectors, with token types and without",
      async (runtime) => {
        for (const name of ['dummy_transformer.onnx', 'dummy_transformer_without_type_ids.onnx']) {
          const session = await open(join(folder, name), { runtime });
          await session.prepare([mean]);
          const [result] = await session.run(batch, [0]);
          expected[name]!.forEach((value, i) => {
            expect(result!.data[i]).toBeCloseTo(value, 6);
          });
          await session.close();
          await expect(session.run(batch, [0])).rejects.toMatchObject({ code: 'CLOSED' });
        }
      },
    );

    it('a wrong output name is refused with the right ones, and the session can be used after', async () => {
      const session = await open(join(folder, 'dummy_transformer.onnx'), {});
      await expect(session.prepare([{ ...mean, output: 'last_hidden_state' }])).rejects.toThrow(
        /no output "last_hidden_state"; it has output_0/,
      );
      await session.prepare([mean]);
      expect((await session.run(batch, [0]))[0]!.size).toBe(16);
      await session.close();
    });

    it("ids beyond the model's table fail the call and name the likely cause, and the session goes on", async () => {
      const session = await open(join(folder, 'dummy_transformer.onnx'), {});
      await session.prepare([mean]);
      await expect(session.run(toBatch([{ ids: Int32Array.of(1, 99_999_999) }], 0), [0])).rejects.toThrow(/tokenizer is not this model's/);
      expect((await session.run(batch, [0]))[0]!.size).toBe(16);
      await session.close();
    });

    it('files that are no models are named, whatever they are', async () => {
      const place = mkdtempSync(join(tmpdir(), 'rank-rank-graphs-'));
      const whole = readFileSync(join(folder, 'dummy_transformer.onnx'));
      writeFileSync(join(place, 'page.onnx'), '<!doctype html><html>Not found</html>');
      writeFileSync(join(place, 'empty.onnx'), '');
      writeFileSync(join(place, 'half.onnx'), whole.subarray(0, whole.length / 2));
      for (const name of ['page.onnx', 'empty.onnx', 'half.onnx']) {
        await expect(open(join(place, name), {}), name).rejects.toMatchObject({ code: 'CORRUPT' });
      }
      await expect(open(join(place, 'absent.onnx'), {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
      rmSync(place, { recursive: true });
    });

    it('an execution provider that is not on this machine is an error that says which are', async () => {
      const elsewhere = process.platform === 'win32' ? 'coreml' : 'dml';
      await expect(open(join(folder, 'dummy_transformer.onnx'), { providers: [elsewhere] })).rejects.toThrow(
        /no execution provider .*; it has .*cpu/,
      );
    });
  });

  it('gives several reductions of one pass', async () => {
    const session = await openOnnxSession(join(folder, 'dummy_transformer.onnx'));
    await session.prepare([mean, { kind: 'tokens', output: 'output_0', normalize: true }]);
    const [vectors, matrices] = await session.run(batch, [0, 1]);
    expect([vectors!.data.length, matrices!.data.length, ...matrices!.counts!]).toEqual([16, 80, 5]);
    await session.close();
  });
});
