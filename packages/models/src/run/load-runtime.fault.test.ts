import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithData } from '@rank-rank/testing';
import { afterAll, expect, it } from 'vitest';

const models = new URL('../../dist/index.js', import.meta.url).href;

/** Makes imports of the runtimes fail as they do where the packages are not installed, or are and do not load. */
function hiding(names: readonly string[], code: string): string {
  const resolve = `export async function resolve(name, context, next) {
    if (${JSON.stringify(names)}.includes(name)) throw Object.assign(new Error('Cannot load ' + name), { code: ${JSON.stringify(code)} });
    return next(name, context);
  }`;
  const register = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(resolve)}));`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}

describeWithData('A runtime that is not there', 'models/tiny', (tiny) => {
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-runtime-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'open.mjs');
  const model = join(tiny, 'distilbert-dense-mean');
  writeFileSync(
    script,
    `import { openDenseEncoder } from ${JSON.stringify(models)};
    const report = await openDenseEncoder(${JSON.stringify(model)}, JSON.parse(process.argv[2])).then(
      async (encoder) => { await encoder.encode(['a'], 'query'); await encoder.close(); return {}; },
      ({ code, message, details }) => ({ code, message, details }),
    );
    console.log(JSON.stringify(report));`,
  );
  const open = async (hidden: string, options: object = {}) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', hidden, script, JSON.stringify(options)], {
      env: { ...process.env, RANK_CACHE: join(folder, 'cache') },
    });
    return JSON.parse(stdout) as { code?: string; message?: string; details?: { packages: string[] } };
  };

  it('is an error that says what to install, and how', async () => {
    const { code, message, details } = await open(hiding(['onnxruntime-node', 'onnxruntime-web'], 'ERR_MODULE_NOT_FOUND'));
    expect(code).toBe('MISSING_DEPENDENCY');
    expect(message).toMatch(/needs onnxruntime-node or onnxruntime-web, which is not installed.*npm install onnxruntime-node/);
    expect(details!.packages).toEqual(['onnxruntime-node', 'onnxruntime-web']);
  });

  it('has the other in its place, where that is installed', async () => {
    expect(await open(hiding(['onnxruntime-node'], 'ERR_MODULE_NOT_FOUND'))).toEqual({});
  });

  it('that was asked for by name has nothing in its place, and one that does not load says why', async () => {
    const only = { runtime: 'onnxruntime-node', isolation: 'none' };
    expect(await open(hiding(['onnxruntime-node'], 'ERR_DLOPEN_FAILED'), only)).toMatchObject({
      code: 'MISSING_DEPENDENCY',
      message: expect.stringMatching(/cannot be loaded here: Cannot load onnxruntime-node/),
    });
  });
});
