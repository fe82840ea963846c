import { Collection, type PipelineName, pipelineNames, rankChanges, type Trace } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, cyan, dim, figure, table } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface SearchCommandOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly k: number;
  readonly pipeline?: PipelineName;
  readonly stages?: boolean;
}

export function searchCommand(): Command {
  return command<[string], SearchCommandOptions>(
    'search <query>',
    'Search a collection.',
    'rank search "why do rivers bend" --collection notes.rank --k 5 --stages',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .option('-k, --k <number>', 'how many hits', wholeNumber('--k', 1), 10)
        .option('-p, --pipeline <name>', `one of ${pipelineNames.join(', ')}`)
        .option('--stages', 'show what each stage did'),
    async (session, [query], options) => {
      const collection = await Collection.open(options.collection);
      const { hits, trace } = await collection.run(query, {
        k: options.k,
        signal: session.signal,
        ...(options.pipeline && { pipeline: options.pipeline }),
      });
      const documents = await collection.get(hits.map(({ id }) => id));
      const shown = hits.map(({ id, score }, i) => {
        const document = documents[i];
        return { id, score, ...(document?.title && { title: document.title }), ...(document && { snippet: snippetOf(document.text) }) };
      });
      await collection.close();
      const stages = trace.stages.map(({ hits: _, ...stage }) => stage);
      session.print({ query, hits: shown, milliseconds: trace.milliseconds, stages }, () =>
        [
          ...shown.map(
            ({ id, score, title, snippet }, i) =>
              `${bold(`${i + 1}.`)} ${bold(title ?? id)} ${dim(`${title ? `${id}  ` : ''}${figure(score)}`)}\n   ${snippet ?? ''}`,
          ),
          shown.length === 0 ? 'Nothing was found.' : '',
          dim(`${shown.length} hits in ${figure(trace.milliseconds)} ms`),
          ...(options.stages ? ['', stageTable(trace)] : []),
        ]
          .filter((line) => line !== '')
          .join('\n'),
      );
    },
  );
}

function snippetOf(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
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
