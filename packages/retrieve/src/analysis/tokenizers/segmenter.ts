import { RankError } from '@rank-rank/core';
import type { OnSpan, TokenKind } from '../analysis.ts';

/** Long texts are given to the segmenter in pieces, cut at a space or line break where there is one: its time grows faster than the text. */
const piece = 4096;

/** Words by the runtime's dictionaries (`Intl.Segmenter`): Thai, Lao, Khmer, Burmese, Chinese, Japanese. */
export function segmenterSpans(locale: string | undefined): (text: string, onSpan: OnSpan) => void {
  if (typeof Intl === 'undefined' || typeof Intl.Segmenter !== 'function') {
    throw new RankError('UNSUPPORTED', 'The segmenter tokenizer needs Intl.Segmenter, which this runtime lacks. Use "standard" or "cjk".');
  }
  let segmenter: Intl.Segmenter;
  try {
    segmenter = new Intl.Segmenter(locale, { granularity: 'word' });
  } catch (cause) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `The segmenter knows no locale "${locale}". Give a BCP 47 tag, such as "th".`,
      { locale },
      { cause },
    );
  }
  return (text, onSpan) => {
    for (let from = 0; from < text.length; ) {
      let to = Math.min(text.length, from + piece);
      if (to < text.length) {
        const space = Math.max(text.lastIndexOf(' ', to), text.lastIndexOf('\n', to));
        if (space > from) to = space + 1;
        else if ((text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
      }
      for (const { segment, index, isWordLike } of segmenter.segment(text.slice(from, to))) {
        if (isWordLike) onSpan(from + index, from + index + segment.length, kindOf(segment));
      }
      from = to;
    }
  };
}

function kindOf(segment: string): TokenKind {
  if (/^\p{Script=Han}/u.test(segment)) return 'ideographic';
  if (/^\p{Script=Hiragana}/u.test(segment)) return 'hiragana';
  if (/^\p{Script=Katakana}/u.test(segment)) return 'katakana';
  if (/^\p{Script=Hangul}/u.test(segment)) return 'hangul';
  return /^\p{Nd}/u.test(segment) ? 'number' : 'word';
}
