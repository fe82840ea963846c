import type { Filter } from '@rank-rank/core';
import { type Collection, rankChanges, type Trace } from '@rank-rank/pipeline';
import { ansiExplanation } from '@rank-rank/rerank';
import type { Command } from 'commander';
import { filterOf, openSearch, type SearchOptions, searching } from '../collection-options.ts';
import { command } from '../command.ts';
import { bold, colour, cyan, dim, figure, table } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface SearchCommandOptions extends SearchOptions {
  readonly k: number;
  readonly stages?: boolean;
  readonly explain?: boolean;
}

export function searchCommand(): Command {
  return command<[string], SearchCommandOptions>(
    'search <query>',
    'Search a collection.',
    'rank search "why do rivers bend" --collection notes.rank --k 5 --stages',
    (made) =>
      searching(made)
        .option('-k, --k <number>', 'how many hits', wholeNumber('--k', 1), 10)
        .option('-f, --filter <condition>', 'by metadata: "year>=1999 and kind=note", or a filter as JSON')
        .option('--explain', 'which words of a hit answer which of the query')
        .option('--stages', 'show what each stage did'),
    async (session, [query], options) => {
      const { collection, pipeline, close } = await openSearch(session, options);
      try {
        const { hits, trace } = await pipeline.run(query, {
          k: options.k,
          signal: session.signal,
          ...(options.filter !== undefined && { filter: filterOf(options.filter) as Filter }),
        });
        const documents = await collection.get(hits.map(({ id }) => id));
        const shown = hits.map(({ id, score }, i) => ({ id, score, ...snippetOf(collection, query, documents[i]) }));
        const stages = trace.stages.map(({ hits: _, ...stage }) => stage);
        const alignments = options.explain === true ? await Promise.all(hits.map(({ id }) => collection.align(query, id))) : [];
        const explained = (i: number) => {
          const words = alignments[i]?.words;
          return words?.map(({ word, contribution, share, found }) => ({
            word: word.text,
            contribution,
            share,
            found: found.map((match) => match.word.text),
          }));
        };
        const result = shown.map(({ spans: _, ...hit }, i) => ({ ...hit, ...(explained(i) && { words: explained(i) }) }));
        session.print({ query, hits: result, milliseconds: trace.milliseconds, stages }, () =>
          [
            ...shown.flatMap(({ id, score, title, snippet, spans }, i) => [
              `${bold(`${i + 1}.`)} ${bold(title ?? id)} ${dim(`${title ? `${id}  ` : ''}${figure(score)}`)}`,
              ...(alignments[i] === undefined ? [`   ${marked(snippet, spans)}`] : [indented(ansiExplanation(alignments[i], { colour }))]),
            ]),
            shown.length === 0 ? 'Nothing was found.' : '',
            ...notesOf(trace).map((note) => dim(note)),
            dim(`${shown.length} hits in ${figure(trace.milliseconds)} ms`),
            ...(options.stages ? ['', stageTable(trace)] : []),
          ]
            .filter((line) => line !== '')
            .join('\n'),
        );
      } finally {
        await close();
      }
    },
  );
}

interface Shown {
  readonly title?: string;
  readonly snippet: string;
  readonly spans: readonly (readonly [number, number])[];
}

const snippetLength = 160;

/** The stretch of a document that says most of the query, on one line, with the places of the words that match. */
function snippetOf(collection: Collection, query: string, document: { readonly title?: string; readonly text: string } | undefined): Shown {
  if (document === undefined) return { snippet: '', spans: [] };
  const { title, text } = document;
  const [best] = collection.highlight(query, text, { snippets: 1, length: snippetLength }).snippets;
  const whole = best === undefined || (best.start === 0 && best.end === text.length);
  const {
    text: part,
    start,
    end,
    spans,
  } = best ?? { text: text.slice(0, snippetLength), start: 0, end: Math.min(snippetLength, text.length), spans: [] };
  const before = start > 0 ? '… ' : '';
  const after = whole || end >= text.length ? '' : ' …';
  const snippet = `${before}${part.replaceAll(/\s/g, ' ')}${after}`;
  return { ...(title && { title }), snippet, spans: spans.map(([from, to]) => [from + before.length, to + before.length]) };
}

function marked(snippet: string, spans: readonly (readonly [number, number])[]): string {
  let text = '';
  let at = 0;
  for (const [from, to] of spans) {
    text += `${snippet.slice(at, from)}${bold(cyan(snippet.slice(from, to)))}`;
    at = to;
  }
  return text + snippet.slice(at);
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `   ${line}`)
    .join('\n');
}

/** What went otherwise than planned, for those who do not ask for the stages: fallbacks, and what the sources say of the query. */
function notesOf({ stages }: Trace): string[] {
  return stages.flatMap(({ name, kind, fallback, notes, parts = [] }) => [
    ...(fallback === undefined ? [] : [`${name}: ${fallback.why}`]),
    ...(kind === 'retrieve' ? [...notes, ...parts.flatMap((part) => part.notes)] : []),
  ]);
}

/** Stages with their times, and where the best documents stood after each. */
export function stageTable(trace: Trace): string {
  const rows = trace.stages.flatMap((stage) => [
    [
      cyan(stage.name),
      figure(stage.milliseconds),
      String(stage.out),
      [...stage.notes, ...(stage.fallback ? [`${stage.fallback.to}: ${stage.fallback.why}`] : [])].join('; '),
    ],
    ...(stage.parts ?? []).map((part) => [`  ${part.name}`, figure(part.milliseconds), String(part.out), part.notes.join('; ')]),
  ]);
  const changes = rankChanges(trace, 5);
  const names = [...new Set(changes.flatMap(({ places }) => Object.keys(places)))];
  return [
    table([[bold('stage'), bold('ms'), bold('documents'), ''], ...rows], [1, 2]),
    '',
    table(
      [
        [bold('place after'), ...names.map((name) => bold(name))],
        ...changes.slice(0, 8).map(({ id, places }) => [id, ...names.map((name) => String(places[name] ?? '–'))]),
      ],
      names.map((_, i) => i + 1),
    ),
  ].join('\n');
}
