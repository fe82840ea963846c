import { join } from 'node:path';
import { sharedData } from '@rank-rank/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.ts';
import { wordPieceJson } from './tokenizer-files.ts';

/** A WordPiece vocabulary of single letters, so that everything else is unknown. */
function letters(): Tokenizer {
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...'abcdefghijklmnopqrstuvwxyz0123456789.,-'];
  return new Tokenizer(wordPieceJson([...tokens, ...[...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `##${letter}`)].join('\n'), true));
}

const tokenizers: [name: string, open: () => Promise<Tokenizer>][] = [['letters', () => Promise.resolve(letters())]];
for (const name of ['bert-splade', 'xlmr-cross-encoder', 'modernbert-cross-encoder', 'qwen3-reranker']) {
  const folder = sharedData(join('models/tiny', name));
  if (folder !== undefined) tokenizers.push([name, () => Tokenizer.open(folder)]);
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        'wing',
        'Flow',
        ' ',
        '  ',
        '\n',
        'naïve',
        'e\u0301',
        '東京',
        '🙂',
        'ﬁ',
        'ｶﾞ',
        '½',
        '[MASK]',
        '<s>',
        '.',
        "don't",
        '\u200b',
        'İ',
        'ΟΣ',
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
);

describe.each(tokenizers)('%s', (_, open) => {
  it('spans rise, lie in the text, cut no character, and change no id', async () => {
    const tokenizer = await open();
    fc.assert(
      fc.property(texts, (text) => {
        const { ids, spans } = tokenizer.segment(text, { spans: true }) as { ids: number[]; spans: number[] };
        expect(ids).toEqual(tokenizer.segment(text).ids);
        expect(spans.length).toBe(2 * ids.length);
        let last = 0;
        for (let i = 0; i < spans.length; i += 2) {
          const [start, end] = [spans[i]!, spans[i + 1]!];
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
          for (const place of [start, end]) expect(isInside(text, place)).toBe(false);
          last = start;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('spans cover everything that becomes a token when it stands alone', async () => {
    const tokenizer = await open();
    fc.assert(
      fc.property(texts, (text) => {
        const { spans } = tokenizer.segment(text, { spans: true }) as { spans: number[] };
        const covered = new Uint8Array(text.length);
        for (let i = 0; i < spans.length; i += 2) covered.fill(1, spans[i], spans[i + 1]);
        let at = 0;
        for (const character of text) {
          if (covered[at] === 0 && !/\s/.test(character)) {
            const alone = tokenizer.segment(character).ids.filter((id) => tokenizer.tokenOf(id) !== '▁');
            expect(alone, `${JSON.stringify(character)} in ${JSON.stringify(text)}`).toEqual([]);
          }
          at += character.length;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a long text read in stretches has the tokens and spans of the whole', async () => {
    const tokenizer = await open();
    const sentence = 'The naïve wing — in slipstream (1958) — 東京 lifts, "quickly"; ﬁne.  Next\nline and on. ';
    const text = sentence.repeat(300);
    const whole = tokenizer.segment(text, { spans: true });
    const once = tokenizer.segment(sentence, { spans: true });
    expect(whole.ids.length).toBeGreaterThan(299 * (once.ids.length - 1));
    const limited = tokenizer.segment(text, { limit: 50, spans: true });
    expect(limited).toEqual({ ids: whole.ids.slice(0, 50), spans: whole.spans!.slice(0, 100), cut: true });
    for (const [from, to] of tokenizer.stretches(text)) {
      expect(text.slice(0, from) + text.slice(from, to) + text.slice(to)).toBe(text);
    }
    const parts = [...tokenizer.stretches(text)].flatMap(([from, to]) => tokenizer.segment(text.slice(from, to)).ids);
    expect(parts).toEqual(whole.ids);
  });
});

function isInside(text: string, place: number): boolean {
  return (
    place > 0 && place < text.length && (text.charCodeAt(place - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(place) & 0xfc00) === 0xdc00
  );
}
