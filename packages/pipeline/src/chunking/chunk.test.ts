import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkingSpec, chunk } from './chunk.ts';

const texts = (text: string, spec: ChunkingSpec) => chunk(text, spec).map((passage) => passage.text);
const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');

describe('chunking', () => {
  it('by tokens cuts after so many words, and repeats what is asked for', () => {
    const text = Array.from({ length: 25 }, (_, i) => `w${i}`).join(' ');
    expect(texts(text, { by: 'tokens', size: 10 }).map((passage) => words(passage).length)).toEqual([10, 10, 5]);
    const overlapping = texts(text, { by: 'tokens', size: 10, overlap: 4 });
    expect(overlapping[1]!.startsWith('w6 w7 w8 w9 w10')).toBe(true);
    expect(overlapping.at(-1)!.endsWith('w24')).toBe(true);
  });

  it('by sentences keeps them whole', () => {
    const text =
      'Rivers bend. They cut their outer banks, and leave sand on the inner ones. After years a loop is cut off. It becomes a lake.';
    expect(texts(text, { by: 'sentences', size: 13 })).toEqual([
      'Rivers bend.',
      'They cut their outer banks, and leave sand on the inner ones.',
      'After years a loop is cut off. It becomes a lake.',
    ]);
    expect(texts('あ'.repeat(30), { by: 'sentences', size: 10 })).toHaveLength(3);
  });

  it('by headings begins a passage at each, knows the path to it, and takes code for code', () => {
    const text = '# Guide\nIntro.\n\n## Install\nRun it.\n\n```sh\n# no heading\nnpm i\n```\n\n## Use\nCall it.\n# Notes\nEnd.';
    expect(chunk(text, { by: 'headings' }).map(({ text: passage, headings }) => [headings, passage])).toEqual([
      [['Guide'], '# Guide\nIntro.'],
      [['Guide', 'Install'], '## Install\nRun it.\n\n```sh\n# no heading\nnpm i\n```'],
      [['Guide', 'Use'], '## Use\nCall it.'],
      [['Notes'], '# Notes\nEnd.'],
    ]);
  });

  it('by code begins at unindented lines after blank ones', () => {
    const text = 'import a from "a";\n\n/** One. */\nfunction one() {\n  return 1;\n\n}\n\nfunction two() {\n  return 2;\n}\n';
    expect(texts(text, { by: 'code', size: 8 })).toEqual([
      'import a from "a";\n\n/** One. */',
      'function one() {\n  return 1;\n\n}',
      'function two() {\n  return 2;\n}',
    ]);
    expect(texts(text, { by: 'code', size: 12 })).toEqual([
      'import a from "a";',
      '/** One. */\nfunction one() {\n  return 1;\n\n}',
      'function two() {\n  return 2;\n}',
    ]);
  });

  it('gives one empty passage of nothing, and refuses what makes no sense', () => {
    expect(chunk(' \n ', { by: 'headings' })).toEqual([{ text: '', start: 0, end: 0 }]);
    expect(() => chunk('a', { by: 'words' as 'tokens' })).toThrow(/"words" does not exist/);
    expect(() => chunk('a', { by: 'tokens', size: 10, overlap: 9 })).toThrow(/overlap/);
    expect(() => chunk('a', { by: 'tokens', length: 5 } as ChunkingSpec)).toThrow(/length/);
  });

  it('loses no word, keeps to the size, and says where passages stand', () => {
    const part = fc.constantFrom('a', 'bb', '. ', '\n', '\n\n', '# h\n', '  x', '```\n', '字', '! ', '\t', 'ตัวอย่าง');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 120 }).map((parts) => parts.join('')),
        fc.constantFrom('tokens', 'sentences', 'headings', 'code'),
        fc.integer({ min: 8, max: 20 }),
        fc.integer({ min: 0, max: 4 }),
        (text, by, size, overlap) => {
          const chunks = chunk(text, { by, size, overlap });
          const covered = new Uint8Array(text.length);
          for (const { text: passage, start, end } of chunks) {
            expect(text.slice(start, end)).toBe(passage);
            covered.fill(1, start, end);
          }
          for (let i = 0; i < text.length; i++) if (text[i]!.trim() !== '') expect(covered[i]).toBe(1);
          for (const { text: passage } of chunks) expect(words(passage).length).toBeLessThanOrEqual(size);
        },
      ),
    );
  });
});
