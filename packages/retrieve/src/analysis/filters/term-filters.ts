import type { TokenKind } from '../analysis.ts';

/**
 * A filter that looks at one token alone. What it gives depends on the term and nothing around it, so that an index
 * builder may remember it per distinct word: `null` drops the token, a list puts several terms at its position.
 */
export type TermFilter = (term: string, kind: TokenKind) => string | null | readonly string[];

/**
 * Character by character, as Lucene's filter does: Σ becomes σ wherever it stands, İ becomes i. With a locale, by its rules.
 */
export function lowercase(locale: string | undefined): TermFilter {
  if (locale !== undefined) return (term) => term.toLocaleLowerCase(locale);
  return (term) => (/[Σİ]/.test(term) ? term.replaceAll('Σ', 'σ').replaceAll('İ', 'i') : term).toLowerCase();
}

/** NFKC and full case folding. Lower-casing leaves out ß and the final sigma, which fold to ss and σ. */
export const fold: TermFilter = (term) => {
  const lower = term.normalize('NFKC').toLowerCase();
  return /[ßς]/.test(lower) ? lower.replaceAll('ß', 'ss').replaceAll('ς', 'σ') : lower;
};

const unaccented: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  þ: 'th',
  ŧ: 't',
};

export const unaccent: TermFilter = (term) => {
  if (/^[\x00-\x7f]*$/.test(term)) return term;
  // Marks go where they are accents; in Indic and South-East Asian scripts they are vowels and stay.
  const bare = term
    .normalize('NFD')
    .replace(/([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}])\p{Mn}+/gu, '$1')
    .normalize('NFC');
  return bare.replace(/[ßæœøđðħıłþŧ]/gi, (letter) => {
    const plain = unaccented[letter.toLowerCase()]!;
    return letter === letter.toLowerCase() ? plain : plain.toUpperCase();
  });
};

/** 's with any of the apostrophes that Lucene's EnglishPossessiveFilter knows. */
export const possessive: TermFilter = (term) => {
  const at = term.length - 2;
  if (at < 0) return term;
  const last = term.charCodeAt(at + 1);
  if (last !== 0x73 && last !== 0x53) return term;
  const mark = term.charCodeAt(at);
  return mark === 0x27 || mark === 0x2019 || mark === 0xff07 ? term.slice(0, at) : term;
};

export function elision(articles: readonly string[]): TermFilter {
  const known = new Set(articles);
  return (term) => {
    const at = term.search(/['\u2019]/);
    return at > 0 && known.has(term.slice(0, at).toLowerCase()) ? term.slice(at + 1) : term;
  };
}

/** What follows an apostrophe goes with it, as Turkish suffixes of names: İstanbul'da → İstanbul. */
export const apostrophe: TermFilter = (term) => {
  const at = term.search(/['\u2019]/);
  return at > 0 ? term.slice(0, at) : term;
};

export function stop(words: Iterable<string>): TermFilter {
  const stopped = new Set(words);
  return (term) => (stopped.has(term) ? null : term);
}

export function lengthBetween(min: number, max: number): TermFilter {
  return (term) => {
    // Code points are at most units: only a long term has to be counted out.
    const length = term.length > max || term.length < 2 * min ? [...term].length : term.length;
    return length < min || length > max ? null : term;
  };
}

/** Every run of min to max characters; with `edge` only those at the start. */
export function ngrams(min: number, max: number, edge: boolean): TermFilter {
  return (term) => {
    const characters = [...term];
    const grams: string[] = [];
    for (let start = 0; start <= (edge ? 0 : characters.length - min); start++) {
      for (let size = min; size <= max && start + size <= characters.length; size++)
        grams.push(characters.slice(start, start + size).join(''));
    }
    return grams;
  };
}

/**
 * Dictionary words within a compound, put beside it. A part may be followed by a linking s, as in German and Swedish.
 * At each place the longest part counts, and parts within a found one are not looked for.
 */
export function decompound(dictionary: readonly string[], minWord: number, minPart: number, maxPart: number): TermFilter {
  const parts = new Set(dictionary.map((word) => word.toLowerCase()));
  return (term) => {
    if (term.length < minWord) return term;
    const lower = term.toLowerCase();
    const found: string[] = [];
    for (let at = 0; at <= lower.length - minPart; ) {
      let size = Math.min(maxPart, lower.length - at);
      while (size >= minPart && !(parts.has(lower.slice(at, at + size)) && size < lower.length)) size--;
      if (size < minPart) at++;
      else {
        found.push(lower.slice(at, at + size));
        at += size;
      }
    }
    return found.length === 0 ? term : [term, ...found];
  };
}
