import { type JsonAnswer, type JsonRequest, JsonServer } from '@rank-rank/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddingDialectName } from './embedding-dialects.ts';
import { openRemoteEncoder, type RemoteEncoderOptions } from './remote-encoder.ts';
import { openRemoteReranker, type RerankDialectName } from './remote-reranker.ts';
import { openRemoteSparseEncoder } from './remote-sparse-encoder.ts';
import { openRemoteTokenEncoder, type TokenDialectName } from './remote-token-encoder.ts';

let server: JsonServer | undefined;
afterEach(async () => {
  await server?.stop().catch(() => undefined);
  server = undefined;
});
const serve = async (answer: (request: JsonRequest, number: number) => JsonAnswer | Promise<JsonAnswer>): Promise<JsonServer> => {
  server = await JsonServer.start(answer);
  return server;
};

const quick = { retryDelayMs: 2, timeoutMs: 500, retries: 3 };
type Body = JsonRequest['body'];
/** What every server below makes of a text: its length, and 1. */
const vectorOf = (text: string): number[] => [text.length, 1];
const base64 = (vector: number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');

/** Each vendor's answer to a list of texts, in the form its documentation gives. */
const embeddings: Record<
  EmbeddingDialectName,
  { path: string; texts: (body: Body) => string[]; answer: (vectors: number[][], body: Body) => unknown }
> = {
  openai: {
    path: '/v1/embeddings',
    texts: (body) => body.input,
    answer: (vectors, body) => ({
      object: 'list',
      // The order is not promised, only the index.
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })).reverse(),
      model: body.model,
      usage: { prompt_tokens: 5, total_tokens: 5 },
    }),
  },
  vllm: {
    path: '/v1/embeddings',
    texts: (body) => body.input,
    answer: (vectors) => ({
      id: 'embd-1',
      object: 'list',
      created: 1,
      model: 'm',
      data: vectors.map((embedding, index) => ({ index, object: 'embedding', embedding })),
      usage: {},
    }),
  },
  infinity: {
    path: '/embeddings',
    texts: (body) => body.input,
    answer: (vectors) => ({
      object: 'list',
      data: vectors.map((vector, index) => ({ object: 'embedding', embedding: base64(vector), index })),
      model: 'm',
      usage: {},
      id: 'infinity-1',
      created: 1,
    }),
  },
  llamacpp: {
    path: '/v1/embeddings',
    texts: (body) => body.input,
    answer: (vectors) => ({
      model: 'm',
      object: 'list',
      data: vectors.map((embedding, index) => ({ embedding, index, object: 'embedding' })),
    }),
  },
  jina: {
    path: '/v1/embeddings',
    texts: (body) => body.input,
    answer: (vectors) => ({
      model: 'jina-embeddings-v3',
      object: 'list',
      usage: { total_tokens: 9 },
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    }),
  },
  voyage: {
    path: '/v1/embeddings',
    texts: (body) => body.input,
    answer: (vectors) => ({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', embedding, index })),
      model: 'voyage-3.5',
      usage: { total_tokens: 10 },
    }),
  },
  cohere: {
    path: '/v2/embed',
    texts: (body) => body.texts,
    answer: (vectors) => ({ id: '1', embeddings: { float: vectors }, texts: [], meta: { api_version: { version: '2' } } }),
  },
  ollama: {
    path: '/api/embed',
    texts: (body) => body.input,
    answer: (vectors) => ({
      model: 'all-minilm',
      embeddings: vectors,
      total_duration: 14143917,
      load_duration: 1019500,
      prompt_eval_count: 8,
    }),
  },
  tei: { path: '/embed', texts: (body) => body.inputs, answer: (vectors) => vectors },
};

