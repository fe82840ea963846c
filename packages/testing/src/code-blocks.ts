import { readFileSync } from 'node:fs';

/** A block of documentation code: where it stands, its language, the words after it, and the code. */
export interface CodeBlock {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly code: string;
}

/** The fenced code blocks of a Markdown file. */
export function codeBlocks(file: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = readFileSync(file, 'utf8').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const opening = /^(\s*)(`{3,})(\w*)\s*(.*)$/.exec(lines[i]!);
    if (!opening) continue;
    const [, indent, fence, language, words] = opening as unknown as [string, string, string, string, string];
    const start = i + 1;
    i = start;
    while (i < lines.length && lines[i]!.trim() !== fence) i++;
    const code = lines.slice(start, i).map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text));
    blocks.push({ file, line: start, language, words: words.split(/\s+/).filter(Boolean), code: code.join('\n') });
  }
  return blocks;
}
