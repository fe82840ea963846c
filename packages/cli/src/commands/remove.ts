import { type Filter, RankError } from '@rank-rank/core';
import { Collection } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { filterOf } from '../collection-options.ts';
import { command } from '../command.ts';

export function removeCommand(): Command {
  return command<[string[]], { collection: string; filter?: string }>(
    'remove [ids...]',
    'Take documents out of a collection, by their ids or by a filter on their metadata.',
    'rank remove --collection notes.rank --filter "year<1990"',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .option('-f, --filter <condition>', 'all documents for which it holds'),
    async (session, [ids], { collection: path, filter }) => {
      if ((ids.length === 0) === (filter === undefined))
        throw new RankError('INVALID_ARGUMENT', 'rank remove needs ids, or a --filter, and not both.');
      const collection = await Collection.open(path, { write: true });
      try {
        const removed = await collection.remove(filter === undefined ? ids : { filter: filterOf(filter) as Filter });
        await collection.commit({ signal: session.signal, onProgress: session.progress.report });
        session.print({ removed, documents: collection.size }, () => `${removed} removed, ${collection.size} left`);
      } finally {
        await collection.close();
      }
    },
  );
}
