import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubServer } from '@rank-rank/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PullOptions, pullModel, resolveModel } from './pull-model.ts';

let hub: HubServer;
let cache: string;
const environment = [
  'HF_TOKEN',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HF_ENDPOINT',
  'HF_HUB_OFFLINE',
  'HF_TOKEN_PATH',
  'TRANSFORMERS_OFFLINE',
  'HUGGING_FACE_HUB_TOKEN',
  'HUGGINGFACE_HUB_CACHE',
];
const kept = new Map<string, string | undefined>();

const weights = randomBytes(300_000);
const name = 'owner/small-model';
const files = {
  'config.json': JSON.stringify({ model_type: 'bert', architectures: ['BertModel'], vocab_size: 9 }),
  'tokenizer.json': '{}',
  'README.md': '---\nlicense: apache-2.0\n---\n# A model\n',
  'modules.json': '[]',
  '1_Pooling/config.json': '{"pooling_mode": "mean"}',
  'model.safetensors': weights,
  'pytorch_model.bin': randomBytes(1000),
  'tf_model.h5': randomBytes(1000),
  'onnx/model.onnx': Buffer.from(weights).reverse(),
  'onnx/model_int8.onnx': randomBytes(5000),
};

beforeEach(async () => {
  for (const key of environment) {
    kept.set(key, process.env[key]);
    delete process.env[key];
  }
  cache = mkdtempSync(join(tmpdir(), 'rank-rank-hub-'));
  process.env['HF_HOME'] = join(cache, 'home');
  hub = await HubServer.start();
  hub.models.set(name, { files, licence: 'apache-2.0' });
});

afterEach(async () => {
  await hub.stop();
  rmSync(cache, { recursive: true });
  for (const [key, value] of kept) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
});

const pull = (model = name, options: PullOptions = {}) =>
  pullModel(model, { endpoint: hub.endpoint, cache, timeoutMs: 400, retryDelayMs: 5, retries: 3, ...options });
const fetched = () => hub.requests.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path.split(`${hub.commit}/`)[1]);

