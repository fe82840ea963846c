import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LexicalIndex } from '../lexical/lexical-index.ts';
import type { AnalysisSpec, TokenFilterSpec } from './analysis.ts';
import { Analyzer } from './analyzer.ts';
import { analysisPresets } from './presets.ts';
import { stopWordLists, stopWords } from './stop-words.ts';

/** What Snowball itself gives; the file says how it was made. */
const { about: _, ...snowball } = JSON.parse(readFileSync(new URL('./snowball.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, string>
>;

const chain = (...filters: TokenFilterSpec[]): AnalysisSpec => ({ tokenizer: { type: 'standard' }, filters });
const termsOf = async (analysis: string | AnalysisSpec, text: string): Promise<string[]> => (await Analyzer.create(analysis)).terms(text);

/** A sentence, and words that a person would ask for it with, in other forms or spellings. */
const sentences: [preset: string, sentence: string, query: string][] = [
  ['standard', 'Ёжик ВИДЕЛ звёзды над рекой.', 'ёжик видел'],
  ['standard', 'Ο Οδυσσέας ταξίδεψε είκοσι χρόνια· η ΙΘΆΚΗ περίμενε.', 'ΟΔΥΣΣΈΑΣ ιθάκη'],
  ['standard', 'הממשלה אישרה את התקציב; צה"ל הגיב.', 'התקציב צה"ל'],
  ['standard', 'सरकार ने नई शिक्षा नीति की घोषणा की है।', 'शिक्षा नीति'],
  ['standard', 'أظهرت الدراسات أنّ القراءة تحسّن الذاكرة.', 'الدراسات الذاكرة'],
  ['standard', 'I ❤️ NY 👍🏽 👨‍👩‍👧‍👦 and 🇫🇷', '👍🏽 👨‍👩‍👧‍👦 🇫🇷 ❤️'],
  ['standard', 'ﬁne ＡＢＣ１２３ Straße', 'FINE abc123 STRASSE'],
  ['english', 'The runners were running to the libraries', 'runner run library'],
  ['russian', 'Учёные опубликовали результаты исследования', 'исследований результат'],
  ['german', 'Die alten Häuser wurden verkauft', 'altes Haus'],
  ['french', "L'an dernier, j'ai visité les musées d'art", 'musée visiter arts'],
  ['spanish', 'Las bibliotecas públicas cierran los domingos', 'biblioteca pública domingo'],
  ['italian', "L'acqua dell'oceano è salata", 'acqua oceano'],
  ['portuguese', 'As crianças brincavam', 'criança brincar'],
  ['dutch', 'De lichamelijke opvoeding', 'lichamelijk'],
  ['swedish', 'Barnen läste böckerna', 'barn'],
  ['danish', 'Bøgerne står på hylderne', 'hylde'],
  ['norwegian', 'Bøkene ligger på bordene', 'bord'],
  ['finnish', 'Taloissa asuu monia ihmisiä', 'talo'],
  ['hungarian', 'A házakban sok ember lakik', 'ház'],
  ['turkish', 'Kitapları IŞIKTA okudum, İstanbul’da', 'kitap ışık istanbul'],
  ['arabic', 'قرأت الكتب في المكتبة', 'كتب'],
  ['basque', 'Etxeetan bizi dira', 'etxe'],
  ['cjk', '中华人民共和国的首都是北京，人口约2100万。', '首都 北京'],
  ['cjk', '臺灣的圖書館裡有許多書籍。', '圖書館'],
  ['cjk', '東京タワーは1958年に完成した。ﾊﾝｶｸのデータベース', 'タワー 東京 ハンカク'],
  ['cjk', '대한민국의 수도는 서울이며, 인구는 약 950만 명이다.', '서울 인구'],
  ['cjk', 'iPhone15を買ったらLINEで連絡してね', 'iphone15 line 連絡'],
  ['thai', 'ฉันชอบกินข้าวผัดกระเพราไก่ในกรุงเทพมหานคร', 'ข้าวผัด กรุงเทพมหานคร'],
  ['lao', 'ພາສາລາວເປັນພາສາທາງການ', 'ພາສາ'],
  ['chinese', '中华人民共和国的首都是北京', '北京 首都'],
  ['japanese', '東京の大学で研究を始めた', '大学 研究'],
  ['code', 'const reply = parseHTTPRequest(snake_case, "path/to/file.ts");', 'http request snake parseHTTPRequest path/to/file.ts file'],
  ['ngrams', 'hello', 'ELL'],
  ['whitespace', 'C++ and a-b', 'C++ a-b'],
  ['keyword', 'New York', 'New York'],
];

describe('a preset', () => {
  it.each(sentences)('%s finds %s by %s', async (preset, sentence, query) => {
    const text = new Set(await termsOf(preset, sentence));
    for (const term of await termsOf(preset, query)) expect(text).toContain(term);
    const index = await LexicalIndex.build([{ id: 'a', text: sentence }], { analysis: preset });
    expect((await index.search(query, 1)).map((hit) => hit.id)).toEqual(['a']);
  });

  it.each(analysisPresets)('%s can be made again from its data', async (name) => {
    const made = await Analyzer.create(name);
    const again = await Analyzer.create(JSON.parse(JSON.stringify(made.spec)) as AnalysisSpec);
    for (const [, sentence] of sentences) expect(again.tokens(sentence)).toEqual(made.tokens(sentence));
  });

  it.each(Object.keys(snowball))('%s stems as Snowball does', async (language) => {
    const stemmer = await Analyzer.create(chain({ type: 'stem', algorithm: language }));
    for (const [word, stem] of Object.entries(snowball[language]!)) expect(stemmer.terms(word), word).toEqual([stem]);
  });

  it('edgeNgrams finds what is being typed, asked by standard', async () => {
    const options = { fields: { text: { analysis: 'edgeNgrams', queryAnalysis: 'standard' } } };
    const index = await LexicalIndex.build([{ id: 'a', text: 'Hello world' }], options);
    expect(await index.search('WOR', 1)).toHaveLength(1);
    expect(await index.search('orl', 1)).toHaveLength(0);
  });
});

describe('tokens', () => {
  it('stand where their text is, whatever was rewritten before', async () => {
    const html = await Analyzer.create({
      charFilters: [{ type: 'html' }, { type: 'mapping', map: { ':-)': ' smile ' } }, { type: 'normalize', form: 'NFKC' }],
      tokenizer: { type: 'standard' },
      filters: [{ type: 'fold' }],
    });
    const text = '<p class="x">Caf&eacute; &amp; ﬁsh :-) e\u0301t\u00e9</p>';
    const found = html.tokens(text).map(({ term, start, end }) => [term, text.slice(start, end)]);
    expect(found).toContainEqual(['fish', 'ﬁsh']);
    expect(found).toContainEqual(['smile', ':-)']);
    expect(found).toContainEqual(['\u00e9t\u00e9', 'e\u0301t\u00e9']);
    expect(found.map(([term]) => term)).not.toContain('class');
  });

  it('have offsets within the text and positions that do not fall, of any text by any preset', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc
        .array(fc.constantFrom('a', 'Ａ', 'ß', '\ud800', '\udc00', '\u0000', '\u200d', '😀', '東', 'タ', 'ก', 'é', ' ', "'", '.', '1', '_'))
        .map((list) => list.join('')),
    );
    for (const preset of analysisPresets) {
      const analyzer = await Analyzer.create(preset);
      fc.assert(
        fc.property(text, (body) => {
          let before = 0;
          for (const { term, start, end, position } of analyzer.tokens(body)) {
            expect(term).not.toBe('');
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThan(start);
            expect(end).toBeLessThanOrEqual(body.length);
            expect(position).toBeGreaterThanOrEqual(before);
            before = position;
          }
          expect(analyzer.terms(body)).toEqual(analyzer.tokens(body).map(({ term }) => term));
        }),
        { numRuns: 60 },
      );
    }
  });
});

describe('filters', () => {
  it('synonyms: words of several tokens, both ways or one way, the longest first', async () => {
    const both = await Analyzer.create(
      chain({ type: 'fold' }, { type: 'synonyms', rules: ['usa, united states of america, united states'] }),
    );
    expect(new Set(both.terms('USA'))).toEqual(new Set(['usa', 'united', 'states', 'of', 'america']));
    expect(both.tokens('the United States won').map(({ term, position }) => [term, position])).toContainEqual(['usa', 1]);
    const oneWay = await Analyzer.create(chain({ type: 'fold' }, { type: 'synonyms', rules: ['notebook, portable computer => laptop'] }));
    expect(oneWay.terms('a portable computer')).toEqual(['a', 'laptop']);
    expect(oneWay.terms('laptop')).toEqual(['laptop']);
    await expect(Analyzer.create(chain({ type: 'synonyms', rules: ['a => b => c'] }))).rejects.toThrow('a => b => c');
  });

  it('synonyms: phrases find either side', async () => {
    const analysis = chain({ type: 'fold' }, { type: 'synonyms', rules: ['nyc, new york city'] });
    const index = await LexicalIndex.build([{ id: 'a', text: 'I live in New York City today' }], { analysis, positions: true });
    expect(await index.search('nyc', 1)).toHaveLength(1);
    for (const phrase of ['new york city', 'nyc today', 'in nyc', 'live in new york city today']) {
      expect(await index.search({ phrase }, 1), phrase).toHaveLength(1);
    }
    expect(await index.search({ phrase: 'york new' }, 1)).toHaveLength(0);
  });

  it('phrases take any of the terms that share a place', async () => {
    const text = 'call parseHTTPRequest now';
    const index = await LexicalIndex.build([{ id: 'a', text }], { analysis: 'code', positions: true });
    expect(await index.search({ phrase: 'call parseHTTPRequest now' }, 1)).toHaveLength(1);
    expect(await index.search({ phrase: 'http request' }, 1)).toHaveLength(1);
    expect(await index.search({ phrase: 'now call' }, 1)).toHaveLength(0);
  });

  it('decompound: parts stand beside the compound', async () => {
    const analyzer = await Analyzer.create(
      chain({ type: 'lowercase' }, { type: 'decompound', dictionary: ['donau', 'dampf', 'schiff', 'Wetter', 'bericht'] }),
    );
    expect(analyzer.terms('Donaudampfschiff Wettersbericht')).toEqual([
      'donaudampfschiff',
      'donau',
      'dampf',
      'schiff',
      'wettersbericht',
      'wetter',
      'bericht',
    ]);
    expect(new Set(analyzer.tokens('Donaudampfschiff').map(({ position }) => position))).toEqual(new Set([0]));
    expect(analyzer.terms('Schiff')).toEqual(['schiff']);
  });

  it.each<[string, TokenFilterSpec[], string, string[]]>([
    ['unaccent', [{ type: 'unaccent' }], 'Café Łódź Đorđe ёлка ไก่', ['Cafe', 'Lodz', 'Dorde', 'елка', 'ไก่']],
    ['possessive', [{ type: 'possessive' }], "dog's cats\u2019s", ['dog', 'cats']],
    ['elision', [{ type: 'elision', articles: ['l', 'd'] }], "l'avion d\u2019or s'il", ['avion', 'or', "s'il"]],
    ['apostrophe', [{ type: 'apostrophe' }], "İstanbul'da evde", ['İstanbul', 'evde']],
    ['stop', [{ type: 'stop', words: ['a', 'b'] }], 'a b c', ['c']],
    ['stem with exceptions', [{ type: 'stem', algorithm: 'porter', except: ['running'] }], 'running jumping', ['running', 'jump']],
    ['length', [{ type: 'length', min: 2, max: 3 }], 'a bb ccc dddd 😀😀', ['bb', 'ccc']],
    ['ngrams', [{ type: 'ngrams', min: 2, max: 3 }], 'abc', ['ab', 'abc', 'bc']],
    ['edgeNgrams', [{ type: 'edgeNgrams', min: 1, max: 2 }], 'abc', ['a', 'ab']],
    ['cjkBigrams with unigrams', [{ type: 'cjkBigrams', unigrams: true }], '東京都', ['東', '東京', '京', '京都', '都']],
    ['lowercase of a locale', [{ type: 'lowercase', locale: 'tr' }], 'IŞIK', ['ışık']],
  ])('%s', async (_name, filters, text, expected) => {
    expect(await termsOf(chain(...filters), text)).toEqual(expected);
  });

  it('stop words come as lists, english as Lucene’s', () => {
    expect(stopWordLists).toContain('german');
    expect(stopWords('english')).toHaveLength(33);
    expect(() => stopWords('englsh')).toThrow('Did you mean "english"');
  });
});

describe('an analysis that is wrong', () => {
  it.each<[unknown, string]>([
    ['englihs', 'Did you mean "english"'],
    [{}, 'analysis.tokenizer'],
    [{ tokenizer: { type: 'standart' } }, 'Did you mean "standard"'],
    [{ tokenizer: { type: 'standard', maxlength: 3 } }, 'Did you mean "maxLength"'],
    [{ tokenizer: { type: 'standard' }, filters: [{ type: 'stem' }] }, 'lacks "algorithm"'],
    [{ tokenizer: { type: 'standard' }, filters: [{ type: 'stem', algorithm: 'klingon' }] }, 'klingon'],
    [{ tokenizer: { type: 'ngram', min: 3, max: 2 } }, 'above max'],
    [{ tokenizer: { type: 'standard' }, filters: 'fold' }, 'expected an array'],
    [{ tokenizer: { type: 'segmenter', locale: '!' } }, 'locale'],
    [{ tokenizer: { type: 'standard' }, filters: [{ type: 'stop', words: 3 }] }, 'array of strings'],
  ])('%j is refused: %s', async (analysis, message) => {
    await expect(Analyzer.create(analysis as AnalysisSpec)).rejects.toThrow(message);
  });

  it('a query without terms is told why', async () => {
    const english = await Analyzer.create('english');
    expect(english.whyEmpty('to be or not to be')).toBe('every word is a stop word (to, be, or, not, to)');
    expect(english.whyEmpty(' ')).toBe('the text is empty');
    expect(english.whyEmpty('…!?')).toContain('no letters or digits');
    expect(english.whyEmpty('fox')).toBeUndefined();
    const long = await Analyzer.create(chain({ type: 'length', min: 5 }));
    expect(long.whyEmpty('fox')).toContain('filters length dropped every word (fox)');
  });
});
