import { RankError, shown } from '@rank-rank/core';
import type { Token } from '../analysis.ts';

interface Rule {
  readonly from: readonly string[];
  readonly to: readonly (readonly string[])[];
  /** Whether what was matched stays. */
  readonly keep: boolean;
}

/**
 * Synonyms, multi-word ones too. The words of a rule go through the filters before this one (`analyse`), so that rules are
 * written as people write. Where several rules fit the longest wins; equal left sides are joined.
 *
 * A replacement of several words takes the positions that follow; what stands after the match is moved up when the
 * replacement is longer, so that phrases over it still hold.
 */
export function synonyms(rules: readonly string[], analyse: (text: string) => readonly string[]): (tokens: readonly Token[]) => Token[] {
  const table = new Map<string, Rule[]>();
  const add = (from: readonly string[], to: readonly (readonly string[])[], keep: boolean): void => {
    if (from.length === 0) return;
    const known = table.get(from[0]!) ?? [];
    known.push({ from, to: to.filter((words) => words.length > 0), keep });
    table.set(from[0]!, known);
  };
  for (const rule of rules) {
    const [left, right, ...rest] = rule.split('=>');
    if (rest.length > 0 || left === undefined || left.trim() === '') {
      throw new RankError('PARSE', `Synonym rule ${shown(rule)} is not "a, b => c" or "a, b, c".`, { found: rule });
    }
    const side = (text: string): string[][] => text.split(',').map((words) => [...analyse(words)]);
    const sources = side(left);
    if (right !== undefined) for (const from of sources) add(from, side(right), false);
    else
      for (const from of sources)
        add(
          from,
          sources.filter((other) => other !== from),
          true,
        );
  }
  for (const known of table.values()) known.sort((a, b) => b.from.length - a.from.length);
  return (tokens) => {
    const out: Token[] = [];
    let shift = 0;
    for (let i = 0; i < tokens.length; ) {
      const matched = table.get(tokens[i]!.term)?.filter((rule) => fits(rule.from, tokens, i)) ?? [];
      const longest = matched.filter((rule) => rule.from.length === matched[0]!.from.length);
      const token = tokens[i]!;
      if (longest.length === 0) {
        out.push(shift === 0 ? token : { ...token, position: token.position + shift });
        i++;
        continue;
      }
      const size = longest[0]!.from.length;
      const last = tokens[i + size - 1]!;
      const position = token.position + shift;
      const width = last.position - token.position + 1;
      const replacements = longest.flatMap((rule) => rule.to);
      const placed: Token[] = [];
      if (longest.some((rule) => rule.keep)) {
        for (let j = i; j < i + size; j++) placed.push({ ...tokens[j]!, position: tokens[j]!.position + shift });
      }
      let widest = placed.length > 0 ? width : 0;
      for (const words of replacements) {
        widest = Math.max(widest, words.length);
        words.forEach((term, at) => {
          const at0 = position + at;
          if (placed.some((other) => other.term === term && other.position === at0)) return;
          placed.push({ term, start: token.start, end: last.end, position: at0, kind: token.kind });
        });
      }
      // Stable: tokens of one position keep the order they were found in.
      out.push(...placed.sort((a, b) => a.position - b.position));
      if (widest > 0) shift += Math.max(0, widest - width);
      i += size;
    }
    return out;
  };
}

function fits(words: readonly string[], tokens: readonly Token[], at: number): boolean {
  if (at + words.length > tokens.length) return false;
  for (let i = 1; i < words.length; i++) {
    if (tokens[at + i]!.term !== words[i] || tokens[at + i]!.position !== tokens[at]!.position + i) return false;
  }
  return true;
}
