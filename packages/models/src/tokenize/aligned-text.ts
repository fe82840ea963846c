/**
 * A text that remembers, for each of its UTF-16 units, which part of the original text it came from.
 * Normalisation lengthens, shortens and replaces; spans of tokens must still point into what the user wrote.
 */
export interface AlignedText {
  readonly text: string;
  /** Where in the original each unit begins and ends. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** A piece of the original text, untouched; `base` is where it begins there. */
export function alignedTo(text: string, base: number): AlignedText {
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  for (let i = 0; i < text.length; i++) {
    starts[i] = base + i;
    ends[i] = base + i + 1;
  }
  // Both halves of a surrogate pair stand for the whole character, so that no span ever cuts one in two.
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) !== 0xd800 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) continue;
    ends[i] = base + i + 2;
    starts[i + 1] = base + i;
    i++;
  }
  return { text, starts, ends };
}

export function slice(aligned: AlignedText, from: number, to: number): AlignedText {
  return { text: aligned.text.slice(from, to), starts: aligned.starts.subarray(from, to), ends: aligned.ends.subarray(from, to) };
}

/** Puts an aligned text together piece by piece. */
export class AlignedBuilder {
  readonly #source: AlignedText;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #text = '';

  constructor(source: AlignedText) {
    this.#source = source;
  }

  /** `replacement` stands for units [from, to) of the source: unit by unit where the lengths are equal, else each for the whole. */
  replace(replacement: string, from: number, to: number): void {
    const { starts, ends } = this.#source;
    this.#text += replacement;
    if (replacement.length === to - from) {
      for (let i = from; i < to; i++) {
        this.#starts.push(starts[i]!);
        this.#ends.push(ends[i]!);
      }
      return;
    }
    const [start, end] = this.#spanOf(from, to);
    for (let i = 0; i < replacement.length; i++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  keep(from: number, to: number): void {
    this.replace(this.#source.text.slice(from, to), from, to);
  }

  /** Text that stands for nothing of the source, between what is before and after `at`. */
  insert(text: string, at: number): void {
    const { starts, ends } = this.#source;
    const place = at < starts.length ? starts[at]! : at > 0 ? ends[at - 1]! : 0;
    this.#text += text;
    for (let i = 0; i < text.length; i++) {
      this.#starts.push(place);
      this.#ends.push(place);
    }
  }

  finish(): AlignedText {
    return { text: this.#text, starts: Int32Array.from(this.#starts), ends: Int32Array.from(this.#ends) };
  }

  #spanOf(from: number, to: number): [start: number, end: number] {
    const { starts, ends } = this.#source;
    if (from < to) return [starts[from]!, ends[to - 1]!];
    const place = from < starts.length ? starts[from]! : from > 0 ? ends[from - 1]! : 0;
    return [place, place];
  }
}
