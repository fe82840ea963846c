import { execFileSync } from 'node:child_process';
import { type Document, Random } from '@rank-rank/core';
import { expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import { ParallelBuilder } from './parallel-builder.ts';

const words = Array.from({ length: 300 }, (_, i) => `word${i}`);

function* documentsOf(count: number, seed: string): Generator<Document> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const text = Array.from({ length: 4 + random.integer(12) }, () => words[Math.floor(300 * random.next() ** 3)]).join(' ');
    yield { id: `d${i}`, text, metadata: { odd: i % 2 === 1 } };
  }
}

const options = { analysis: 'standard', positions: true, texts: true } as const;

it('finds what an index finds that one thread built, whatever the memory, and replaces documents', async () => {
  const expected = await LexicalIndex.build(documentsOf(9000, 'first'), options);
  await expected.add([...documentsOf(5000, 'second')]);
  await expected.merge();
  for (const memory of [1 << 20, 256 << 20]) {
    const index = await LexicalIndex.create({ ...options, threads: 3, memory });
    await index.add(documentsOf(9000, 'first'));
    // As an array, with ids that are there.
    await index.add([...documentsOf(5000, 'second')]);
    await index.commit();
    expect(index.size).toBe(9000);
    await index.merge();
    for (const query of ['word0 word7', 'word299', { phrase: 'word1 word2', slop: 2 }]) {
      const filter = { field: 'odd', eq: true } as const;
      expect(await index.search(query, 50)).toEqual(await expected.search(query, 50));
      expect(await index.search(query, 50, { filter })).toEqual(await expected.search(query, 50, { filter }));
    }
    expect(index.reader.textOf('d8999')).toEqual(expected.reader.textOf('d8999'));
    await index.close();
  }
  await expected.close();
});

it('refuses an id that comes twice in a stream, and keeps what came before', async () => {
  const index = await LexicalIndex.create({ ...options, threads: 2 });
  const twice = function* (): Generator<Document> {
    yield* documentsOf(6000, 'first');
    yield { id: 'd5999', text: 'again' };
  };
  await expect(index.add(twice())).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
  await index.commit();
  expect(index.size).toBe(6000);
  await index.close();
});

it.each([1, 2])('has a document once that comes twice, far apart, where %i threads work with little memory', async (threads) => {
  const index = await LexicalIndex.create({ ...options, threads, memory: 1 << 20 });
  const twice = function* (): Generator<Document> {
    yield* documentsOf(9000, 'first');
    yield { id: 'd4500', text: 'again' };
  };
  await expect(index.add(twice())).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
  await index.commit();
  expect(index.size).toBe(9000);
  await index.close();
});

it('works in a program that Node was given as a text', () => {
  const entry = JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href);
  const program = `const { LexicalIndex } = await import(${entry});
    const documents = Array.from({ length: 4200 }, (_, i) => ({ id: String(i), text: 'word' }));
    console.log((await LexicalIndex.build(documents, { threads: 2 })).size);`;
  expect(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }).trim()).toBe('4200');
});

it('ends with an error where a thread fails, and can be cancelled', async () => {
  const builder = await ParallelBuilder.start(1, { fields: [{ name: 'text' }] as never, keepTexts: false });
  await builder.add({ id: 'a', text: 'b' });
  await expect(builder.write()).rejects.toMatchObject({ code: 'IO', message: expect.stringContaining('roll back') });
  await builder.close();

  const index = await LexicalIndex.create({ ...options, threads: 2 });
  const cancel = new AbortController();
  const stream = function* (): Generator<Document> {
    for (const document of documentsOf(20_000, 'first')) {
      if (document.id === 'd7000') cancel.abort();
      yield document;
    }
  };
  await expect(index.add(stream(), { signal: cancel.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  await index.commit();
  expect(index.size).toBeGreaterThanOrEqual(7000);
  expect(index.size).toBeLessThan(7100);
  await index.close();
});
