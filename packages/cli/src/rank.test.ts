import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '@rank-rank/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Each call starts a process; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const bin = fileURLToPath(new URL('../bin/rank.js', import.meta.url));
const demo = fileURLToPath(new URL('../demo', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rank-rank-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function rank(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  return { code: status, out: stdout, err: stderr };
}

/** What a command prints with `--json`; it must succeed, and print nothing else. */
function json<T = Record<string, never>>(...args: string[]): T {
  const { code, out, err } = rank(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
}

const put = (name: string, content: string): string => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), content);
  return name;
};

beforeAll(() => {
  cpSync(demo, join(folder, 'demo'), { recursive: true });
  json('index', 'demo', '-c', 'demo.rank');
  put('qrels.txt', 'q1 0 a 1\nq1 0 b 0\nq2 0 c 1\n');
  put('one.run', 'q1 Q0 a 1 2.5 one\nq1 Q0 b 2 1.5 one\nq2 Q0 b 1 3 one\nq2 Q0 c 2 1 one\n');
  put('two.run', 'q1 Q0 b 1 9 two\nq1 Q0 a 2 8 two\nq2 Q0 c 1 7 two\n');
});

describe('rank', () => {
  it('indexes, and the second time changes nothing', () => {
    expect(json('index', 'demo', '-c', 'demo.rank')).toMatchObject({ documents: 447, added: 0, updated: 0, removed: 0 });
    expect(existsSync(join(folder, 'demo.rank'))).toBe(true);
  });

  it('searches, with snippets, stages, filters and the alignment of words', () => {
    const { hits, stages } = json<{
      hits: { id: string; title: string; snippet: string; words: { word: string; share: number }[] }[];
      stages: { name: string }[];
    }>('search', 'why do rivers bend', '-c', 'demo.rank', '--k', '3', '--explain');
    expect(hits[0]).toMatchObject({ id: 'river-banks-1', title: 'Why rivers wander' });
    expect(hits[0]!.snippet).toContain('bend');
    expect(hits[0]!.words.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(stages.map(({ name }) => name)).toEqual(['retrieve', 'feedback', 'fuse', 'late']);
    const filtered = json<{ hits: { id: string }[] }>('search', 'why do rivers bend', '-c', 'demo.rank', '--filter', 'subject=bats');
    expect(filtered.hits.every(({ id }) => id.startsWith('bats'))).toBe(true);
    const { code, out } = rank('search', 'why do rivers bend', '-c', 'demo.rank', '--stages');
    expect(code).toBe(0);
    expect(out).toContain('place after');
    // No colour in a pipe.
    expect(out.includes(String.fromCharCode(27))).toBe(false);
  });

  it('runs queries with every named pipeline, and evaluates the runs', () => {
    for (const pipeline of ['bm25', 'dense', 'late', 'hybrid', 'full']) {
      expect(
        json('run', 'demo/queries.jsonl', '-c', 'demo.rank', '--pipeline', pipeline, '-k', '100', '-o', `${pipeline}.run`),
      ).toMatchObject({ queries: 60 });
    }
    const { runs, comparisons } = json<{ runs: { name: string; values: Record<string, number> }[]; comparisons: unknown[] }>(
      'eval',
      'demo/qrels/test.tsv',
      'bm25.run',
      'full.run',
      '-m',
      'nDCG@10',
      '--html',
      'report.html',
    );
    expect(runs.map(({ name }) => name)).toEqual(['bm25', 'full']);
    expect(runs[1]!.values['nDCG@10']!).toBeGreaterThan(runs[0]!.values['nDCG@10']!);
    expect(comparisons).toHaveLength(1);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<svg');
  });

  it('runs pipelines that are described in a file, and names what is misspelt in one', () => {
    put('quick.yaml', 'stages:\n  - retrieve: [bm25, dense]\n    depth: 50\n  - fuse: rrf\n');
    expect(json<{ hits: unknown[] }>('search', 'rivers', '-c', 'demo.rank', '-p', 'quick.yaml').hits).toHaveLength(10);
    put('wrong.json', '{"stages": [{"retrive": "bm25"}]}');
    const { code, err } = rank('search', 'rivers', '-c', 'demo.rank', '-p', 'wrong.json');
    expect(code).toBe(2);
    expect(err).toContain('Did you mean "retrieve"');
    expect(rank('search', 'rivers', '-c', 'demo.rank', '-p', 'ful').err).toContain('Did you mean "full"');
  });

  it('explains: the parts add up, and a page and a heat map are written', () => {
    const { score, parts } = json<{ score: number; parts: { value: number }[] }>(
      'explain',
      'why do rivers bend',
      'river-banks-1',
      '-c',
      'demo.rank',
      '--html',
      'why.html',
      '--svg',
      'why.svg',
    );
    expect(parts.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(score, 3);
    expect(readFileSync(join(folder, 'why.html'), 'utf8')).toContain('<html');
    expect(readFileSync(join(folder, 'why.svg'), 'utf8')).toContain('<svg');
    expect(rank('explain', 'x', 'nobody', '-c', 'demo.rank')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no document .?nobody/),
    });
  });

  it('evaluates, gates and compares', () => {
    const result = json<{ runs: { perQuery: object; values: object }[] }>('eval', 'qrels.txt', 'one.run', '-m', 'RR', '--per-query');
    expect(result.runs[0]).toEqual({ name: 'one', values: { RR: 0.75 }, perQuery: { q1: { RR: 1 }, q2: { RR: 0.5 } } });
    expect(rank('eval', 'qrels.txt', 'one.run', '--fail-if', 'RR below 0.7').code).toBe(0);
    const failed = rank('eval', 'qrels.txt', 'two.run', '--baseline', 'one.run', '--fail-if', 'RR below 0.8');
    expect(failed.code).toBe(1);
    expect(failed.out).toContain('FAILED two: RR');
    expect(rank('eval', 'qrels.txt', 'one.run', 'two.run', '--format', 'latex').out).toContain('\\begin{tabular}');
    expect(rank('eval', 'qrels.txt', 'one.run', '-m', 'nDCG@x')).toMatchObject({ code: 2 });
    const compared = json<{ gains: { query: string }[]; losses: { query: string }[]; fusion: object }>(
      'compare',
      'qrels.txt',
      'one.run',
      'two.run',
      '-m',
      'RR',
    );
    expect([compared.gains[0]!.query, compared.losses[0]!.query]).toEqual(['q2', 'q1']);
  });

  it('fuses and converts', () => {
    expect(json('fuse', 'one.run', 'two.run', '--method', 'rrf', '--param', 'k=10', '-o', 'fused.run')).toMatchObject({
      queries: 2,
      hits: 4,
      method: 'rrf',
      params: { k: 10 },
    });
    expect(json('convert', 'fused.run', 'fused.json')).toMatchObject({ kind: 'run', entries: 2 });
    expect(json('convert', 'qrels.txt', 'qrels.tsv')).toMatchObject({ kind: 'qrels' });
    expect(readFileSync(join(folder, 'qrels.tsv'), 'utf8')).toContain('q1\ta\t1');
    expect(json('convert', put('table.csv', 'id,text\n1,one\n'), 'table.jsonl')).toMatchObject({ kind: 'documents', entries: 1 });
    expect(json('convert', put('v.jsonl', '{"id":"a","vector":[1,2]}\n'), 'v.npy')).toMatchObject({ kind: 'vectors', entries: 1 });
    expect(rank('convert', 'one.run', 'x.run', '--as', 'rum').err).toContain('Did you mean "run"');
  });

  it('tunes a pipeline that search then takes, and times the pipelines', () => {
    const { best, crossValidated } = json<{ best: { quality: number }; crossValidated: number }>(
      'tune',
      'demo/queries.jsonl',
      '--qrels',
      'demo/qrels/test.tsv',
      '-c',
      'demo.rank',
      '-o',
      'tuned.json',
      '--plot',
      'front.svg',
    );
    expect(best.quality).toBeGreaterThan(0.6);
    expect(crossValidated).toBeLessThanOrEqual(best.quality + 0.02);
    expect(json<{ hits: unknown[] }>('search', 'rivers', '-c', 'demo.rank', '-p', 'tuned.json').hits).toHaveLength(10);
    const { pipelines } = json<{ pipelines: { pipeline: string }[] }>('bench', '-c', 'demo.rank', '-n', '20');
    expect(pipelines.map(({ pipeline }) => pipeline)).toEqual(['bm25', 'dense', 'late', 'hybrid', 'full']);
  });

  it('takes care of collections: stats, verify, remove, compact, export', () => {
    json('index', 'demo', '-c', 'care.rank');
    expect(json('stats', '-c', 'care.rank')).toMatchObject({
      documents: 447,
      encoder: 'static',
      fields: [{ name: 'subject', types: ['text'] }],
    });
    expect(json('remove', '-c', 'care.rank', '--filter', 'subject=bats')).toMatchObject({ removed: 5 });
    json('compact', '-c', 'care.rank');
    expect(json('verify', '-c', 'care.rank')).toMatchObject({ damaged: [] });
    expect(json('export', 'documents', '-c', 'care.rank', '-o', 'out.jsonl.gz')).toMatchObject({ documents: 442 });
    expect(json('index', 'out.jsonl.gz', '-c', 'care.rank')).toMatchObject({ documents: 442, added: 0, updated: 0 });
    expect(json('index', 'demo', '-c', 'care.rank', '--sync')).toMatchObject({ documents: 447, added: 5, removed: 0 });
  });

  it('indexes a folder of Markdown by its headings, and keeps in step with it', () => {
    put('notes/a.md', '# Rivers\nRivers carve valleys.\n# Dough\nBakers knead dough.');
    put('notes/b.md', '# Bees\nBees dance.');
    expect(json('index', 'notes', '-c', 'notes.rank')).toMatchObject({ documents: 2, added: 2 });
    expect(json('stats', '-c', 'notes.rank')).toMatchObject({ passages: 3, chunking: { by: 'headings' } });
    expect(json<{ hits: { id: string }[] }>('search', 'knead dough', '-c', 'notes.rank').hits[0]!.id).toBe('a.md');
    rmSync(join(folder, 'notes/b.md'));
    expect(json('index', 'notes', '-c', 'notes.rank', '--sync')).toMatchObject({ documents: 1, removed: 1 });
  });

  it('reads options from a configuration, in JSON and in TypeScript, and refuses what it does not know', () => {
    put(
      'project/rank.config.json',
      JSON.stringify({
        collection: '../demo.rank',
        search: { k: 2, pipeline: 'mine' },
        pipelines: { mine: { stages: [{ retrieve: 'bm25' }] } },
      }),
    );
    const inProject = (...args: string[]) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [bin, ...args], {
        cwd: join(folder, 'project'),
        encoding: 'utf8',
        env: plainEnvironment(),
      });
      return { out: stdout, err: stderr, code: status };
    };
    const { hits, stages } = JSON.parse(inProject('search', 'rivers bend', '--json').out);
    expect([hits.length, stages.length]).toEqual([2, 1]);
    expect(JSON.parse(inProject('search', 'rivers bend', '--json', '-k', '1').out).hits).toHaveLength(1);
    rmSync(join(folder, 'project/rank.config.json'));
    put('project/rank.config.ts', 'const k: number = 4;\nexport default { collection: "../demo.rank", search: { k } } satisfies object;\n');
    expect(JSON.parse(inProject('search', 'rivers bend', '--json').out).hits).toHaveLength(4);
    put('project/other.json', '{"colection": "x"}');
    expect(inProject('search', 'rivers', '--config', 'other.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "collection"'),
    });
  });

  it('makes a configuration that fits', () => {
    put('fresh/docs/x.md', `# X\n${'words and words. '.repeat(50)}`);
    const { status, stdout } = spawnSync(process.execPath, [bin, 'init', 'docs', '--json'], {
      cwd: join(folder, 'fresh'),
      encoding: 'utf8',
      env: plainEnvironment(),
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).config).toEqual({ collection: 'docs.rank', index: { chunk: 'headings' }, search: { k: 10 } });
    expect(spawnSync(process.execPath, [bin, 'init', 'docs'], { cwd: join(folder, 'fresh') }).status).toBe(3);
  });

  it('colours what is read at a terminal, not what goes into a pipe, unless it is told to', () => {
    const search = (env: NodeJS.ProcessEnv) => {
      const { CI: _ci, NO_COLOR: _no, ...rest } = plainEnvironment();
      return spawnSync(process.execPath, [bin, 'search', 'rivers', '-c', 'demo.rank'], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...rest, ...env },
      }).stdout;
    };
    const sequence = String.fromCharCode(27);
    expect(search({ CI: 'true' })).not.toContain(sequence);
    expect(search({ FORCE_COLOR: '0' })).not.toContain(sequence);
    expect(search({ FORCE_COLOR: '1' })).toContain(sequence);
    expect(search({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(sequence);
  });

  it('helps: commands have examples, completion knows all of them, doctor tells what there is', () => {
    const names = rank('completion', 'bash')
      .out.match(/compgen -W "([^"]+)"/)![1]!
      .split(' ');
    expect(names.length).toBeGreaterThan(15);
    for (const name of ['demo', 'index', 'search', 'eval', 'export']) {
      expect(names).toContain(name);
      const { code, out } = rank(name, '--help');
      expect([name, code]).toEqual([name, 0]);
      if (!out.includes('Commands:')) expect(out).toContain('Example:');
    }
    for (const shell of ['bash', 'zsh', 'fish']) expect(rank('completion', shell).code).toBe(0);
    expect(rank('completion', 'tcsh').code).toBe(2);
    expect(JSON.parse(rank('doctor', '--json').out)).toMatchObject({
      kernels: { backend: expect.any(String) },
      runtimes: { node: process.version },
    });
  });

  it('ends with 2 where it was called wrongly and with 3 where it failed, and says what to do', () => {
    expect(rank('serach')).toMatchObject({ code: 2, err: expect.stringContaining('search') });
    expect(rank('search', 'x').code).toBe(2);
    expect(rank('search', 'x', '-c', 'nothing.rank')).toMatchObject({ code: 3, err: expect.stringContaining('build it first') });
    expect(rank('index', 'missing.jsonl', '-c', 'y.rank')).toMatchObject({
      code: 3,
      err: expect.stringContaining('missing.jsonl does not exist'),
    });
    expect(rank('index', put('bad.jsonl', '{"id": "1", "text": "x"}\n{oops\n'), '-c', 'bad.rank')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/bad\.jsonl, line 2/),
    });
    expect(JSON.parse(rank('search', 'x', '-c', 'nothing.rank', '--json').err).error).toMatchObject({ code: 'NOT_FOUND' });
    put('twice.jsonl', '{"id": "1", "text": "x"}\n{"id": "1", "text": "y"}\n');
    expect(rank('index', 'twice.jsonl', '-c', 'twice.rank')).toMatchObject({ code: 3, err: expect.stringContaining('comes twice') });
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('says that a directory is read-only', () => {
    mkdirSync(join(folder, 'locked'));
    chmodSync(join(folder, 'locked'), 0o500);
    expect(rank('index', 'demo', '-c', 'locked/x.rank')).toMatchObject({ code: 3, err: expect.stringContaining('locked') });
  });

  it('stopped by Ctrl-C leaves the last commit, and goes on from there', async () => {
    const lines = Array.from({ length: 160_000 }, (_, i) =>
      JSON.stringify({ id: `d${i}`, text: `document ${i} about rivers and ${i % 97} bridges` }),
    );
    put('many.jsonl', lines.join('\n'));
    const child = spawn(process.execPath, [bin, 'index', 'many.jsonl', '-c', 'many.rank', '--encoder', 'none'], { cwd: folder });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    // Once the first commit of many is there.
    for (let i = 0; i < 600; i++) {
      const { out } = rank('stats', '-c', 'many.rank', '--json');
      if (out !== '' && JSON.parse(out).documents > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill('SIGINT');
    expect(await ended).toBe(3);
    const { documents } = json<{ documents: number }>('stats', '-c', 'many.rank');
    expect(documents).toBeGreaterThan(0);
    const { added } = json<{ added: number }>('index', 'many.jsonl', '-c', 'many.rank');
    expect(added).toBe(160_000 - documents);
  });
});