describe.each(Object.entries(embeddings) as [EmbeddingDialectName, (typeof embeddings)['openai']][])(
  'Embeddings of %s',
  (dialect, vendor) => {
    const open = (options: Partial<RemoteEncoderOptions> = {}) =>
      openRemoteEncoder({ dialect, baseUrl: server!.url, model: 'm', ...quick, ...options });
    const answer = ({ body }: JsonRequest): JsonAnswer => ({ json: vendor.answer(vendor.texts(body).map(vectorOf), body) });

    it('are asked for at the right place and read in the order of the texts, split as the vendor wants', async () => {
      const { requests } = await serve(answer);
      const encoder = await open({ maxBatch: 2, apiKey: 'key', headers: { 'x-extra': '1' } });
      expect(encoder.dim).toBe(2);
      const texts = ['a', 'bbb', 'cc', '', 'ddddd'];
      const { data, rows } = await encoder.encode(texts, 'document');
      expect([rows, ...data]).toEqual([5, ...texts.flatMap(vectorOf)]);
      expect(requests).toHaveLength(1 + 3);
      for (const { method, path, headers } of requests)
        expect([method, path, headers.authorization, headers['x-extra']]).toEqual(['POST', vendor.path, 'Bearer key', '1']);
      expect((await encoder.encode([], 'query')).rows).toBe(0);
    });

    it('say which side a text is on, where the vendor asks', async () => {
      const { requests } = await serve(answer);
      const encoder = await open({ dim: 2, prompts: { query: 'q: ' } });
      await encoder.encode(['x'], 'query');
      await encoder.encode(['x'], 'document');
      const [query, document] = requests.map(({ body }) => body);
      expect(vendor.texts(query)).toEqual(['q: x']);
      expect(vendor.texts(document)).toEqual(['x']);
      const roles: Partial<Record<EmbeddingDialectName, [field: string, query: string, document: string]>> = {
        cohere: ['input_type', 'search_query', 'search_document'],
        jina: ['task', 'retrieval.query', 'retrieval.passage'],
        voyage: ['input_type', 'query', 'document'],
      };
      const role = roles[dialect];
      if (role) expect([query[role[0]], document[role[0]]]).toEqual([role[1], role[2]]);
    });

    it('that cannot be used are refused with the reason', async () => {
      const bad: [unknown, RegExp][] = [
        [{ error: 'nope' }, /cannot be used/],
        [vendor.answer([[1, 2]], {}), /1 vectors for 2 texts/],
        [vendor.answer([[1, 2], [1]], {}), /vector of 1 numbers; expected 2/],
        [vendor.answer([[1, 2], []], {}), /cannot be used/],
        [
          vendor.answer(
            [
              [1, 2],
              [Number.NaN, 1],
            ],
            {},
          ),
          /cannot be used/,
        ],
      ];
      await serve((_, number) => ({ json: bad[number]![0] }));
      const encoder = await open({ dim: 2, retries: 0 });
      for (const [, message] of bad) await expect(encoder.encode(['a', 'b'], 'query')).rejects.toThrow(message);
    });
  },
);

