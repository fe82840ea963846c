import type { CharFilterSpec, NormalizationForm } from './analysis.ts';

/**
 * A rewritten text and where its characters came from: unit i of `text` comes from `starts[i]`, and a span that ends
 * after unit i ends at `ends[i]` of the original. Without a map both are the same text.
 */
export interface FilteredText {
  readonly text: string;
  readonly starts?: Int32Array;
  readonly ends?: Int32Array;
}

export type CharFilter = (text: string) => FilteredText;

export function charFilter(spec: CharFilterSpec): CharFilter {
  switch (spec.type) {
    case 'html':
      return withoutMarkup;
    case 'normalize':
      return (text) => normalized(text, spec.form);
    case 'mapping':
      return mapping(spec.map);
  }
}

/** Runs filters one after the other, composing their maps. */
export function filterText(filters: readonly CharFilter[], text: string): FilteredText {
  let current: FilteredText = { text };
  for (const filter of filters) {
    const next = filter(current.text);
    if (next.starts === undefined || current.starts === undefined) {
      current = next.starts === undefined ? { ...current, text: next.text } : next;
    } else {
      const { starts, ends } = current as Required<FilteredText>;
      current = { text: next.text, starts: next.starts.map((at) => starts[at]!), ends: next.ends!.map((end) => ends[end - 1]!) };
    }
  }
  return current;
}

/** Collects pieces of output with the span of input that each stands for. */
class Rewriting {
  #text = '';
  #starts: number[] = [];
  #ends: number[] = [];

  /** A piece as long as its origin maps unit by unit, any other as a whole. */
  push(piece: string, start: number, end: number): void {
    const aligned = piece.length === end - start;
    this.#text += piece;
    for (let i = 0; i < piece.length; i++) {
      this.#starts.push(aligned ? start + i : start);
      this.#ends.push(aligned ? start + i + 1 : end);
    }
  }

  take(): FilteredText {
    return { text: this.#text, starts: Int32Array.from(this.#starts), ends: Int32Array.from(this.#ends) };
  }
}

/** A character with everything that composes with it: marks, the voicing marks of half-width kana, Hangul vowels and finals. */
const composed = /[\s\S][\p{M}\uff9e\uff9f\u1160-\u11ff\ud7b0-\ud7fb]*/gu;

function normalized(text: string, form: NormalizationForm): FilteredText {
  if (text.normalize(form) === text) return { text };
  const out = new Rewriting();
  for (const match of text.matchAll(composed)) out.push(match[0].normalize(form), match.index, match.index + match[0].length);
  return out.take();
}

function mapping(map: Readonly<Record<string, string>>): CharFilter {
  const keys = Object.keys(map).sort((a, b) => b.length - a.length);
  if (keys.length === 0) return (text) => ({ text });
  const byFirst = new Map<string, string[]>();
  for (const key of keys) byFirst.set(key[0]!, [...(byFirst.get(key[0]!) ?? []), key]);
  return (text) => {
    const out = new Rewriting();
    let from = 0;
    let changed = false;
    for (let at = 0; at < text.length; ) {
      const key = byFirst.get(text[at]!)?.find((candidate) => text.startsWith(candidate, at));
      if (key === undefined) {
        at++;
        continue;
      }
      out.push(text.slice(from, at), from, at);
      out.push(map[key]!, at, at + key.length);
      at += key.length;
      from = at;
      changed = true;
    }
    if (!changed) return { text };
    out.push(text.slice(from), from, text.length);
    return out.take();
  };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
// Each alternative ends at the first character that cannot belong to it, so the time is linear in the text.
const markup =
  /<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)|<\/?[a-zA-Z][^<>]*>|&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));/g;

function withoutMarkup(text: string): FilteredText {
  if (!/[<&]/.test(text)) return { text };
  const out = new Rewriting();
  let from = 0;
  for (const match of text.matchAll(markup)) {
    const [whole, , hex, decimal, name] = match;
    out.push(text.slice(from, match.index), from, match.index);
    from = match.index + whole.length;
    const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : undefined;
    const character =
      code !== undefined
        ? code <= 0x10ffff
          ? String.fromCodePoint(code)
          : '\ufffd'
        : name !== undefined
          ? (entities[name] ?? whole)
          : ' ';
    out.push(character, match.index, from);
  }
  out.push(text.slice(from), from, text.length);
  return out.take();
}
