import { RankError } from '@rank-rank/core';
import { Collection, type PipelineName, pipelineNames } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { treeOf } from './explanation-tree.ts';

export function explainCommand(): Command {
  return command<[string, string], { collection: string; pipeline?: PipelineName }>(
    'explain <query> <id>',
    'Where the score of a document comes from.',
    'rank explain "why do rivers bend" river-banks-1 --collection notes.rank',
    (made) =>
      made.requiredOption('-c, --collection <dir>', 'the collection').option('-p, --pipeline <name>', `one of ${pipelineNames.join(', ')}`),
    async (session, [query, id], { collection: path, pipeline }) => {
      const collection = await Collection.open(path);
      const explanation = await collection.explain(query, id, pipeline && { pipeline });
      const there = (await collection.get([id]))[0] !== undefined;
      await collection.close();
      if (explanation === undefined) {
        throw new RankError('NOT_FOUND', there ? `The query does not find document ${id}.` : `There is no document ${id} in ${path}.`, {
          id,
        });
      }
      const { value, space, parts = [] } = explanation;
      session.print({ score: value, space: space ?? 'relative', parts }, () => treeOf(explanation).join('\n'));
    },
  );
}