describe('A version at the end of the address', () => {
  it('is not said twice', async () => {
    const { requests, url } = await serve(({ body }) => ({ json: embeddings.openai.answer(body.input.map(vectorOf), body) }));
    await openRemoteEncoder({ dialect: 'openai', baseUrl: `${url}/v1/`, ...quick });
    expect(requests[0]!.path).toBe('/v1/embeddings');
    await expect(openRemoteEncoder({ dialect: 'openai', baseUrl: 'nonsense' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(openRemoteEncoder({ dialect: 'openia' as never })).rejects.toThrow(/openai/);
    await expect(openRemoteEncoder({ dialect: 'tei' })).rejects.toThrow(/baseUrl/);
  });
});

describe('Servers in trouble', () => {
  const fine = ({ body }: JsonRequest): JsonAnswer => ({ json: (body.inputs as string[]).map(vectorOf) });
  const open = (options: Partial<RemoteEncoderOptions> = {}) =>
    openRemoteEncoder({ dialect: 'tei', baseUrl: server!.url, dim: 2, ...quick, ...options });

  it('are asked again after 429 and 5xx, broken connections and time-outs', async () => {
    const troubles: JsonAnswer[] = [{ status: 429, json: {}, headers: { 'retry-after': '0' } }, { status: 503, json: {} }, { reset: true }];
    const { requests } = await serve((request, number) => troubles[number] ?? fine(request));
    expect([...(await (await open()).encode(['abc'], 'query')).data]).toEqual([3, 1]);
    expect(requests).toHaveLength(4);
  });

  it('are waited for as long as they ask, in seconds or to a date, but not for ever', async () => {
    let asked = 0;
    const { requests } = await serve((request, number) => {
      asked = performance.now();
      return number === 0
        ? { status: 429, json: {}, headers: { 'retry-after-ms': '30' } }
        : number === 1
          ? { status: 429, json: {}, headers: { 'retry-after': new Date(Date.now() - 1000).toUTCString() } }
          : fine(request);
    });
    await (await open()).encode(['a'], 'query');
    expect(requests).toHaveLength(3);
    expect(asked).toBeGreaterThan(0);
    await server!.stop();
    await serve(() => ({ status: 429, json: { message: 'trial limit' }, headers: { 'retry-after': '86400' } }));
    await expect((await open()).encode(['a'], 'query')).rejects.toThrow(/asks to wait 86400 seconds.*trial limit/s);
    expect(server!.requests).toHaveLength(1);
  });

  it('are given up on in the end, with what they said', async () => {
    await serve(() => ({ status: 500, json: { error: { message: 'CUDA out of memory', type: 'internal' } } }));
    await expect((await open({ retries: 1 })).encode(['a'], 'query')).rejects.toThrow(/500: CUDA out of memory/);
    await server!.stop();
    await serve(() => ({ hang: true }));
    await expect((await open({ retries: 1, timeoutMs: 40 })).encode(['a'], 'query')).rejects.toMatchObject({ code: 'TIMEOUT' });
    const gone = await open({ retries: 0 });
    await server!.stop();
    await expect(gone.encode(['a'], 'query')).rejects.toThrow(/cannot be reached/);
  });

  it.each([
    [400, { message: 'invalid request' }, /400: invalid request/],
    [401, { detail: 'Provided API key is invalid.' }, /401: Provided API key is invalid\..*apiKey/],
    [404, { error: 'model "m" not found, try pulling it first' }, /404: model "m" not found.*name of the model/],
    [422, { error: 'inputs cannot be empty', error_type: 'Validation' }, /422: inputs cannot be empty/],
    [424, { error: 'NaN', error_type: 'Backend' }, /424: NaN/],
  ])('that refuse with %i are not asked again', async (status, json, message) => {
    const { requests } = await serve(() => ({ status, json }));
    await expect((await open()).encode(['a'], 'query')).rejects.toThrow(message);
    expect(requests).toHaveLength(1);
  });

  it('that answer with a web page are not believed', async () => {
    await serve(() => ({ text: '<html><head><title>Welcome</title></head></html>' }));
    await expect((await open()).encode(['a'], 'query')).rejects.toThrow(/web page \(Welcome\), which is no JSON/);
  });

  it('that find a batch too large get it in halves', async () => {
    const sizes: number[] = [];
    await serve((request) => {
      sizes.push(request.body.inputs.length);
      return request.body.inputs.length > 3
        ? {
            status: 422,
            json: { error: `batch size ${request.body.inputs.length} > maximum allowed batch size 3`, error_type: 'Validation' },
          }
        : fine(request);
    });
    const texts = Array.from({ length: 10 }, (_, i) => 'x'.repeat(i));
    expect([...(await (await open()).encode(texts, 'document')).data]).toEqual(texts.flatMap(vectorOf));
    expect(Math.max(...sizes.slice(1))).toBe(5);
  });

  it('get so many requests at once and no more, and none after a call is cancelled', async () => {
    await serve(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return fine(request);
    });
    await (await open({ maxBatch: 1, concurrency: 3 })).encode(Array(12).fill('a'), 'query');
    expect(server!.mostAtOnce).toBe(3);
    const stop = new AbortController();
    const call = (await open({ maxBatch: 1, concurrency: 1 })).encode(Array(50).fill('a'), 'query', { signal: stop.signal });
    setTimeout(() => stop.abort(), 25);
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(server!.requests.length).toBeLessThan(30);
  });

  it('get no unpaired surrogates, which have no UTF-8 form', async () => {
    await serve(fine);
    await (await open()).encode(['a\ud800'], 'query');
    expect(server!.requests[0]!.body.inputs).toEqual(['a\ufffd']);
  });
});

describe('Token vectors', () => {
  const matrix = (text: string): number[][] => [...text].map((_, i) => [3, 4 * (i + 1)]);
  const answers: Record<TokenDialectName, { path: string; answer: (body: Body) => unknown }> = {
    jina: {
      path: '/v1/multi-vector',
      answer: (body) => ({ data: body.input.map((text: string) => ({ embeddings: matrix(text) })), usage: { total_tokens: 3 } }),
    },
    infinity: {
      path: '/embeddings',
      answer: (body) => ({
        object: 'list',
        data: body.input.map((text: string, index: number) => ({ object: 'embedding', embedding: matrix(text), index })),
      }),
    },
    tei: { path: '/embed_all', answer: (body) => body.inputs.map(matrix) },
    llamacpp: {
      path: '/embeddings',
      answer: (body) => body.input.map((text: string, index: number) => ({ index, embedding: matrix(text) })),
    },
    'next-plaid': { path: '/encode', answer: (body) => ({ embeddings: body.texts.map(matrix), num_texts: body.texts.length }) },
  };

  it.each(Object.entries(answers) as [TokenDialectName, (typeof answers)['jina']][])(
    'of %s, normalised',
    async (dialect, { path, answer }) => {
      await serve(({ body }) => ({ json: answer(body) }));
      const encoder = await openRemoteTokenEncoder({ dialect, baseUrl: server!.url, model: 'jina-colbert-v2', ...quick });
      const [one, two] = await encoder.encode(['a', 'bb'], 'document');
      expect([encoder.dim, one!.rows, two!.rows]).toEqual([2, 1, 2]);
      expect(one!.data[0]).toBeCloseTo(0.6, 6);
      expect(two!.data[3]).toBeCloseTo(8 / Math.hypot(3, 8), 6);
      expect(server!.requests.every((request) => request.path === path)).toBe(true);
      if (dialect === 'jina' || dialect === 'next-plaid') expect(server!.requests.at(-1)!.body.input_type).toBe('document');
    },
  );

  it('that are not there are missed', async () => {
    await serve(() => ({ json: { data: [{ embedding: [1, 2] }] } }));
    await expect(openRemoteTokenEncoder({ dialect: 'jina', baseUrl: server!.url, ...quick })).rejects.toThrow(/a text has no matrix/);
  });
});

describe('Sparse vectors of Text Embeddings Inference', () => {
  it('are put into order, and refused where they are none', async () => {
    await serve((_, number) => ({
      json: [
        [
          { index: 7, value: 0.5 },
          { index: 2, value: 1 },
          { index: 3, value: 0 },
        ],
        [{ index: number === 0 ? 4 : 10, value: 1 }],
      ],
    }));
    const encoder = openRemoteSparseEncoder({ baseUrl: server!.url, size: 10, ...quick });
    const [first] = await encoder.encode(['a', 'b'], 'query');
    expect([[...first!.indices], [...first!.values]]).toEqual([
      [2, 7],
      [1, 0.5],
    ]);
    await expect(encoder.encode(['a', 'b'], 'query')).rejects.toThrow(/no index below 10/);
  });
});

/** Each vendor's answer to a query and documents, scored by their length, best first. */
const results = (body: Body): { index: number; relevance_score: number }[] =>
  (body.documents ?? body.texts)
    .map((text: string, index: number) => ({ index, relevance_score: text.length / 100 }))
    .sort((a: { relevance_score: number }, b: { relevance_score: number }) => b.relevance_score - a.relevance_score);
const reranks: Record<RerankDialectName, { path: string; space: string; answer: (body: Body) => unknown }> = {
  cohere: {
    path: '/v2/rerank',
    space: 'probability',
    answer: (body) => ({ id: 'x', results: results(body), meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } } }),
  },
  jina: {
    path: '/v1/rerank',
    space: 'probability',
    answer: (body) => ({ model: body.model, usage: { total_tokens: 8 }, results: results(body) }),
  },
  voyage: {
    path: '/v1/rerank',
    space: 'probability',
    answer: (body) => ({ object: 'list', data: results(body), model: 'rerank-2.5', usage: { total_tokens: 8 } }),
  },
  tei: {
    path: '/rerank',
    space: 'probability',
    answer: (body) => results(body).map(({ index, relevance_score: score }) => ({ index, score })),
  },
  vllm: {
    path: '/v1/rerank',
    space: 'probability',
    answer: (body) => ({
      id: 'x',
      model: 'm',
      usage: {},
      results: results(body).map((result) => ({ ...result, document: { text: '', multi_modal: null } })),
    }),
  },
  infinity: {
    path: '/rerank',
    space: 'probability',
    answer: (body) => ({
      object: 'rerank',
      results: results(body).map((result) => ({ ...result, document: null })),
      model: 'm',
      usage: {},
      id: 'infinity-1',
      created: 1,
    }),
  },
  llamacpp: { path: '/v1/rerank', space: 'logit', answer: (body) => ({ model: 'm', object: 'list', usage: {}, results: results(body) }) },
};

