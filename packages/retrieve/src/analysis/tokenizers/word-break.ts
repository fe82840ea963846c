import type { OnSpan, TokenKind } from '../analysis.ts';

/**
 * Unicode word breaks (UAX #29), giving the words and leaving out what stands between them, as Lucene's StandardTokenizer
 * does: Han and Hiragana characters stand alone, South-East Asian runs stay whole, emoji sequences are tokens.
 *
 * A character's class comes from the runtime's own Unicode data, asked once per character and kept in a table.
 */

const Unknown = 0;
const Other = 1;
const Letter = 2;
const Digit = 3;
const Katakana = 4;
const ExtendNumLet = 5;
const HebrewLetter = 6;
// From here on no word goes on by itself.
const MidLetter = 7;
const MidNum = 8;
const MidNumLet = 9;
const SingleQuote = 10;
const DoubleQuote = 11;
/** Combining marks and format characters: they belong to the character before (WB4). */
const Extend = 12;
const JoinEmoji = 13;
const Ideographic = 14;
const Hiragana = 15;
const SoutheastAsian = 16;
const RegionalIndicator = 17;
const Pictograph = 18;
/** A mark of a South-East Asian script: it starts a run of its own script, and extends whatever it follows. */
const SoutheastAsianMark = 19;

const isExtend = /^(?:\p{Grapheme_Extend}|\p{Mc}|\p{Emoji_Modifier}|\p{Cf})$/u;
const isKatakana = /^[\p{Script=Katakana}\u3031-\u3035\u309b\u309c\u30a0\u30fc\uff70]$/u;
const isHebrewLetter = /^(?=\p{Lo})\p{Script=Hebrew}$/u;
const isSoutheastAsian =
  /^(?=[\p{L}\p{M}])[\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Ahom}]$/u;
const isAlphabetic =
  /^[\p{Alphabetic}\u02c2-\u02c5\u02d2-\u02d7\u02de\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u055a-\u055c\u055e\u058a\u05f3\ua708-\ua716\ua720\ua721\ua789\ua78a\uab5b]$/u;

function classify(code: number): number {
  const text = String.fromCodePoint(code);
  switch (code) {
    case 0x27:
      return SingleQuote;
    case 0x22:
      return DoubleQuote;
    case 0x200d:
      return JoinEmoji;
    case 0x200b:
      return Other;
  }
  if (':\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a'.includes(text)) return MidLetter;
  if ('.\u2018\u2019\u2024\ufe52\uff07\uff0e'.includes(text)) return MidNumLet;
  if (',;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b'.includes(text)) return MidNum;
  if (/^\p{Pc}$/u.test(text) || code === 0x202f) return ExtendNumLet;
  if (/^[\p{Nd}\u066b]$/u.test(text)) return Digit;
  if (isSoutheastAsian.test(text)) return isExtend.test(text) ? SoutheastAsianMark : SoutheastAsian;
  if (isExtend.test(text)) return Extend;
  if (/^\p{Regional_Indicator}$/u.test(text)) return RegionalIndicator;
  if (isKatakana.test(text)) return Katakana;
  if (/^\p{Script=Hiragana}$/u.test(text)) return Hiragana;
  if (/^\p{Ideographic}$/u.test(text)) return Ideographic;
  if (isHebrewLetter.test(text)) return HebrewLetter;
  if (isAlphabetic.test(text)) return Letter;
  if (code > 0x7f && /^\p{Extended_Pictographic}$/u.test(text)) return Pictograph;
  return Other;
}

const basic = new Uint8Array(0x10000);
const beyond = new Map<number, number>();
for (let code = 0; code < 0x80; code++) basic[code] = classify(code);
// Lone surrogates are nothing that a word is made of.
basic.fill(Other, 0xd800, 0xe000);

/** A text as its UTF-16 units: reading them from an array is faster than from a string, which is asked for every unit anew. */
export type Units = Uint16Array;

