/** The settings of a `BertNormalizer` in tokenizer.json. */
export interface BertNormalization {
  readonly clean_text?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly strip_accents?: boolean | null;
  readonly lowercase?: boolean;
}

/**
 * BERT's normalisation as the reference tokenizers do it: control characters out, every white space a space, spaces around
 * CJK ideographs, accents stripped, lower case.
 *
 * The JavaScript library's own version differs where it matters to readers of Greek and of rare ideographs: it writes a final
 * sigma as ς (the vocabularies were made with σ) and does not see ideographs beyond the basic plane.
 */
export function bertNormalize(text: string, options: BertNormalization): string {
  // Most texts have nothing to be changed but their case; a look at them costs a tenth of looking for all the rest.
  if (printableAscii.test(text)) return (options.lowercase ?? true) ? text.toLowerCase() : text;
  if (options.clean_text ?? true) text = text.replace(removed, '').replace(/\s/g, ' ');
  if (options.handle_chinese_chars ?? true) text = text.replace(ideograph, ' $& ');
  if (options.strip_accents ?? options.lowercase ?? true) text = text.normalize('NFD').replace(/\p{Mn}/gu, '');
  return (options.lowercase ?? true) ? lowercase(text) : text;
}

const printableAscii = /^[ -~]*$/;

/** Control, format, private and unpaired characters and U+FFFD, but not tab, line feed and carriage return. */
const removed = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;

const ideograph =
  /[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** Lower case of each character by itself: unlike `toLowerCase`, a sigma at the end of a word stays σ. */
export function lowercase(text: string): string {
  return text.includes('Σ')
    ? text
        .split('Σ')
        .map((part) => part.toLowerCase())
        .join('σ')
    : text.toLowerCase();
}
