import { RankError, unknownName } from '@rank-rank/core';
import { porter } from './porter.ts';
import type { TermFilter } from './term-filters.ts';

/** The languages of the Snowball stemmers (Snowball 2, as in Lucene 9). */
const snowballLanguages: readonly string[] = (
  'arabic armenian basque catalan czech danish dutch english finnish french german hungarian irish italian norwegian portuguese ' +
  'romanian russian slovene spanish swedish tamil turkish'
).split(' ');

/**
 * A stemmer by name: `porter` is built in; the Snowball languages come from the optional package `snowball-stemmers`.
 */
export async function stem(algorithm: string, except: readonly string[] = []): Promise<TermFilter> {
  const stemmer = algorithm === 'porter' ? porter : await snowball(algorithm);
  if (except.length === 0) return stemmer;
  const kept = new Set(except);
  return (term) => (kept.has(term) ? term : stemmer(term));
}

async function snowball(language: string): Promise<(word: string) => string> {
  if (!snowballLanguages.includes(language)) throw unknownName('Stemmer', language, ['porter', ...snowballLanguages]);
  let loaded: typeof import('snowball-stemmers') & { default?: typeof import('snowball-stemmers') };
  try {
    loaded = await import('snowball-stemmers');
  } catch (cause) {
    throw new RankError(
      'MISSING_DEPENDENCY',
      `The ${language} stemmer is in the package "snowball-stemmers", which is not installed. Run: npm install snowball-stemmers`,
      { package: 'snowball-stemmers' },
      { cause },
    );
  }
  const stemmer = (loaded.default ?? loaded).newStemmer(language);
  return (word) => stemmer.stem(word);
}
