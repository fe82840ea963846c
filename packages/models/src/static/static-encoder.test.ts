import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankError } from '@rank-rank/core';
import { Store } from '@rank-rank/storage';
import { beforeAll, describe, expect, it } from 'vitest';
import { learnStaticEncoder } from './learn.ts';
import { StaticEncoder } from './static-encoder.ts';
import { readStaticModel, staticModelKind, staticModelVersion, writeStaticModel } from './stored.ts';

const texts = [
  'The cat chased a mouse through the kitchen and the garden.',
  'A kitten is a young cat that loves to chase a mouse.',
  'Feline pets: the cat, the kitten, and their garden.',
  'The engine of the car needs oil, and the motor needs petrol.',
  'A motor turns petrol into motion; an engine is a motor.',
  'The automobile, a car with an engine, drove down the road.',
  'Bread needs flour, water, yeast and an oven.',
  'The baker kneads flour and water, and bakes bread in the oven.',
];

let encoder: StaticEncoder;
beforeAll(async () => {
  encoder = await learnStaticEncoder(texts, { dim: 3 });
});

async function likeness(a: string, b: string): Promise<number> {
  const { data, dim } = await encoder.dense.encode([a, b], 'query');
  let dot = 0;
  for (let k = 0; k < dim; k++) dot += data[k]! * data[dim + k]!;
  return dot;
}

describe('an encoder learned from texts', () => {
  it('brings together words that keep the same company', async () => {
    expect(await likeness('automobile', 'motor')).toBeGreaterThan(await likeness('automobile', 'kitten'));
    expect(await likeness('yeast', 'baker')).toBeGreaterThan(await likeness('yeast', 'road'));
  });

  it('gives vectors of length 1, and of zeros where it knows no word', async () => {
    const { data, rows, dim } = await encoder.dense.encode(['cat', '', 'the'], 'document');
    expect([rows, dim]).toEqual([3, encoder.dim]);
    expect(Math.hypot(...data.subarray(0, dim))).toBeCloseTo(1, 5);
    expect([...data.subarray(dim)].every((value) => value === 0)).toBe(true);
  });

  it('gives a row a term with its place in the text; rows of a query weigh as their idf', async () => {
    const text = 'The kitten in the garden';
    const [document] = await encoder.tokens.encode([text], 'document');
    expect(document!.pieces).toEqual(['kitten', 'garden']);
    expect([...document!.spans!].map((at, i) => (i % 2 === 0 ? text.slice(at, document!.spans![i + 1]) : ''))).toEqual([
      'kitten',
      '',
      'garden',
      '',
    ]);
    for (let row = 0; row < 2; row++)
      expect(Math.hypot(...document!.data.subarray(row * document!.dim, (row + 1) * document!.dim))).toBeCloseTo(1, 5);
    const [query] = await encoder.tokens.encode(['cat road'], 'query');
    const lengths = [0, 1].map((row) => Math.hypot(...query!.data.subarray(row * query!.dim, (row + 1) * query!.dim)));
    expect(lengths[1]!).toBeGreaterThan(lengths[0]!);
    expect((await encoder.tokens.encode([''], 'document'))[0]!.rows).toBe(0);
  });

  it('reads a misspelt word as those that are spelt like it', async () => {
    expect(await likeness('automobil', 'automobile')).toBeGreaterThan(0.95);
    expect(await likeness('kichen', 'kitchen')).toBeGreaterThan(0.8);
    expect(await likeness('zzzz', 'cat')).toBe(0);
  });

  it('is the same for the same texts and seed, and after it was stored', async () => {
    const again = await learnStaticEncoder(texts, { dim: 3 });
    expect(again.model.vectors).toEqual(encoder.model.vectors);
    const folder = mkdtempSync(join(tmpdir(), 'rank-rank-static-'));
    const store = await Store.open(folder, { kind: 'test', write: true });
    const file = await store.scope('a').create('encoder', staticModelKind, staticModelVersion);
    await writeStaticModel(file, encoder.model);
    const opened = await StaticEncoder.from(readStaticModel(await store.scope('a').open(file.name, staticModelKind, staticModelVersion)));
    expect(await opened.dense.encode(['young cat', 'motr'], 'query')).toEqual(await encoder.dense.encode(['young cat', 'motr'], 'query'));
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('learns from a fair sample of more texts than it is allowed to keep', async () => {
    const many = Array.from({ length: 400 }, (_, i) => texts[i % texts.length]!);
    const sampled = await learnStaticEncoder(many, { dim: 6, sample: 40 });
    expect(sampled.model.documents).toBe(400);
    expect(sampled.model.terms.length).toBeGreaterThan(20);
  });

  it('refuses what it cannot learn from, and stops when told to', async () => {
    const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
    await expect(learnStaticEncoder([])).rejects.toThrow(code('EMPTY_INPUT'));
    await expect(learnStaticEncoder(['the', '!!'])).rejects.toThrow(code('EMPTY_INPUT'));
    await expect(learnStaticEncoder([1 as never])).rejects.toThrow(code('INVALID_ARGUMENT'));
    await expect(learnStaticEncoder(texts, { dims: 3 } as never)).rejects.toThrow(/Did you mean "dim"/);
    await expect(learnStaticEncoder(texts, { signal: AbortSignal.abort() })).rejects.toThrow(code('CANCELLED'));
    await expect(encoder.dense.encode([undefined as never], 'query')).rejects.toThrow(code('INVALID_ARGUMENT'));
  });
});
