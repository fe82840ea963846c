import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithData, HubServer, runScript, type ScriptOutcome } from '@rank-rank/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/rank.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rank-rank-model-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

function rank(args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}): Promise<ScriptOutcome> {
  const env = { RANK_CACHE: join(folder, 'cache'), HF_HOME: join(folder, 'hf'), ...options.env };
  return runScript(bin, args, { ...options, env });
}

const documents = ['Heat flows through the plate.', 'The wing is swept back.', 'Sweep of a wing delays shocks.'];

describe('rank rerank', () => {
  it('answers a request from stdin in its own form', async () => {
    const stdin = JSON.stringify({ query: 'wing sweep', documents, top_n: 2 });
    const { json } = await rank(['rerank', '--json'], { stdin });
    expect(json.results).toEqual([
      { index: 2, relevance_score: expect.any(Number) },
      { index: 1, relevance_score: expect.any(Number) },
    ]);
  });

  it('takes candidates a line, from a file, and shows them to people', async () => {
    const file = join(folder, 'candidates.jsonl');
    writeFileSync(file, documents.map((text, i) => JSON.stringify({ id: `d${i}`, text })).join('\n'));
    expect((await rank(['rerank', file, '--query', 'wing sweep', '--json', '-k', '1'])).json.hits).toEqual([
      { id: 'd2', score: expect.any(Number) },
    ]);
    const { out } = await rank(['rerank', file, '--query', 'wing sweep']);
    expect(out).toMatch(/1\. d2 .* Sweep of a wing delays shocks\./);
    expect(out).toMatch(/3 candidates by BM25/);
  });

  it('says what it cannot read, with exit code 2, and what is not there, with 3', async () => {
    for (const [stdin, args, code, message] of [
      ['', [], 3, /stdin is empty/],
      ['{"id": "a", "text": "a"}', [], 2, /say it with --query/],
      ['q1 Q0 d1 1 2.5 x', [], 2, /needs --queries, --documents and -o/],
      ['{"query": "a", "documents": ["a"]}', ['--model', join(folder, 'absent')], 3, /absent/],
      ['', [join(folder, 'absent.json')], 3, /cannot be read/],
    ] as const) {
      const { code: found, err } = await rank(['rerank', ...args], { stdin });
      expect(err).toMatch(message);
      expect(found).toBe(code);
    }
  });
});

