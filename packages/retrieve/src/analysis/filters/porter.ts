/**
 * The Porter stemmer: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), with the author's two later
 * departures (-bli → -ble, -logi → -log), which is what Lucene's PorterStemFilter computes. Words of one or two letters
 * stay as they are. The word is in lower case already.
 *
 * @example porter('relational') // 'relat'
 */
export function porter(word: string): string {
  if (word.length <= 2) return word;
  let w = step1(word);
  w = replaceFirst(w, step2, 0);
  w = replaceFirst(w, step3, 0);
  w = step4(w);
  // Step 5: a final e, a final double l.
  if (w.endsWith('e')) {
    const stem = w.slice(0, -1);
    const m = measure(stem);
    if (m > 1 || (m === 1 && !endsConsonantVowelConsonant(stem))) w = stem;
  }
  if (w.endsWith('ll') && measure(w) > 1) w = w.slice(0, -1);
  return w;
}

const step2: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
];

const step3: readonly (readonly [string, string])[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

const step4Endings = 'al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize'.split(' ');

/** Plurals, past forms, gerunds; then a final y after a vowel becomes i. */
function step1(word: string): string {
  let w = word;
  if (w.endsWith('s')) {
    if (w.endsWith('sses') || w.endsWith('ies')) w = w.slice(0, -2);
    else if (!w.endsWith('ss')) w = w.slice(0, -1);
  }
  if (w.endsWith('eed')) {
    if (measure(w.slice(0, -3)) > 0) w = w.slice(0, -1);
  } else {
    const cut = w.endsWith('ed') ? 2 : w.endsWith('ing') ? 3 : 0;
    if (cut > 0 && hasVowel(w.slice(0, -cut))) {
      w = w.slice(0, -cut);
      if (w.endsWith('at') || w.endsWith('bl') || w.endsWith('iz')) w += 'e';
      else if (endsDoubleConsonant(w)) {
        if (!/[lsz]$/.test(w)) w = w.slice(0, -1);
      } else if (measure(w) === 1 && endsConsonantVowelConsonant(w)) w += 'e';
    }
  }
  if (w.endsWith('y') && hasVowel(w.slice(0, -1))) w = `${w.slice(0, -1)}i`;
  return w;
}

/** The longest ending of a list is replaced if what stands before it has a measure above the limit; a shorter one is not tried. */
function replaceFirst(word: string, endings: readonly (readonly [string, string])[], above: number): string {
  for (const [ending, replacement] of endings) {
    if (!word.endsWith(ending)) continue;
    const stem = word.slice(0, -ending.length);
    return measure(stem) > above ? stem + replacement : word;
  }
  return word;
}

function step4(word: string): string {
  for (const ending of step4Endings) {
    if (!word.endsWith(ending)) continue;
    // -ion goes only after s or t, which stay.
    const stem = word.slice(0, ending === 'sion' || ending === 'tion' ? -3 : -ending.length);
    return measure(stem) > 1 ? stem : word;
  }
  return word;
}

function isConsonant(word: string, at: number): boolean {
  switch (word.charCodeAt(at)) {
    case 97:
    case 101:
    case 105:
    case 111:
    case 117:
      return false;
    case 121:
      return at === 0 || !isConsonant(word, at - 1);
    default:
      return true;
  }
}

/** How many times vowels are followed by consonants: m of [C](VC)^m[V]. */
function measure(stem: string): number {
  let m = 0;
  let wasVowel = false;
  for (let i = 0; i < stem.length; i++) {
    const vowel = !isConsonant(stem, i);
    if (wasVowel && !vowel) m++;
    wasVowel = vowel;
  }
  return m;
}

function hasVowel(stem: string): boolean {
  for (let i = 0; i < stem.length; i++) if (!isConsonant(stem, i)) return true;
  return false;
}

function endsDoubleConsonant(word: string): boolean {
  const last = word.length - 1;
  return last > 0 && word[last] === word[last - 1] && isConsonant(word, last);
}

/** Consonant, vowel, consonant that is not w, x or y: -hop, -wil, but not -snow, -box, -tray. */
function endsConsonantVowelConsonant(word: string): boolean {
  const last = word.length - 1;
  if (last < 2 || !isConsonant(word, last) || isConsonant(word, last - 1) || !isConsonant(word, last - 2)) return false;
  return !/[wxy]$/.test(word);
}
