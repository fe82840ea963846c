/** Every example is run, as a reader would run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = join(folder, '..');
const scratch = mkdtempSync(join(tmpdir(), 'rank-rank-examples-'));
const qrels = join(root, 'packages/cli/demo/qrels/test.tsv');
const ran = new Set<string>();

/** Node 20 runs no TypeScript, so the types are taken off first. */
function compiled(name: string): string {
  const out = join(root, '.cache/examples');
  mkdirSync(out, { recursive: true });
  const { outputText } = ts.transpileModule(readFileSync(join(folder, `${name}.ts`), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  writeFileSync(join(out, `${name}.mjs`), outputText);
  return join(out, `${name}.mjs`);
}

async function run(
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  ran.add(name);
  const child: ChildProcess = spawn(process.execPath, [compiled(name), ...args], { cwd: root, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

describe('the examples', () => {
  let good: string;
  let bad: string;
  beforeAll(() => {
    // One run puts relevant documents first, the other last.
    const lines = readFileSync(qrels, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t') as [string, string, string]);
    const write = (name: string, score: (grade: number) => number) => {
      const path = join(scratch, name);
      writeFileSync(path, lines.map(([q, d, g]) => `${q} Q0 ${d} 1 ${score(Number(g))} x\n${q} Q0 other-${d} 1 1.5 x`).join('\n'));
      return path;
    };
    good = write('good.run', (grade) => grade + 1);
    bad = write('bad.run', (grade) => -grade);
  });

  it('search a folder of notes', async () => {
    const { code, output } = await run('search-your-notes', ['packages', 'which file system dies at a chosen step']);
    expect([code, output.split('\n')[0]]).toEqual([0, expect.stringContaining('storage/README.md')]);
  });

  it('measure hybrid search', async () => {
    const { code, output } = await run('hybrid-search-with-evaluation');
    expect(output).toMatch(/nDCG@10: hybrid 0\.0\d+ against bm25, p = 0\.0/);
    expect(code).toBe(0);
  });

  it('rerank what another engine returned', async () => {
    const { code, output } = await run('rerank-what-another-engine-returned');
    expect([code, output.includes('savings')]).toEqual([0, false]);
    expect(output.split('\n')[0]).toContain('river bank');
  });

  it('learn fusion weights', async () => {
    const { code, output } = await run('learn-fusion-weights', [qrels, good, bad]);
    expect([code, output]).toEqual([0, expect.stringContaining('expected on new queries')]);
  });

  it('explain a score', async () => {
    const { code, output } = await run('explain');
    expect([code, output]).toEqual([0, expect.stringContaining('skyscraper')]);
  });

  it('answer with a model of Ollama', async () => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end(JSON.stringify({ message: { content: 'Willow roots bind the soil [1].' } })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { code, output } = await run('rag-with-ollama', [], {
      OLLAMA_HOST: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    server.close();
    expect([code, output]).toEqual([0, expect.stringContaining('[1] willows')]);
    expect(output).not.toContain('doubt');
  });

  it('fail a build on a significant drop, and only then', async () => {
    expect((await run('batch-evaluation-in-ci', [qrels, bad, good])).code).toBe(0);
    const { code, output } = await run('batch-evaluation-in-ci', [qrels, good, bad]);
    expect([code, output]).toEqual([1, expect.stringContaining('FAILED nDCG@10')]);
  });

  it('are all here, each of at most 40 lines', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
    expect(files.map((file) => file.slice(0, -3)).sort()).toEqual([...ran].sort());
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8').trim().split('\n').length, file).toBeLessThanOrEqual(40);
  });
});
