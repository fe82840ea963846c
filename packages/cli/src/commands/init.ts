import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { RankError } from '@rank-rank/core';
import { documentsIn, schemaText } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, cyan } from '../terminal/terminal.ts';

/** Documents that are looked at. */
const sample = 200;

export function initCommand(): Command {
  return command<[string], { force?: boolean }>(
    'init [input]',
    'Look at a file or a folder of documents, and write a rank.config.json that fits it.',
    'rank init notes/',
    (made) => made.option('--force', 'write over the configuration that is there'),
    async (session, [input = '.'], { force = false }) => {
      const path = resolve('rank.config.json');
      if (existsSync(path) && !force)
        throw new RankError('ALREADY_EXISTS', `${path} is there already. Change it, or write over it with --force.`, { path });
      const schemas: string[] = [];
      let documents = 0;
      let words = 0;
      let markdown = 0;
      let scripts = 0;
      const reading = documentsIn(input, {
        onSchema: (file, schema) => schemas.push(`${file}: ${schemaText(schema)}`),
        onNote: session.note,
        signal: session.signal,
      });
      for await (const { id, text } of reading) {
        documents++;
        words += text.split(/\s+/).length;
        if (/\.(md|markdown|mdx)$/.test(id)) markdown++;
        if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text.slice(0, 2000))) scripts++;
        if (documents === sample) break;
      }
      if (documents === 0) throw new RankError('EMPTY_INPUT', `${input} holds no documents.`, { path: input });
      const name = basename(resolve(input)).replace(/(\.[\w]+)+$/, '') || 'collection';
      const chunk = markdown * 2 > documents ? 'headings' : words / documents > 400 ? 'sentences' : undefined;
      const config = {
        collection: `${name}.rank`,
        index: { ...(scripts * 2 > documents && { analysis: 'cjk' }), ...(chunk && { chunk }) },
        search: { k: 10 },
      };
      writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
      session.print({ path, config, documents, wordsPerDocument: Math.round(words / documents), schemas }, () =>
        [
          `Looked at ${documents === sample ? `the first ${sample}` : documents} documents of ${kindOf(input)}, ${Math.round(words / documents)} words each on average.`,
          ...schemas,
          `Wrote ${bold('rank.config.json')}:`,
          JSON.stringify(config, null, 2),
          '',
          'Next:',
          `  ${cyan(`rank index ${input}`)}`,
          `  ${cyan('rank search "what you look for"')}`,
        ].join('\n'),
      );
    },
  );
}

function kindOf(input: string): string {
  const isFolder = statSync(input).isDirectory();
  return isFolder
    ? `${input} (${readdirSync(input).length} entries${existsSync(join(input, 'corpus.jsonl')) ? ', in the layout of BEIR' : ''})`
    : input;
}
