import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.ts';
import { wordPieceJson } from './tokenizer-files.ts';

const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

interface Case {
  readonly text: string;
  readonly text_pair?: string;
  readonly tokens: string[];
  readonly ids: number[];
}
type Cases = { readonly tests: Record<string, Record<string, Case>> };
type Qwen = { readonly rows: { query: string; document: string; input_ids: number[] }[] };
interface Recorded {
  readonly texts: string[];
  readonly models: Record<string, { ids: number[]; spans: number[] }[]>;
}

const fromVocabulary = (path: string, lowercase: boolean): Tokenizer => new Tokenizer(wordPieceJson(readFileSync(path, 'utf8'), lowercase));

describeWithData('BERT tokenisation', 'tokenization', (folder) => {
  const uncased = fromVocabulary(join(folder, 'bert-base-uncased.vocab.txt'), true);

  it('gives the ids and tokens that transformers.js records for the uncased vocabulary', () => {
    const { tests } = json<Cases>(join(folder, 'hf-bert-tokenization-expected.json'));
    const cases = Object.values(tests['Xenova/bert-base-uncased']!);
    expect(cases.length).toBeGreaterThan(10);
    for (const { text, text_pair: second, tokens, ids } of cases) {
      expect([...(second === undefined ? uncased.encode(text) : uncased.encodePair(text, second)).ids], text).toEqual(ids);
      if (second !== undefined) continue;
      expect(
        uncased.segment(text).ids.map((id) => uncased.tokenOf(id)),
        text,
      ).toEqual(tokens);
    }
  });

  it('gives the ids that transformers.js records for the cased vocabulary', () => {
    const cased = fromVocabulary(join(folder, 'rten-reftests/models/bert-base-cased/vocab.txt'), false);
    const { tests } = json<Cases>(join(folder, 'hf-bert-tokenization-expected.json'));
    for (const name of ['Xenova/bert-base-cased', 'google-bert/bert-base-cased']) {
      for (const { text, ids } of Object.values(tests[name]!)) {
        expect([...cased.encode(text).ids], text).toEqual(ids);
      }
    }
  });

  it('gives the ids that FlashRank.jl records', () => {
    for (const { text, ids } of json<{ tests: Case[] }>(join(folder, 'flashrank-jl-encoder-expected.json')).tests) {
      expect([...uncased.encode(text).ids], text).toEqual(ids);
    }
  });

  it('gives the reference ids of whole articles', () => {
    for (const name of ['Metal_umlaut', 'monty-python-credits']) {
      const text = readFileSync(join(folder, 'rten-reftests', `${name}.txt`), 'utf8');
      const expected = json<{ token_ids: number[] }>(join(folder, 'rten-reftests', `${name}-bert-base-uncased.json`));
      expect([...uncased.encode(text).ids]).toEqual(expected.token_ids);
    }
  });
});

describeWithData('tiny models', 'models/tiny', (folder) => {
  const recorded = json<Recorded>(new URL('./recorded-pieces.json', import.meta.url).pathname);

  describe.each(Object.keys(recorded.models))('%s', (name) => {
    it('gives the ids and spans of the reference tokenizers for scripts, symbols, spaces and special tokens', async () => {
      const tokenizer = await Tokenizer.open(join(folder, name));
      recorded.texts.forEach((text: string, i: number) => {
        const { ids, spans } = recorded.models[name]![i]!;
        const segment = tokenizer.segment(text, { spans: true });
        expect(segment.ids, text).toEqual(ids);
        expect(tokenizer.segment(text).ids, text).toEqual(ids);
        // The mark before the first word stands for nothing of the text; the reference has it point at the first letter.
        const real = ids.flatMap((id: number, at: number) => (tokenizer.tokenOf(id) === '▁' ? [] : [2 * at, 2 * at + 1]));
        const kept = (places: readonly number[]): number[] => widened(text, places).filter((_, at) => real.includes(at));
        expect(kept(segment.spans!), text).toEqual(kept(spans));
      });
    });
  });

  it.each(['bert-cross-encoder', 'xlmr-cross-encoder', 'modernbert-cross-encoder'])(
    '%s: pairs agree, truncated and with empty texts',
    async (name) => {
      const tokenizer = await Tokenizer.open(join(folder, name));
      const { pairs, input_ids } = json<{ pairs: [string, string][]; input_ids: number[][] }>(join(folder, name, 'expected.json'));
      pairs.forEach(([first, second]: [string, string], i: number) => {
        expect([...tokenizer.encodePair(first, second, { maxLength: tokenizer.modelMaxLength! }).ids]).toEqual(input_ids[i]);
      });
    },
  );

  it('qwen3-reranker: prompts with special tokens in them agree', async () => {
    const tokenizer = await Tokenizer.open(join(folder, 'qwen3-reranker'));
    for (const { query, document, input_ids } of json<Qwen>(join(folder, 'qwen3-reranker', 'expected.json')).rows) {
      const prompt = `<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n<Query>: ${query}\n<Document>: ${document}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n`;
      expect(tokenizer.segment(prompt).ids).toEqual(input_ids);
    }
  });
});

/** Spans grown to whole characters with their marks: of a letter and its accent, the reference names the one and we the pair. */
function widened(text: string, spans: readonly number[]): number[] {
  const bounds = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(({ index }) => index);
  bounds.push(text.length);
  return spans.map((place, i) => {
    if (i % 2 === 0) return bounds.filter((bound) => bound <= place).at(-1)!;
    return spans[i - 1] === place ? bounds.filter((bound) => bound <= place).at(-1)! : bounds.find((bound) => bound >= place)!;
  });
}
