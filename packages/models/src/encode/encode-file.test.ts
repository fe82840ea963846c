import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { afterAll, expect, it } from 'vitest';
import { EmbeddingCache } from '../cache/embedding-cache.ts';
import { openReranker } from '../rerank/open-reranker.ts';
import { openDenseEncoder } from './dense-encoder.ts';
import { encodeFile } from './encode-file.ts';
import { openEncoder } from './open-encoder.ts';

interface Line {
  readonly id: string;
  readonly embedding?: number[];
  readonly tokens?: number[][];
  readonly indices?: number[];
  readonly values?: number[];
}

describeWithData('A file of texts', 'models/tiny', (tiny) => {
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-encode-file-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const input = join(folder, 'texts.jsonl');
  writeFileSync(
    input,
    ['{"id":"a","text":"wing sweep"}', '{"_id":"b","title":"Heat","text":"transfer in laminar flow"}', '{"id":"c","text":""}'].join('\n'),
  );
  const output = join(folder, 'vectors.jsonl');
  const lines = () =>
    readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);

  it('becomes vectors that come back the same, title and text read together', async () => {
    const model = join(tiny, 'distilbert-dense-mean');
    const { seconds, ...rest } = await encodeFile(model, input, output);
    const encoder = await openDenseEncoder(model);
    expect(rest).toEqual({ texts: 3, dim: encoder.dim, kind: 'dense' });
    expect(seconds).toBeGreaterThan(0);
    const { data } = await encoder.encode(['wing sweep', 'Heat transfer in laminar flow', ''], 'document');
    expect(lines().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(Float32Array.from(lines().flatMap(({ embedding }) => embedding!))).toEqual(data);
    await encoder.close();
  });

  it('becomes tokens, sparse vectors, or whichever of several heads is asked for', async () => {
    expect(await encodeFile(join(tiny, 'colbert-pylate'), input, output, { as: 'query' })).toMatchObject({ kind: 'tokens', texts: 3 });
    const [{ tokens }] = lines() as [Line];
    expect(tokens!.length).toBeGreaterThan(2);
    expect(Math.hypot(...tokens![0]!)).toBeCloseTo(1, 5);
    expect(await encodeFile(join(tiny, 'bert-splade'), input, output)).toMatchObject({ kind: 'sparse' });
    const [{ indices, values }] = lines() as [Line];
    expect(indices!.length).toBe(values!.length);
    for (const kind of ['dense', 'tokens', 'sparse'] as const) {
      expect(await encodeFile(join(tiny, 'bge-m3'), input, output, { output: kind })).toMatchObject({ kind });
    }
    expect(lines()[0]).toHaveProperty('indices');
  });

  it('is not computed again where a cache has it, and is where the settings are others', async () => {
    const cache = EmbeddingCache.open(join(folder, 'cache'));
    const model = join(tiny, 'distilbert-dense-mean');
    await encodeFile(model, input, output, { cache });
    const first = lines();
    await encodeFile(model, input, output, { cache });
    expect(cache.statistics).toMatchObject({ hits: 3, misses: 3, hitRate: 0.5 });
    expect(lines()).toEqual(first);
    await encodeFile(model, input, output, { cache, maxLength: 4 });
    expect(cache.statistics).toMatchObject({ hits: 3, misses: 6 });
    cache.close();
  });

  it('is refused where it cannot become what is asked for, and leaves nothing behind', async () => {
    const dense = join(tiny, 'distilbert-dense-mean');
    for (const [run, code, message] of [
      [() => encodeFile(join(tiny, 'bert-cross-encoder'), input, output), 'UNSUPPORTED', /scores pairs/],
      [() => encodeFile(dense, input, output, { output: 'sparse' }), 'UNSUPPORTED', /gives dense vectors, not sparse/],
      [() => encodeFile(dense, input, output, { as: 'both' as never }), 'UNKNOWN_OPTION', /as "both"/],
      [() => encodeFile(dense, input, output, { batch: 3 } as never), 'UNKNOWN_OPTION', /batch/],
      [() => encodeFile(dense, join(folder, 'absent.jsonl'), join(folder, 'new.jsonl')), 'NOT_FOUND', /absent\.jsonl/],
      [() => encodeFile(dense, input, join(folder, 'new.jsonl'), { signal: AbortSignal.abort() }), 'CANCELLED', /cancelled/],
      [() => openEncoder(join(folder, 'no-model')), 'NOT_FOUND', /no-model/],
      [() => openReranker(dense), 'UNSUPPORTED', /gives vectors/],
      [() => openReranker(join(tiny, 'bert-cross-encoder'), { instruction: 'x' }), 'UNKNOWN_OPTION', /instruction/],
    ] as const) {
      const error = await run().then(
        () => undefined,
        (reason: unknown) => reason as RankError,
      );
      expect(error).toBeInstanceOf(RankError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect(() => readFileSync(join(folder, 'new.jsonl'))).toThrow('ENOENT');
  });
});

describeWithData('A reranker of any kind', 'models/tiny', (tiny) => {
  it('is opened as what its folder says', async () => {
    for (const [name, options] of [
      ['bert-cross-encoder', { space: 'logit' }],
      ['qwen3-reranker', { space: 'logit', prompt: { yes: 5, no: 6 } }],
    ] as const) {
      const reranker = await openReranker(join(tiny, name), options);
      expect(reranker.space).toBe('logit');
      const ranking = await reranker.rerank('wing', [
        { id: 'a', text: 'lift' },
        { id: 'b', text: 'wing sweep' },
      ]);
      expect(ranking.map(({ id }) => id).sort()).toEqual(['a', 'b']);
      await reranker.close();
    }
  });
});
