/** A token that is found in the text before anything else looks at it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
}

/** A stretch of text, or an added token found there; `from` and `to` are units of the text that was split. */
export interface Section {
  readonly from: number;
  readonly to: number;
  readonly token?: AddedToken;
}

/** Finds added tokens in a text: the longest at each place, from left to right. */
export class AddedTokenSplitter {
  readonly #tokens: Map<string, AddedToken>;
  readonly #pattern: RegExp | undefined;

  /** `contents` maps what is looked for to the token it stands for. */
  constructor(contents: ReadonlyMap<string, AddedToken>) {
    this.#tokens = new Map([...contents].filter(([content]) => content !== ''));
    const longestFirst = [...this.#tokens.keys()].sort((a, b) => b.length - a.length);
    if (longestFirst.length > 0) this.#pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  }

  get size(): number {
    return this.#tokens.size;
  }

  split(text: string): Section[] {
    if (this.#pattern === undefined) return text === '' ? [] : [{ from: 0, to: text.length }];
    const sections: Section[] = [];
    let from = 0;
    for (const { 0: content, index } of text.matchAll(this.#pattern)) {
      const token = this.#tokens.get(content)!;
      let end = index + content.length;
      if (index < from) continue;
      if (token.single_word && (isWordPart(text, index - 1) || isWordPart(text, end))) continue;
      let to = index;
      if (token.lstrip) to = from + text.slice(from, to).trimEnd().length;
      if (token.rstrip) end += text.length - end - text.slice(end).trimStart().length;
      if (to > from) sections.push({ from, to });
      sections.push({ from: index, to: index + content.length, token });
      from = end;
    }
    if (from < text.length) sections.push({ from, to: text.length });
    return sections;
  }
}

function isWordPart(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /[\p{L}\p{N}_]/u.test(text[at]!);
}

function escaped(content: string): string {
  return content.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
