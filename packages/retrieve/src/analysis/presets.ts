import type { AnalysisSpec } from './analysis.ts';

/** What each Snowball language has beside its stemmer. */
const languages: Readonly<Record<string, { stop?: boolean; articles?: string }>> = {
  arabic: {},
  armenian: {},
  basque: {},
  catalan: { articles: 'd l m n s t' },
  czech: {},
  danish: { stop: true },
  dutch: { stop: true },
  finnish: { stop: true },
  french: { stop: true, articles: 'l m t qu n s j d c jusqu quoiqu lorsqu puisqu' },
  german: { stop: true },
  hungarian: { stop: true },
  irish: { articles: 'd m b' },
  italian: { stop: true, articles: 'c l all dall dell nell sull coll pell gl agl dagl degl negl sugl un m t s v d' },
  norwegian: { stop: true },
  portuguese: { stop: true },
  romanian: { stop: true },
  russian: { stop: true },
  slovene: {},
  spanish: { stop: true },
  swedish: { stop: true },
  tamil: {},
  turkish: { stop: true },
};

function language(name: string): AnalysisSpec {
  const { stop = false, articles } = languages[name]!;
  return {
    tokenizer: { type: 'standard' },
    filters: [
      ...(articles === undefined ? [] : [{ type: 'elision', articles: articles.split(' ') } as const]),
      // Turkish sets suffixes of names off by an apostrophe, and has two letters i: I is the capital of ı, İ that of i.
      ...(name === 'turkish'
        ? [{ type: 'apostrophe' } as const, { type: 'lowercase', locale: 'tr' } as const]
        : [{ type: 'lowercase' } as const]),
      ...(stop ? [{ type: 'stop', words: name } as const] : []),
      { type: 'stem', algorithm: name },
    ],
  };
}

const fixed: Readonly<Record<string, AnalysisSpec>> = {
  /** Any language with spaces: Unicode words, NFKC, case folding. */
  standard: { tokenizer: { type: 'standard' }, filters: [{ type: 'fold' }] },
  /** Lucene's EnglishAnalyzer. */
  english: {
    tokenizer: { type: 'standard' },
    filters: [{ type: 'possessive' }, { type: 'lowercase' }, { type: 'stop', words: 'english' }, { type: 'stem', algorithm: 'porter' }],
  },
  /** Chinese, Japanese, Korean, and whatever else stands between. */
  cjk: { tokenizer: { type: 'standard' }, filters: [{ type: 'fold' }, { type: 'cjkBigrams' }] },
  whitespace: { tokenizer: { type: 'whitespace' } },
  keyword: { tokenizer: { type: 'keyword' } },
  code: { tokenizer: { type: 'code', wholes: true, symbols: false }, filters: [{ type: 'fold' }] },
  ngrams: { tokenizer: { type: 'ngram', min: 3, max: 3 }, filters: [{ type: 'fold' }] },
  /** Finds words while they are typed; search it with `standard`. */
  edgeNgrams: { tokenizer: { type: 'standard' }, filters: [{ type: 'fold' }, { type: 'edgeNgrams', min: 1, max: 15 }] },
  thai: { tokenizer: { type: 'segmenter', locale: 'th' }, filters: [{ type: 'fold' }] },
  lao: { tokenizer: { type: 'segmenter', locale: 'lo' }, filters: [{ type: 'fold' }] },
  khmer: { tokenizer: { type: 'segmenter', locale: 'km' }, filters: [{ type: 'fold' }] },
  burmese: { tokenizer: { type: 'segmenter', locale: 'my' }, filters: [{ type: 'fold' }] },
  japanese: { tokenizer: { type: 'segmenter', locale: 'ja' }, filters: [{ type: 'fold' }] },
  chinese: { tokenizer: { type: 'segmenter', locale: 'zh' }, filters: [{ type: 'fold' }] },
};

/** The names of the chains that come with the package. */
export const analysisPresets: readonly string[] = [...Object.keys(fixed), ...Object.keys(languages)].sort();

/** The chain that a name stands for, as data to be looked at or changed; undefined where there is none. */
export function analysisPreset(name: string): AnalysisSpec | undefined {
  if (Object.hasOwn(fixed, name)) return fixed[name];
  return Object.hasOwn(languages, name) ? language(name) : undefined;
}
