import { Collection, type CollectionStatistics, repairCollection } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command, exitCodes } from '../command.ts';
import { bold, dim, figure, green, red, table } from '../terminal/terminal.ts';

interface CareOptions extends Record<string, unknown> {
  readonly collection: string;
}

const chosen = (made: Command): Command => made.requiredOption('-c, --collection <dir>', 'the collection');

export function statsCommand(): Command {
  return command<[], CareOptions>(
    'stats',
    'What is in a collection.',
    'rank stats --collection notes.rank',
    chosen,
    async (session, _, { collection: path }) => {
      const collection = await Collection.open(path);
      const statistics = collection.statistics();
      await collection.close();
      session.print(statistics, () => statisticsText(statistics));
    },
  );
}

export function verifyCommand(): Command {
  return command<[], CareOptions>(
    'verify',
    'Read every byte of a collection and compare every checksum. Exit code 1 where something is damaged.',
    'rank verify --collection notes.rank',
    chosen,
    async (session, _, { collection: path }) => {
      const collection = await Collection.open(path);
      const { files, bytes, damaged } = await collection.verify({ signal: session.signal, onProgress: session.progress.report });
      await collection.close();
      session.print({ files, bytes, damaged }, () =>
        damaged.length === 0
          ? `${green('whole')}: ${files} files, ${figure(bytes / 1e6)} MB`
          : [
              ...damaged.map(({ message }) => `${red('damaged')}: ${message}`),
              `rank repair --collection ${path} makes anew what can be derived from the documents.`,
            ].join('\n'),
      );
      return damaged.length === 0 ? exitCodes.success : exitCodes.finding;
    },
  );
}

export function repairCommand(): Command {
  return command<[], CareOptions>(
    'repair',
    'Make anew what is damaged in a collection and can be derived from its documents.',
    'rank repair --collection notes.rank',
    chosen,
    async (session, _, { collection: path }) => {
      const { damaged, rebuilt } = await repairCollection(path, { signal: session.signal, onProgress: session.progress.report });
      session.print({ damaged, rebuilt }, () =>
        rebuilt.length === 0
          ? 'Nothing was damaged.'
          : [...damaged.map(({ message }) => message), `Made anew: ${rebuilt.join(', ')}.`].join('\n'),
      );
    },
  );
}

export function compactCommand(): Command {
  return command<[], CareOptions>(
    'compact',
    'Put all segments of a collection together, and what was removed away.',
    'rank compact --collection notes.rank',
    chosen,
    async (session, _, { collection: path }) => {
      const collection = await Collection.open(path, { write: true });
      try {
        const before = collection.statistics();
        await collection.compact({ signal: session.signal, onProgress: session.progress.report });
        const after = collection.statistics();
        session.print(
          { bytes: { before: before.bytes.total, after: after.bytes.total }, segments: { before: before.segments, after: after.segments } },
          () => `${figure(before.bytes.total / 1e6)} MB → ${figure(after.bytes.total / 1e6)} MB`,
        );
      } finally {
        await collection.close();
      }
    },
  );
}

function statisticsText(all: CollectionStatistics): string {
  const { documents, passages, analysis, encoder, chunking, fields, dense, sparse, tokens, learned, bytes, segments, generation } = all;
  const rows: string[][] = [
    [
      'documents',
      documents.toLocaleString('en-US'),
      passages === documents ? '' : `${passages.toLocaleString('en-US')} passages, by ${chunking?.by}`,
    ],
    ['words', typeof analysis === 'string' ? analysis : 'a chain of its own', `${segments.lexical} segments`],
    [
      'encoder',
      encoder,
      learned === undefined
        ? ''
        : `${learned.terms.toLocaleString('en-US')} words learned from ${learned.documents.toLocaleString('en-US')} documents`,
    ],
  ];
  if (dense) rows.push(['vectors', dense.vectors.toLocaleString('en-US'), `${dense.dim} dimensions, ${dense.structure}`]);
  if (sparse)
    rows.push([
      'sparse vectors',
      sparse.vectors.toLocaleString('en-US'),
      `${figure(sparse.weights / Math.max(1, sparse.vectors))} of ${sparse.vocabulary.toLocaleString('en-US')} words each, ${sparse.search}`,
    ]);
  if (tokens)
    rows.push([
      'tokens',
      tokens.rows.toLocaleString('en-US'),
      `${tokens.dim} dimensions, of ${tokens.matrices.toLocaleString('en-US')} passages, ${tokens.kind}`,
    ]);
  rows.push(['commits', String(generation), '']);
  const { total, ...parts } = bytes;
  rows.push([
    'size',
    `${figure(total / 1e6)} MB`,
    Object.entries(parts)
      .map(([name, size]) => `${name} ${figure(size / 1e6)}`)
      .join(', '),
  ]);
  const lines = [table(rows.map(([name, ...rest]) => [bold(name!), ...rest]))];
  if (fields.length > 0) {
    lines.push(
      '',
      table([
        [bold('field'), bold('type'), bold('values'), bold('most frequent')],
        ...fields.map(({ name, types, values, most }) => [
          name,
          types.join(', '),
          values.toLocaleString('en-US'),
          dim(most.map(String).join(', ').slice(0, 60)),
        ]),
      ]),
    );
  }
  return lines.join('\n');
}