describe('Fetching a model', () => {
  it('fetches what runs it and nothing else, says why, how much, and under which licence', async () => {
    const seen: { stage: string; done: number; total?: number }[] = [];
    const pulled = await pull(name, { onProgress: (progress) => seen.push(progress) });
    expect(pulled).toMatchObject({ name, revision: 'main', commit: hub.commit, licence: 'apache-2.0' });
    expect(pulled.files.map(({ path, why }) => [path, why])).toEqual([
      ['config.json', 'configuration'],
      ['tokenizer.json', 'tokenizer'],
      ['README.md', 'licence and card'],
      ['modules.json', 'configuration'],
      ['1_Pooling/config.json', 'configuration'],
      ['onnx/model.onnx', 'the fp32 graph'],
    ]);
    expect(pulled.fetched).toBe(pulled.files.reduce((sum, { size }) => sum + size, 0));
    expect(seen.at(-1)).toMatchObject({ stage: 'fetching onnx/model.onnx', done: pulled.fetched, total: pulled.fetched });
    expect(readFileSync(join(pulled.folder, 'onnx/model.onnx')).equals(files['onnx/model.onnx'])).toBe(true);
  });

  it('takes the precision that is asked for, and weights where there is no graph', async () => {
    expect((await pull(name, { precision: 'int8' })).files.at(-1)).toMatchObject({ path: 'onnx/model_int8.onnx' });
    const { 'onnx/model.onnx': _, 'onnx/model_int8.onnx': __, ...bare } = files;
    hub.models.set('owner/bare', { files: bare });
    expect((await pull('owner/bare')).files.at(-1)).toMatchObject({
      path: 'model.safetensors',
      why: 'weights, of which the graph is made',
    });
    await expect(pull(name, { precision: 'q4' })).rejects.toThrow(/nothing that runs here as q4.*onnx\/model\.onnx/);
  });

  it('takes external data, shards, projections and heads along', async () => {
    const config = files['config.json'];
    hub.models.set('owner/big', {
      files: {
        'config.json': config,
        'tokenizer.json': '{}',
        'onnx/model.onnx': 'graph',
        'onnx/model.onnx_data': randomBytes(50),
        '2_Dense/config.json': '{}',
        '2_Dense/model.safetensors': randomBytes(9),
        '2_Dense/pytorch_model.bin': randomBytes(9),
      },
    });
    expect((await pull('owner/big')).files.map(({ path }) => path)).toEqual([
      'config.json',
      'tokenizer.json',
      '2_Dense/config.json',
      'onnx/model.onnx',
      'onnx/model.onnx_data',
      '2_Dense/model.safetensors',
    ]);
    hub.models.set('owner/shards', {
      files: {
        'config.json': config,
        'tokenizer.json': '{}',
        'model-00001-of-00002.safetensors': 'a',
        'model-00002-of-00002.safetensors': 'b',
        'model.safetensors.index.json': '{}',
        'sparse_linear.pt': 'x',
        'colbert_linear.pt': 'y',
      },
    });
    expect((await pull('owner/shards')).files.map(({ path }) => path)).toContain('model-00002-of-00002.safetensors');
    expect((await pull('owner/shards')).files.map(({ path }) => path)).toContain('sparse_linear.pt');
  });

  it("takes the weights of Stanford's ColBERT though there is a graph: the projection lies among them", async () => {
    hub.models.set('owner/colbert', {
      files: { ...files, 'config.json': JSON.stringify({ model_type: 'bert', architectures: ['HF_ColBERT'] }) },
    });
    expect((await pull('owner/colbert')).files.at(-1)).toMatchObject({ path: 'model.safetensors' });
  });

  it('refuses a model that would not run, before fetching its weights', async () => {
    hub.models.set('owner/strange', {
      files: { 'config.json': '{"model_type":"mamba"}', 'tokenizer.json': '{}', 'model.safetensors': 'x' },
    });
    await expect(pull('owner/strange')).rejects.toThrow(/architecture that is not exported, and it has no ONNX graph/);
    hub.models.set('owner/data', { files: { 'data.csv': 'x' } });
    await expect(pull('owner/data')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(fetched()).not.toContain('model.safetensors');
  });
});

describe('The cache', () => {
  it('is laid out as huggingface_hub lays it out: refs, blobs by checksum, links in snapshots', async () => {
    const { folder } = await pull();
    const root = join(cache, 'models--owner--small-model');
    expect(readFileSync(join(root, 'refs/main'), 'utf8')).toBe(hub.commit);
    expect(folder).toBe(join(root, 'snapshots', hub.commit));
    const sha256 = createHash('sha256').update(files['onnx/model.onnx']).digest('hex');
    expect(lstatSync(join(folder, 'onnx/model.onnx')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(folder, 'onnx/model.onnx'))).toBe(join('../../../blobs', sha256));
    const config = Buffer.from(files['config.json']);
    const git = createHash('sha1').update(`blob ${config.length}\0`).update(config).digest('hex');
    expect(readlinkSync(join(folder, 'config.json'))).toBe(join('../../blobs', git));
  });

  it('is not fetched again: a second pull asks for the revision and nothing else', async () => {
    await pull();
    hub.requests.length = 0;
    expect((await pull()).fetched).toBe(0);
    expect(hub.requests.map(({ path }) => path)).toEqual([`/api/models/${name}/revision/main`]);
  });

  it('that Python made is used as it is', async () => {
    const root = join(cache, 'models--owner--small-model');
    mkdirSync(join(root, 'refs'), { recursive: true });
    mkdirSync(join(root, 'blobs'));
    mkdirSync(join(root, 'snapshots', hub.commit), { recursive: true });
    writeFileSync(join(root, 'refs/main'), hub.commit);
    writeFileSync(join(root, 'blobs/abc'), files['config.json']);
    symlinkSync('../../blobs/abc', join(root, 'snapshots', hub.commit, 'config.json'));
    expect(await pull(name, { offline: true })).toMatchObject({
      commit: hub.commit,
      files: [{ path: 'config.json', size: files['config.json'].length }],
    });
    await pull();
    expect(fetched()).not.toContain('config.json');
  });

  it('serves without a network, by branch and by commit, and names the licence', async () => {
    await pull();
    const { endpoint } = hub;
    await hub.stop();
    const pulled = await pullModel(name, { endpoint, cache, retries: 1, retryDelayMs: 1 });
    expect(pulled).toMatchObject({ commit: hub.commit, licence: 'apache-2.0', fetched: 0 });
    expect((await pullModel(`${name}@${hub.commit}`, { endpoint, cache, offline: true })).folder).toBe(pulled.folder);
    await expect(pullModel('owner/other', { endpoint, cache, retries: 0 })).rejects.toMatchObject({ code: 'REMOTE' });
    await expect(pullModel('owner/other', { cache, offline: true })).rejects.toThrow(/not in the cache.*rank model pull owner\/other/);
    hub = await HubServer.start();
  });

  it('is where the environment says', async () => {
    process.env['HF_ENDPOINT'] = hub.endpoint;
    process.env['HF_HOME'] = join(cache, 'elsewhere');
    expect((await pullModel(name)).folder).toContain(join('elsewhere', 'hub', 'models--owner--small-model'));
    process.env['HF_HUB_CACHE'] = join(cache, 'direct');
    expect((await pullModel(name)).folder).toContain(join('direct', 'models--owner--small-model'));
    process.env['HF_HUB_OFFLINE'] = '1';
    hub.requests.length = 0;
    await pullModel(name);
    expect(hub.requests).toEqual([]);
  });

  it('two who fetch at once fetch each file once', async () => {
    const [one, two] = await Promise.all([pull(), pull()]);
    expect(one.folder).toBe(two.folder);
    const asked = fetched();
    expect(new Set(asked).size).toBe(asked.length);
  });
});

describe('Tokens', () => {
  it('come from the option, the environment, or where logging in keeps them, and go to the hub only', async () => {
    hub.models.set('owner/private', { files, token: 'secret' });
    await expect(pull('owner/private')).rejects.toThrow(/private or gated, or does not exist.*HF_TOKEN/s);
    await pull('owner/private', { token: 'secret' });
    rmSync(join(cache, 'models--owner--private'), { recursive: true });
    process.env['HF_TOKEN'] = 'secret';
    await pull('owner/private');
    delete process.env['HF_TOKEN'];
    mkdirSync(join(cache, 'home'), { recursive: true });
    writeFileSync(join(cache, 'home/token'), 'secret\n');
    rmSync(join(cache, 'models--owner--private'), { recursive: true });
    await pull('owner/private');
    await expect(pull('owner/private', { token: false })).rejects.toMatchObject({ code: 'REMOTE', details: { status: 401 } });
    await expect(pull('owner/private', { token: 'wrong' })).rejects.toThrow(/refused the token/);
    hub.models.set('owner/gated', { files, token: 'accepted', gated: true });
    await expect(pull('owner/gated', { token: 'mine' })).rejects.toThrow(/gated: accept its conditions at .*owner\/gated/);
  });
});

describe('A hub that misbehaves', () => {
  it('does not know the model, the revision, or the file', async () => {
    await expect(pull('owner/nothing', { token: 'any' })).rejects.toThrow(/refused the token for owner\/nothing/);
    hub.trouble(/api/, { kind: 'status', status: 404, headers: { 'x-error-code': 'RepoNotFound' } });
    await expect(pull('owner/nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(pull(`${name}@v9`)).rejects.toThrow(/no revision v9/);
    hub.trouble(/resolve.*config\.json/, { kind: 'status', status: 404 });
    await expect(pull()).rejects.toThrow(/has no file config\.json/);
  });

  it('answers with a web page, in place of its list or of a file', async () => {
    hub.trouble(/api/, { kind: 'html' });
    await expect(pull()).rejects.toThrow(/web page \(Sign in\).*HF_ENDPOINT/);
    hub.trouble(/resolve.*tokenizer/, { kind: 'html' });
    await expect(pull()).rejects.toThrow(/web page instead of tokenizer\.json/);
  });

  it('is busy or broken for a while: 429 and 500 are waited out, as long as it asks', async () => {
    hub.trouble(
      /api/,
      { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
      { kind: 'status', status: 500 },
      { kind: 'reset' },
    );
    hub.trouble(/resolve.*model\.onnx/, { kind: 'status', status: 503, headers: { 'retry-after': '0' } }, { kind: 'status', status: 429 });
    expect((await pull()).files.at(-1)!.path).toBe('onnx/model.onnx');
  });

  it('stays busy or broken: the error says so, and what to do', async () => {
    const busy = { kind: 'status', status: 429, body: '{"error":"rate limit"}' } as const;
    hub.trouble(/api/, busy, busy, busy, busy);
    await expect(pull()).rejects.toThrow(/429: rate limit.*ask less often/);
    const broken = { kind: 'status', status: 500 } as const;
    hub.trouble(/api/, broken, broken, broken, broken);
    await expect(pull()).rejects.toMatchObject({ code: 'REMOTE', details: { status: 500 } });
    hub.trouble(/api/, { kind: 'status', status: 429, headers: { 'retry-after': '3600' } });
    await expect(pull()).rejects.toThrow(/asks to wait 3600 seconds/);
  });

  it('stalls: the wait ends, and says for how long it was', async () => {
    const stall = { kind: 'stall' } as const;
    hub.trouble(/api/, stall, stall);
    await expect(pull(name, { timeoutMs: 60, retries: 1 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    hub.trouble(/api/, stall);
    expect((await pull(name, { timeoutMs: 60 })).commit).toBe(hub.commit);
    const stop = new AbortController();
    hub.trouble(/api/, stall);
    const pulling = pull(name, { timeoutMs: 5000, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(pulling).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('breaks off half-way, again and again: each attempt goes on where the last one ended', async () => {
    hub.trouble(/resolve.*model\.onnx/, { kind: 'cut', after: 100_000 }, { kind: 'cut', after: 70_000 }, { kind: 'cut', after: 50_000 });
    const { folder } = await pull();
    expect(readFileSync(join(folder, 'onnx/model.onnx')).equals(files['onnx/model.onnx'])).toBe(true);
    const ranges = hub.requests.filter(({ path }) => path.endsWith('model.onnx')).map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=170000-', 'bytes=220000-']);
  });

  it('breaks off for good: what came is kept, and the next pull goes on from there', async () => {
    hub.trouble(/resolve.*model\.onnx/, { kind: 'cut', after: 120_000 }, ...Array.from({ length: 4 }, () => ({ kind: 'reset' }) as const));
    await expect(pull()).rejects.toThrow(/120000 of 300000 bytes are kept/);
    const sha256 = createHash('sha256').update(files['onnx/model.onnx']).digest('hex');
    expect(existsSync(join(cache, 'models--owner--small-model/blobs', `${sha256}.incomplete`))).toBe(true);
    hub.requests.length = 0;
    await pull();
    expect(hub.requests.find(({ path }) => path.endsWith('model.onnx'))!.range).toBe('bytes=120000-');
  });

  it('cannot go on in the middle, and sends the whole again', async () => {
    hub.trouble(/resolve.*model\.onnx/, { kind: 'cut', after: 50_000 }, { kind: 'whole' });
    const { folder } = await pull();
    expect(readFileSync(join(folder, 'onnx/model.onnx')).equals(files['onnx/model.onnx'])).toBe(true);
  });

  it('sends other bytes than it announced: fetched once more, then refused', async () => {
    const bad = { kind: 'wrong', body: randomBytes(300_000) } as const;
    hub.trouble(/resolve.*model\.onnx/, bad);
    expect((await pull()).files.at(-1)!.path).toBe('onnx/model.onnx');
    rmSync(join(cache, 'models--owner--small-model'), { recursive: true });
    hub.trouble(/resolve.*model\.onnx/, bad, bad);
    await expect(pull()).rejects.toMatchObject({ code: 'CORRUPT' });
    hub.trouble(/resolve.*model\.onnx/, { kind: 'wrong', body: randomBytes(400_000) });
    await expect(pull()).rejects.toThrow(/more than the 300000 bytes/);
  });

  it('is not there at all', async () => {
    await expect(pullModel(name, { endpoint: 'http://127.0.0.1:9', cache, retries: 0 })).rejects.toThrow(
      /127\.0\.0\.1:9 cannot be reached/,
    );
    await expect(pullModel(name, { endpoint: 'nonsense', cache })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('Names', () => {
  it('of folders are folders; others are asked of the hub, at a revision where one is named', async () => {
    expect(await resolveModel(cache)).toEqual({ folder: cache, id: cache });
    expect(await resolveModel('./somewhere')).toEqual({ folder: './somewhere', id: './somewhere' });
    const { folder, id } = await resolveModel(`${name}@main`, { endpoint: hub.endpoint, cache });
    expect(folder).toContain(hub.commit);
    expect(id).toBe(`${name}@${hub.commit}`);
    for (const bad of ['a/b/c', 'owner/na me', '', 'owner/../x', 'owner/x@../../etc'])
      await expect(resolveModel(bad), bad).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(pullModel(cache)).rejects.toThrow(/is a folder here/);
  });
});
