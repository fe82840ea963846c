import { AlignedBuilder, type AlignedText, slice } from './aligned-text.ts';
import { replacing } from './normalization.ts';

/** What a pre-tokenizer of the library shows: its parts where it is a sequence, and its settings. */
export interface LibraryPreTokenizer {
  readonly tokenizers?: readonly (LibraryPreTokenizer | null)[];
  readonly config?: { readonly type?: string; readonly content?: string };
  readonly pattern?: RegExp | null;
  readonly add_prefix_space?: boolean;
  readonly use_regex?: boolean;
  readonly byte_encoder?: Readonly<Record<number, string>>;
  readonly replacement?: string;
  readonly str_rep?: string;
  readonly prepend_scheme?: string;
  pre_tokenize_text(text: string, options: { section_index: number }): string[];
}

/** Cuts a normalised text into what the model may look at by itself: words, mostly. */
export interface PreTokenizationStep {
  apply(text: string, section: number): string[];
  align(source: AlignedText, section: number): AlignedText[];
}

/** The steps of a pre-tokenizer, sequences unrolled; none means that the text is one piece. */
export function preTokenizationSteps(preTokenizer: LibraryPreTokenizer | null, settings: unknown): PreTokenizationStep[] {
  if (preTokenizer === null) return [];
  if (preTokenizer.tokenizers !== undefined) {
    const parts = ((settings as { pretokenizers?: unknown[] } | null)?.pretokenizers ?? []) as unknown[];
    return preTokenizer.tokenizers.flatMap((part, i) => preTokenizationSteps(part, parts[i]));
  }
  if (preTokenizer.byte_encoder !== undefined) return [byteLevel(preTokenizer)];
  if (preTokenizer.str_rep !== undefined) return [metaspace(preTokenizer, (settings ?? {}) as MetaspaceSettings)];
  if (preTokenizer.config?.type === 'Replace') {
    const step = replacing(preTokenizer.pattern ?? /(?!)/g, preTokenizer.config.content ?? '');
    return [{ apply: (text) => [step.apply(text)], align: (source) => [step.align(source)] }];
  }
  const apply = (text: string, section: number): string[] => preTokenizer.pre_tokenize_text(text, { section_index: section });
  return [{ apply, align: (source, section) => located(source, apply(source.text, section)) }];
}

export function applyPreTokenization(steps: readonly PreTokenizationStep[], text: string, section: number): string[] {
  let pieces = [text];
  for (const step of steps) {
    pieces = pieces.length === 1 ? step.apply(pieces[0]!, section) : pieces.flatMap((piece) => step.apply(piece, section));
  }
  return pieces;
}

export function alignPreTokenization(steps: readonly PreTokenizationStep[], source: AlignedText, section: number): AlignedText[] {
  let pieces = [source];
  for (const step of steps) pieces = pieces.flatMap((piece) => step.align(piece, section));
  return pieces;
}

/** Pieces that are parts of the text, in its order, with nothing between them but what was left out. */
function located(source: AlignedText, pieces: readonly string[]): AlignedText[] {
  let cursor = 0;
  return pieces.map((piece) => {
    const from = source.text.indexOf(piece, cursor);
    if (from < 0) {
      // A piece the text does not contain was made, not cut; it stands for all that is left.
      const made = new AlignedBuilder(source);
      made.replace(piece, cursor, source.text.length);
      return made.finish();
    }
    cursor = from + piece.length;
    return slice(source, from, cursor);
  });
}

/** Words by GPT-2's pattern, each byte of their UTF-8 written as one printable character. */
function byteLevel(preTokenizer: LibraryPreTokenizer): PreTokenizationStep {
  const encoder = preTokenizer.byte_encoder!;
  const utf8 = new TextEncoder();
  const spell = (text: string): string => {
    let written = '';
    for (const byte of utf8.encode(text)) written += encoder[byte]!;
    return written;
  };
  // Texts repeat their words; spelling each out in bytes anew would take most of the time.
  const spelled = new Map<string, string>();
  const words = (text: string): string[] => (preTokenizer.use_regex === false ? [text] : (text.match(preTokenizer.pattern!) ?? []));
  const wantsSpace = (text: string): boolean => preTokenizer.add_prefix_space === true && !text.startsWith(' ');
  return {
    apply: (text) =>
      words(wantsSpace(text) ? ` ${text}` : text).map((word) => {
        let written = spelled.get(word);
        if (written === undefined) {
          written = spell(word);
          if (spelled.size >= 65_536) spelled.clear();
          if (word.length <= 64) spelled.set(word, written);
        }
        return written;
      }),
    align(source) {
      const spaced = new AlignedBuilder(source);
      if (wantsSpace(source.text)) spaced.insert(' ', 0);
      spaced.keep(0, source.text.length);
      const whole = spaced.finish();
      return located(whole, words(whole.text)).map((word) => {
        const bytes = new AlignedBuilder(word);
        let at = 0;
        for (const character of word.text) {
          const written = spell(character);
          bytes.replace(written, at, at + character.length);
          at += character.length;
        }
        return bytes.finish();
      });
    },
  };
}

interface MetaspaceSettings {
  readonly add_prefix_space?: boolean;
  readonly prepend_scheme?: string;
  readonly split?: boolean;
}

/**
 * SentencePiece's spaces: each becomes ▁, one is put in front, and every ▁ begins a word. The library keeps the text in one
 * piece, which costs time on long texts and joins unknown characters across words; `split` is as the reference has it.
 */
function metaspace(preTokenizer: LibraryPreTokenizer, settings: MetaspaceSettings): PreTokenizationStep {
  const mark = preTokenizer.replacement ?? '▁';
  const scheme = settings.prepend_scheme ?? (settings.add_prefix_space === false ? 'never' : 'always');
  const spaces = replacing(/ /g, mark);
  const wanted = (text: string, section: number): boolean =>
    !text.startsWith(mark) && (scheme === 'always' || (scheme === 'first' && section === 0));
  const bounds = (text: string): number[] => {
    const starts = [0];
    if (settings.split === false) return starts;
    for (let at = text.indexOf(mark, 1); at >= 0; at = text.indexOf(mark, at + 1)) starts.push(at);
    return starts;
  };
  return {
    apply(text, section) {
      let marked = spaces.apply(text);
      if (wanted(marked, section)) marked = mark + marked;
      const starts = bounds(marked);
      return starts.length === 1 ? [marked] : starts.map((start, i) => marked.slice(start, starts[i + 1]));
    },
    align(source, section) {
      let marked = spaces.align(source);
      if (wanted(marked.text, section)) {
        const prefixed = new AlignedBuilder(marked);
        prefixed.insert(mark, 0);
        prefixed.keep(0, marked.text.length);
        marked = prefixed.finish();
      }
      const starts = bounds(marked.text);
      return starts.map((start, i) => slice(marked, start, starts[i + 1] ?? marked.text.length));
    },
  };
}