describe.each(Object.entries(reranks) as [RerankDialectName, (typeof reranks)['cohere']][])('Reranking by %s', (dialect, vendor) => {
  const candidates = ['bb', 'a', 'dddd', 'ccc', ''].map((text, i) => ({ id: `d${i}`, text }));

  it('scores every candidate, in portions, and says what the scores mean', async () => {
    await serve(({ body }) => ({ json: vendor.answer(body) }));
    const reranker = openRemoteReranker({ dialect, baseUrl: server!.url, model: 'm', apiKey: 'k', maxBatch: 2, ...quick });
    expect(reranker.space).toBe(vendor.space);
    expect(await reranker.rerank('q', candidates)).toEqual([
      { id: 'd2', score: 0.04 },
      { id: 'd3', score: 0.03 },
      { id: 'd0', score: 0.02 },
      { id: 'd1', score: 0.01 },
      { id: 'd4', score: 0 },
    ]);
    expect(server!.requests.map(({ path }) => path)).toEqual([vendor.path, vendor.path, vendor.path]);
    expect(await reranker.rerank('q', candidates, { topK: 1 })).toEqual([{ id: 'd2', score: 0.04 }]);
    expect(await reranker.rerank('q', [])).toEqual([]);
    expect(server!.requests.every(({ body }) => body.query === 'q' && body.top_n === undefined)).toBe(true);
  });

  it('answers that leave a document out, double one, or score with nonsense are refused', async () => {
    const broken: ((body: Body) => unknown)[] = [
      (body) =>
        vendor.answer({ ...body, documents: (body.documents ?? body.texts).slice(1), texts: (body.documents ?? body.texts).slice(1) }),
      () => ({}),
      (body) => JSON.parse(JSON.stringify(vendor.answer(body)).replace('"index":1', '"index":0')),
      (body) => JSON.parse(JSON.stringify(vendor.answer(body)).replace('"index":1', '"index":9')),
      (body) => JSON.parse(JSON.stringify(vendor.answer(body)).replaceAll(/score":[\d.]+/g, 'score":null')),
    ];
    await serve(({ body }, number) => ({ json: broken[number]!(body) }));
    const reranker = openRemoteReranker({ dialect, baseUrl: server!.url, ...quick, retries: 0 });
    for (const _ of broken) await expect(reranker.rerank('q', candidates)).rejects.toMatchObject({ code: 'REMOTE' });
  });
});
