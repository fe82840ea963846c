import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRankError } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentAll } from './segment-all.ts';
import { Tokenizer } from './tokenizer.ts';
import { wordPieceJson } from './tokenizer-files.ts';
import { truncatedLengths } from './truncation.ts';
import { windows } from './windows.ts';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', 'd', 'e', 'flow', '##s', 'wing', '.'];
const tokenizer = new Tokenizer(wordPieceJson(words.join('\n'), true));
const [cls, sep, a, b] = [2, 3, 5, 6];
const repeat = (word: string, times: number): string => Array(times).fill(word).join(' ');

describe('Truncation', () => {
  it('keeps the special tokens and says that something was cut', () => {
    expect([...tokenizer.encode('a a a a a a', { maxLength: 5 }).ids]).toEqual([cls, a, a, a, sep]);
    expect(tokenizer.encode('a a a a a a', { maxLength: 5 }).truncated).toBe(true);
    expect(tokenizer.encode('a a a', { maxLength: 5 }).truncated).toBe(false);
  });

  it('cuts the longer of a pair first, by default', () => {
    const { ids, typeIds } = tokenizer.encodePair(repeat('a', 2), repeat('b', 9), { maxLength: 8 });
    expect([...ids]).toEqual([cls, a, a, sep, b, b, b, sep]);
    expect([...typeIds!]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it('cuts only the second or only the first where told to', () => {
    const cut = (truncation: 'only-second' | 'only-first'): number[] => [
      ...tokenizer.encodePair(repeat('a', 4), repeat('b', 4), { maxLength: 8, truncation }).ids,
    ];
    expect(cut('only-second')).toEqual([cls, a, a, a, a, sep, b, sep]);
    expect(cut('only-first')).toEqual([cls, a, sep, b, b, b, b, sep]);
  });

  // Counted by tokenizers 0.23.3, enable_truncation(strategy='longest_first'), for texts of so many one-token words.
  it.each([
    [5, 5, 1, 0, 1],
    [6, 5, 1, 1, 0],
    [9, 3, 8, 5, 3],
    [3, 9, 8, 3, 5],
    [9, 9, 9, 4, 5],
    [10, 9, 9, 5, 4],
    [4, 13, 9, 4, 5],
    [13, 0, 5, 5, 0],
  ])('longest first: %i and %i tokens in %i become %i and %i', (first, second, room, left, right) => {
    expect(truncatedLengths(first, second, room, 'longest-first')).toEqual([left, right]);
  });

  it('gives the odd token to the longer of two texts that are both far too long', () => {
    const sources = (first: number, second: number): number[] => [
      ...tokenizer.encodePair(repeat('a', first), repeat('b', second), { maxLength: 10 }).sources,
    ];
    expect(sources(40, 30).filter((source) => source === 0).length).toBe(4);
    expect(sources(30, 40).filter((source) => source === 1).length).toBe(4);
  });

  it('refuses a maximum that the special tokens alone exceed', () => {
    expect(() => tokenizer.encodePair('a', 'b', { maxLength: 2 })).toThrow(/at least 3/);
    expect(() => tokenizer.encode('a', { maxLenght: 4 } as object)).toThrow(/maxLength/);
  });
});

describe('Pairs', () => {
  it('keep an empty second text as a text: the library drops it', () => {
    expect([...tokenizer.encodePair('a', '').ids]).toEqual([cls, a, sep, sep]);
  });

  it('say which text a token is of, and where in it', () => {
    const { sources, spans } = tokenizer.encodePair('a', ' flows.', { spans: true });
    expect([...sources]).toEqual([-1, 0, -1, 1, 1, 1, -1]);
    expect([...spans!]).toEqual([0, 0, 0, 1, 0, 0, 1, 5, 5, 6, 6, 7, 0, 0]);
  });
});

describe('Windows', () => {
  it('cover every token, share the stride, and carry the query', () => {
    const text = tokenizer.segment('a b c d e a b', { spans: true });
    const found = windows(tokenizer, text, { maxLength: 8, stride: 1, first: tokenizer.segment('flow') });
    expect(found.map(({ ids }) => [...ids].map((id) => words[id]).join(' '))).toEqual([
      '[CLS] flow [SEP] a b c d [SEP]',
      '[CLS] flow [SEP] d e a b [SEP]',
    ]);
  });

  it('of an empty text are one', () => {
    expect(windows(tokenizer, tokenizer.segment(''), { maxLength: 4 }).map(({ ids }) => [...ids])).toEqual([[cls, sep]]);
  });

  it('refuse a stride that never advances', () => {
    expect(() => windows(tokenizer, tokenizer.segment('a b'), { maxLength: 4, stride: 2 })).toThrow(/no way forward/);
  });
});

describe('Odd texts', () => {
  it('lone surrogates are read as the replacement character, and move no span', () => {
    const { ids, spans } = tokenizer.segment('a \ud800 b\udc00', { spans: true });
    expect(ids).toEqual([a, b]);
    expect(spans).toEqual([0, 1, 4, 5]);
  });

  it('of a megabyte are read no further than asked, and without holding the event loop', async () => {
    const text = 'flow wing a b '.repeat(75_000);
    expect(tokenizer.encode(text, { maxLength: 16 }).ids.length).toBe(16);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const [segment] = await segmentAll(tokenizer, [text]);
    clearInterval(timer);
    expect(segment!.ids.length).toBe(300_000);
    expect(ticks).toBeGreaterThan(2);
  });

  it('end with CANCELLED when their signal fires', async () => {
    const signal = AbortSignal.abort();
    await expect(segmentAll(tokenizer, ['a'], { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('Files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rank-rank-tokenizer-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('a folder without a tokenizer says what is missing and how to get it', async () => {
    await expect(Tokenizer.open(folder)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(Tokenizer.open(folder)).rejects.toThrow(/tokenizer\.json.*save_pretrained/);
  });

  it('half a tokenizer.json is named', async () => {
    writeFileSync(join(folder, 'tokenizer.json'), '{"model": {"vocab": {"a": 0');
    const error = await Tokenizer.open(folder).catch((thrown: unknown) => thrown);
    expect(isRankError(error) && error.code).toBe('PARSE');
    expect((error as Error).message).toContain('tokenizer.json');
  });

  it('an HTML page saved as tokenizer.json is named, and so is JSON of something else', async () => {
    writeFileSync(join(folder, 'tokenizer.json'), '<!doctype html>');
    await expect(Tokenizer.open(folder)).rejects.toMatchObject({ code: 'PARSE' });
    writeFileSync(join(folder, 'tokenizer.json'), '{"error": "not found"}');
    await expect(Tokenizer.open(folder)).rejects.toThrow(/no "model"/);
  });

  it('vocab.txt alone is a BERT tokenizer', async () => {
    writeFileSync(join(folder, 'vocab.txt'), `${words.join('\n')}\n`);
    expect([...(await Tokenizer.open(folder)).encode('Flows').ids]).toEqual([cls, 10, 11, sep]);
    writeFileSync(join(folder, 'vocab.txt'), 'a\nb\n');
    await expect(Tokenizer.open(folder)).rejects.toThrow(/\[CLS\]/);
  });
});