describeWithData('Commands for models', 'models/tiny', (tiny) => {
  let hub: HubServer;
  beforeAll(async () => {
    hub = await HubServer.start();
    const model = join(tiny, 'bert-cross-encoder');
    const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
    hub.models.set('owner/cross', {
      files: Object.fromEntries(files.map((name) => [name, readFileSync(join(model, name))])),
      licence: 'apache-2.0',
    });
  });
  afterAll(() => hub.stop());

  it('rank encode writes a vector a line and says how many', async () => {
    const input = join(folder, 'texts.jsonl');
    const output = join(folder, 'vectors.jsonl');
    writeFileSync(input, documents.map((text, i) => JSON.stringify({ id: `d${i}`, text })).join('\n'));
    const model = join(tiny, 'distilbert-dense-mean');
    const { json } = await rank(['encode', model, input, '--as', 'query', '-o', output, '--cache', join(folder, 'kept'), '--json']);
    expect(json).toMatchObject({ texts: 3, dim: expect.any(Number), seconds: expect.any(Number), hitRate: 0 });
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    expect(JSON.parse(lines[0]!)).toEqual({ id: 'd0', embedding: expect.any(Array) });
    expect(JSON.parse(lines[0]!).embedding).toHaveLength(json.dim);
    expect((await rank(['encode', join(tiny, 'bert-cross-encoder'), input, '-o', output])).err).toMatch(/scores pairs/);
  });

  it('rank rerank --model reads pairs, compares tokens, or compares vectors', async () => {
    const stdin = JSON.stringify({ query: 'wing sweep', documents });
    for (const name of ['bert-cross-encoder', 'colbert-pylate', 'distilbert-dense-mean']) {
      const { json } = await rank(['rerank', '--model', join(tiny, name), '--json', '--threads', '1'], { stdin });
      const scores = json.results.map((result: { relevance_score: number }) => result.relevance_score);
      expect(scores).toHaveLength(3);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
    expect((await rank(['rerank', '--model', join(tiny, 'bert-splade'), '--json'], { stdin })).err).toMatch(/does not rerank/);
  });

  it('rank index --encoder with a sparse model: search, explain, stats, bench and tune use it', async () => {
    const corpus = join(folder, 'sparse-corpus.jsonl');
    const collection = join(folder, 'sparse.rank');
    const texts = ['heat flow', 'wing sweep', 'shock waves', 'boundary layers', 'lift and drag'].flatMap((subject) =>
      documents.map((text) => `${subject}. ${text}`),
    );
    writeFileSync(corpus, texts.map((text, i) => JSON.stringify({ id: `d${i}`, text })).join('\n'));
    const { json } = await rank(['index', corpus, '-c', collection, '-e', join(tiny, 'bert-splade'), '--json']);
    expect(json).toMatchObject({ documents: 15, added: 15 });
    const stats = await rank(['stats', '-c', collection, '--json']);
    expect(stats.json).toMatchObject({ sparse: { vectors: 15, vocabulary: 1200, search: 'exact' }, segments: { sparse: 1 } });
    expect((await rank(['stats', '-c', collection])).out).toMatch(/sparse vectors +15 .* of 1,200 words each, exact/);
    const search = ['search', 'sweep of a wing', '-c', collection, '--json'];
    const found = (await rank([...search, '-p', 'sparse'])).json;
    expect(found.hits).toHaveLength(10);
    expect(found.stages).toMatchObject([{ kind: 'retrieve' }]);
    const { hits, stages } = (await rank(search)).json;
    expect(hits[0].score).toBeGreaterThan(0);
    expect(stages[0].parts.map(({ name }: { name: string }) => name).sort()).toEqual(['bm25', 'dense', 'sparse']);
    const why = (await rank(['explain', 'sweep of a wing', found.hits[0].id, '-c', collection, '-p', 'sparse', '--json'])).json;
    expect(why.score).toBe(found.hits[0].score);
    expect(why.parts.reduce((sum: number, { value }: { value: number }) => sum + value, 0) / why.score).toBeCloseTo(1, 9);
    const { pipelines } = (await rank(['bench', '-c', collection, '-n', '3', '--json'])).json;
    expect(pipelines.map(({ pipeline }: { pipeline: string }) => pipeline)).toEqual(['bm25', 'dense', 'sparse', 'late', 'hybrid', 'full']);
    const [queries, qrels] = [join(folder, 'sparse-queries.jsonl'), join(folder, 'sparse-qrels.txt')];
    writeFileSync(queries, [0, 1, 2].map((i) => JSON.stringify({ id: `q${i}`, text: texts[i] })).join('\n'));
    writeFileSync(qrels, [0, 1, 2].map((i) => `q${i} 0 d${i} 1\n`).join(''));
    const tuned = (await rank(['tune', queries, '--qrels', qrels, '-c', collection, '--folds', '2', '--json'])).json;
    expect(tuned.start.parameters.sparse).toBe(1.5);
    expect((await rank(['compact', '-c', collection, '--json'])).json.segments.after.sparse).toBe(1);
    expect((await rank(['verify', '-c', collection, '--json'])).json.damaged).toEqual([]);
  }, 60_000);

  it('rank index --vectors takes one of several heads, and stays with it', async () => {
    const corpus = join(folder, 'heads.jsonl');
    writeFileSync(corpus, documents.map((text, i) => JSON.stringify({ id: `d${i}`, text })).join('\n'));
    const index = ['index', corpus, '-c', join(folder, 'heads.rank'), '--json'];
    const model = ['-e', join(tiny, 'bge-m3')];
    expect((await rank([...index, ...model, '--vectors', 'spares'])).code).toBe(2);
    await rank([...index, ...model, '--vectors', 'sparse']);
    writeFileSync(corpus, JSON.stringify({ id: 'new', text: 'Lift and drag of a wing.' }));
    expect((await rank(index)).json).toMatchObject({ documents: 4, added: 1 });
    const stats = (await rank(['stats', '-c', join(folder, 'heads.rank'), '--json'])).json;
    expect(stats).toMatchObject({ sparse: { vectors: 4 }, dense: { vectors: 4 }, learned: { documents: 3 } });
    expect((await rank(['search', 'wing', '-c', join(folder, 'heads.rank'), '-p', 'sparse', '--json'])).json.hits.length).toBeGreaterThan(
      0,
    );
  });

  it('rank rerank reranks a TREC run', async () => {
    const [run, queries, corpus, output] = ['in.run', 'queries.jsonl', 'corpus.jsonl', 'out.run'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
    ];
    writeFileSync(run, 'q1 Q0 d0 1 3 x\nq1 Q0 d1 2 2 x\nq1 Q0 d2 3 1 x\nq2 Q0 d0 1 1 x\n');
    writeFileSync(queries, '{"id":"q1","text":"wing sweep"}\n{"id":"q2","text":"heat"}\n');
    writeFileSync(corpus, documents.map((text, i) => JSON.stringify({ id: `d${i}`, text })).join('\n'));
    const args = ['rerank', run, '--queries', queries, '--documents', corpus, '-k', '2', '-o', output, '--json'];
    expect((await rank(args)).json).toMatchObject({ queries: 2, hits: 3, milliseconds: { p50: expect.any(Number) } });
    expect(readFileSync(output, 'utf8')).toMatch(/^q1 Q0 d1 1 [\d.]+ rank-rank\nq1 Q0 d0 2 0 rank-rank\nq2 Q0 d0 1 /);
    writeFileSync(corpus, '{"id":"d0","text":"a"}\n');
    expect((await rank(args)).err).toMatch(/lacks 1 documents of the run: d1/);
    writeFileSync(queries, '{"id":"q1","text":"wing sweep"}\n');
    expect((await rank(args)).err).toMatch(/lacks 1 queries/);
  });

  it('rank model pull, list and inspect: fetched, shown, looked into', async () => {
    const env = { HF_ENDPOINT: hub.endpoint };
    expect((await rank(['model', 'list'], { env })).out).toMatch(/No model is here yet/);
    const { json } = await rank(['model', 'pull', 'owner/cross', '--json'], { env });
    expect(json).toMatchObject({ name: 'owner/cross', licence: 'apache-2.0', commit: hub.commit });
    expect(json.fetched).toBe(json.files.reduce((sum: number, { size }: { size: number }) => sum + size, 0));
    expect((await rank(['model', 'list', '--json'], { env })).json.models).toMatchObject([{ name: 'owner/cross', kind: 'cross-encoder' }]);
    const { json: inspected } = await rank(['model', 'inspect', 'owner/cross', '--json'], { env });
    expect(inspected).toMatchObject({ description: { kind: 'cross-encoder' }, runs: 'export', folder: json.folder });
    expect((await rank(['model', 'inspect', 'owner/cross'], { env })).out).toMatch(/runs as +an ONNX graph that is made of its weights/);
    expect((await rank(['model', 'pull', 'owner/absent'], { env })).code).toBe(3);
    expect((await rank(['model', 'list', '--tested', '--json'])).json.models.length).toBeGreaterThan(30);
  });
});
