import { writeFileSync } from 'node:fs';
import { RankError } from '@rank-rank/core';
import { htmlExplanation, svgHeatMap } from '@rank-rank/rerank';
import type { Command } from 'commander';
import { openSearch, type SearchOptions, searching } from '../collection-options.ts';
import { command } from '../command.ts';
import { treeOf } from './explanation-tree.ts';

interface ExplainOptions extends SearchOptions {
  readonly html?: string;
  readonly svg?: string;
}

export function explainCommand(): Command {
  return command<[string, string], ExplainOptions>(
    'explain <query> <id>',
    'Where the score of a document comes from.',
    'rank explain "why do rivers bend" river-banks-1 --collection notes.rank --html why.html',
    (made) =>
      searching(made)
        .option('--html <file>', 'the document with what answers the query marked, as a page')
        .option('--svg <file>', 'the similarities of all words, as a heat map'),
    async (session, [query, id], options) => {
      const { collection, pipeline, close } = await openSearch(session, options);
      try {
        const explanation = await pipeline.explain(query, id, { signal: session.signal });
        if (explanation === undefined) {
          const there = (await collection.get([id]))[0] !== undefined;
          throw new RankError(
            'NOT_FOUND',
            there ? `The query does not find document ${id}.` : `There is no document ${id} in ${collection.path}.`,
            { id },
          );
        }
        if (options.html !== undefined || options.svg !== undefined) {
          const why = await collection.align(query, id, { matrix: options.svg !== undefined });
          if (why === undefined)
            throw new RankError('UNSUPPORTED', `${collection.path} has no tokens of ${id} to compare with the query.`, { id });
          if (options.html !== undefined) writeFileSync(options.html, page(query, htmlExplanation(why)));
          if (options.svg !== undefined) writeFileSync(options.svg, svgHeatMap(why));
        }
        const { value, space, parts = [] } = explanation;
        session.print({ score: value, space: space ?? 'relative', parts }, () => treeOf(explanation).join('\n'));
      } finally {
        await close();
      }
    },
  );
}

function page(query: string, body: string): string {
  const title = query.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}td,th{padding:.2rem .8rem;text-align:left}</style>
<h1>${title}</h1>
${body}
</html>
`;
}
