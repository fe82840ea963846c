import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithData, HubServer } from '@rank-rank/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDenseEncoder } from '../encode/dense-encoder.ts';
import { openStaticEmbeddings } from '../encode/static-embeddings.ts';
import { openCrossEncoder } from '../rerank/cross-encoder.ts';
import { knownModel, knownModels } from './known-models.ts';
import { listModels } from './list-models.ts';

const filesOf = (folder: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name))]),
  );

describeWithData('A model by its name', 'models', (data) => {
  let hub: HubServer;
  const cache = mkdtempSync(join(tmpdir(), 'rank-rank-named-'));
  const before = process.env['RANK_CACHE'];
  beforeAll(async () => {
    process.env['RANK_CACHE'] = join(cache, 'own');
    hub = await HubServer.start();
    hub.models.set('owner/dense', { files: filesOf(join(data, 'tiny/distilbert-dense-mean')) });
    hub.models.set('owner/cross', { files: filesOf(join(data, 'tiny/bert-cross-encoder')) });
    hub.models.set('owner/static', { files: filesOf(join(data, 'model2vec-rs-fixtures/test-model-float32')) });
    hub.models.set('intfloat/e5-small-v2', { files: filesOf(join(data, 'tiny/distilbert-dense-mean')) });
  });
  afterAll(async () => {
    await hub.stop();
    rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env['RANK_CACHE'];
    else process.env['RANK_CACHE'] = before;
  });
  const options = () => ({ hub: { endpoint: hub.endpoint, cache: join(cache, 'hub') } });

  it('is fetched, exported, and gives what it gives from a folder', async () => {
    const stages: string[] = [];
    const encoder = await openDenseEncoder('owner/dense', { ...options(), warmUp: true, onProgress: ({ stage }) => stages.push(stage) });
    const { texts, embeddings } = JSON.parse(readFileSync(join(data, 'tiny/distilbert-dense-mean/expected.json'), 'utf8')) as {
      texts: string[];
      embeddings: number[][];
    };
    const { data: vectors, dim } = await encoder.encode(texts, 'document');
    embeddings.forEach((row, i) => {
      row.forEach((value, k) => {
        expect(vectors[i * dim + k]).toBeCloseTo(value, 4);
      });
    });
    expect(encoder.id).toContain(`owner/dense@${hub.commit}`);
    expect(stages).toContain('fetching model.safetensors');
    await encoder.close();
    const reranker = await openCrossEncoder('owner/cross@main', options());
    expect((await reranker.rerank('wing', [{ id: 'a', text: 'lift' }]))[0]!.score).toBeGreaterThan(0);
    await reranker.close();
    expect((await openStaticEmbeddings('owner/static', options())).dim).toBe(2);
  });

  it('is listed with what it is, how large, and which branch it was', async () => {
    const listed = await listModels({ cache: join(cache, 'hub') });
    expect(listed.map(({ name, kind, revisions }) => ({ name, kind, revisions }))).toEqual([
      { name: 'owner/cross', kind: 'cross-encoder', revisions: ['main'] },
      { name: 'owner/dense', kind: 'dense', revisions: ['main'] },
      { name: 'owner/static', kind: 'static', revisions: ['main'] },
    ]);
    const [cross] = listed;
    expect(cross!.commit).toBe(hub.commit);
    const files = Object.values(filesOf(cross!.folder));
    expect(cross).toMatchObject({ files: files.length, bytes: files.reduce((sum, { length }) => sum + length, 0) });
    expect(await listModels({ cache: join(cache, 'nothing') })).toEqual([]);
  });

  it('has the prompts its authors name where its folder has none', async () => {
    const encoder = await openDenseEncoder('intfloat/e5-small-v2', options());
    expect(encoder.description.prompts).toEqual({ query: 'query: ', document: 'passage: ' });
    await encoder.close();
  });
});

describe('The list of models', () => {
  it('is the table of the README', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    for (const { name, kind, licence } of knownModels)
      expect(readme).toMatch(new RegExp(`\\| ${name} \\| ${kind} \\| .* \\| ${licence} \\|`));
  });

  it('names each once, and finds it however it is written', () => {
    expect(new Set(knownModels.map(({ name }) => name)).size).toBe(knownModels.length);
    expect(knownModel('baai/BGE-M3@abc')).toMatchObject({ kind: 'multi', licence: 'mit' });
    expect(knownModel('owner/unknown')).toBeUndefined();
    for (const { name, licence, dim, kind } of knownModels) {
      expect(name).toMatch(/^[\w-]+\/[\w.-]+$/);
      expect(licence).not.toBe('');
      expect(dim !== undefined || kind === 'cross-encoder' || kind === 'generative').toBe(true);
    }
  });
});
