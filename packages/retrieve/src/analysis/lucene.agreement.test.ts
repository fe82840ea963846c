import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { Analyzer } from './analyzer.ts';
import { wordSpans } from './tokenizers/word-break.ts';
import { UnitBuffer } from './units.ts';

/** What Lucene 9.12.0 gives; the file says how it was made. */
const lucene = JSON.parse(readFileSync(new URL('./lucene.json', import.meta.url), 'utf8')) as {
  sentences: { name: string; text: string; standard: [string, number, number, string][]; english: string[]; cjk: [string, number][] }[];
  english: Record<string, { tokens: number; sha256: string }>;
};

describe.each(lucene.sentences)('Lucene on a sentence: $name', ({ text, standard, english, cjk }) => {
  it('cuts the same words at the same places, of the same kinds', () => {
    const found: unknown[] = [];
    const units = new UnitBuffer();
    const length = units.fill(text);
    wordSpans(units.units, length, (start, end, kind) => found.push([text.slice(start, end), start, end, kind]), 255);
    expect(found).toEqual(standard);
  });

  it('gives the same English terms', async () => {
    expect((await Analyzer.create('english')).terms(text)).toEqual(english);
  });

  // CJKAnalyzer's width filter does less than NFKC, so the two are compared where the text has neither ligatures nor marks.
  it.skipIf(text.normalize('NFKC') !== text || text.includes('\u0587'))(
    'gives the same pairs of CJK characters at the same positions',
    async () => {
      const spec = { tokenizer: { type: 'standard' }, filters: [{ type: 'lowercase' }, { type: 'cjkBigrams' }] } as const;
      const tokens = (await Analyzer.create(spec)).tokens(text);
      expect(tokens.map((token) => [token.term, token.position])).toEqual(cjk);
    },
  );
});

describeWithData('Lucene on whole collections', 'collections', (folder) => {
  it.each(Object.keys(lucene.english))('every token of %s has the same term, offsets and position', async (name) => {
    const analyzer = await Analyzer.create('english');
    const hash = createHash('sha256');
    let count = 0;
    for (const file of ['corpus.jsonl', 'queries.jsonl']) {
      for (const line of readFileSync(join(folder, name, file), 'utf8')
        .trim()
        .split('\n')) {
        const { title = '', text } = JSON.parse(line) as { title?: string; text: string };
        for (const token of analyzer.tokens(`${title} ${text}`.trim())) {
          hash.update(`${token.term} ${token.start} ${token.end} ${token.position}\n`);
          count++;
        }
      }
    }
    expect({ tokens: count, sha256: hash.digest('hex') }).toEqual(lucene.english[name]);
  });
});