function classAt(units: Units, length: number, at: number): number {
  const unit = units[at]!;
  const known = basic[unit]!;
  if (known > Other) return known;
  if (unit >= 0xd800 && unit < 0xdc00) {
    const low = at + 1 < length ? units[at + 1]! : 0;
    if ((low & 0xfc00) !== 0xdc00) return Other;
    const code = ((unit - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
    let found = beyond.get(code);
    if (found === undefined) beyond.set(code, (found = classify(code)));
    return found;
  }
  return known === Unknown ? (basic[unit] = classify(unit)) : known;
}

/** How many units the character has. */
function widthAt(units: Units, length: number, at: number): number {
  return (units[at]! & 0xfc00) === 0xd800 && at + 1 < length && (units[at + 1]! & 0xfc00) === 0xdc00 ? 2 : 1;
}

function isExtending(type: number): boolean {
  return type === Extend || type === JoinEmoji || type === SoutheastAsianMark;
}

/** Where the marks that belong to the character before `at` end. */
function skipMarks(units: Units, length: number, at: number): number {
  while (at < length && isExtending(classAt(units, length, at))) at += widthAt(units, length, at);
  return at;
}

/** Calls back for every word of the first `length` units, left to right; words longer than `maxLength` units are cut there. */
export function wordSpans(units: Units, length: number, onSpan: OnSpan, maxLength: number): void {
  let at = 0;
  while (at < length) {
    const type = classAt(units, length, at);
    if (type === Other || (type >= MidLetter && type <= JoinEmoji)) {
      at++;
      continue;
    }
    const start = at;
    let kind: TokenKind;
    if (type <= HebrewLetter) {
      at = endOfWord(units, length, at, type);
      if (foundKind === undefined) continue;
      kind = foundKind;
    } else if (type === Ideographic || type === Hiragana) {
      at = skipMarks(units, length, at + widthAt(units, length, at));
      kind = type === Ideographic ? 'ideographic' : 'hiragana';
    } else if (type === SoutheastAsian || type === SoutheastAsianMark) {
      do at += widthAt(units, length, at);
      while (at < length && (classAt(units, length, at) === SoutheastAsian || isExtending(classAt(units, length, at))));
      kind = 'southeastAsian';
    } else {
      at = endOfEmoji(units, length, at, type);
      kind = 'emoji';
      if (type === RegionalIndicator && at - start < 4) continue;
    }
    let from = start;
    while (at - from > maxLength) {
      // A pair of surrogates is not taken apart.
      const cut = from + maxLength - (maxLength > 1 && widthAt(units, length, from + maxLength - 1) === 2 ? 1 : 0);
      onSpan(from, cut, kind);
      from = cut;
    }
    onSpan(from, at, kind);
  }
}

/** The kind of the word that {@link endOfWord} went over; none where it is of underscores alone. */
let foundKind: TokenKind | undefined;

function endOfWord(units: Units, length: number, at: number, type: number): number {
  let last = type;
  let letters = type === Letter || type === HebrewLetter;
  let digits = type === Digit;
  let kana = type === Katakana;
  let joined = type === ExtendNumLet;
  const first = at;
  at += widthAt(units, length, at);
  for (;;) {
    // The common case: letter after letter of the basic plane, digits among them.
    while (at < length) {
      const next = basic[units[at]!]!;
      if ((next === Letter || next === Digit) && (last === Letter || last === Digit)) {
        last = next;
        if (next === Letter) letters = true;
        else digits = true;
        at++;
      } else break;
    }
    const after = skipMarks(units, length, at);
    at = after;
    if (after >= length) break;
    const next = classAt(units, length, after);
    const lastIsLetter = last === Letter || last === HebrewLetter;
    const nextIsLetter = next === Letter || next === HebrewLetter;
    if (
      ((nextIsLetter || next === Digit) && (lastIsLetter || last === Digit || last === ExtendNumLet)) ||
      (next === Katakana && (last === Katakana || last === ExtendNumLet)) ||
      next === ExtendNumLet
    ) {
      last = next;
      letters ||= nextIsLetter;
      digits ||= next === Digit;
      kana ||= next === Katakana;
      joined ||= next === ExtendNumLet;
      at = after + widthAt(units, length, after);
      continue;
    }
    if (next >= MidLetter && next <= DoubleQuote) {
      const beyondIt = skipMarks(units, length, after + widthAt(units, length, after));
      const then = beyondIt < length ? classAt(units, length, beyondIt) : Other;
      const thenIsLetter = then === Letter || then === HebrewLetter;
      const joinsLetters = (next === MidLetter || next === MidNumLet || next === SingleQuote) && lastIsLetter && thenIsLetter;
      const joinsDigits = (next === MidNum || next === MidNumLet || next === SingleQuote) && last === Digit && then === Digit;
      const joinsHebrew = next === DoubleQuote && last === HebrewLetter && then === HebrewLetter;
      if (joinsLetters || joinsDigits || joinsHebrew) {
        last = then;
        at = beyondIt + widthAt(units, length, beyondIt);
        continue;
      }
      // A Hebrew word may end in its geresh.
      if (next === SingleQuote && last === HebrewLetter) at = skipMarks(units, length, after + 1);
    }
    break;
  }
  if (letters)
    foundKind =
      units[first]! >= 0x1100 && hangul.test(String.fromCharCode(...units.subarray(first, Math.min(at, first + 64)))) ? 'hangul' : 'word';
  else if (kana) foundKind = joined || digits ? 'word' : 'katakana';
  else if (digits) foundKind = units[at - 1] === keycap ? 'emoji' : 'number';
  else foundKind = undefined;
  return at;
}

const keycap = 0x20e3;
const hangul = /^(?:\p{Script=Hangul}[\p{M}\p{Cf}]*)+$/u;

function endOfEmoji(units: Units, length: number, at: number, type: number): number {
  if (type === RegionalIndicator) {
    const second = skipMarks(units, length, at + 2);
    return second < length && classAt(units, length, second) === RegionalIndicator ? skipMarks(units, length, second + 2) : at + 2;
  }
  at += widthAt(units, length, at);
  for (;;) {
    let joined = false;
    while (at < length && isExtending(classAt(units, length, at))) {
      joined = classAt(units, length, at) === JoinEmoji;
      at += widthAt(units, length, at);
    }
    if (!joined || at >= length || classAt(units, length, at) !== Pictograph) return at;
    at += widthAt(units, length, at);
  }
}
