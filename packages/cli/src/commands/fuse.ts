import { readRun, writeRun } from '@rank-rank/core/files';
import { type FuseOptions, findMethod, fuse, parseParameters } from '@rank-rank/fusion';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { assignments, gathered } from './values.ts';

export function fuseCommand(): Command {
  return command<[string[]], { method: string; param?: string[]; output: string }>(
    'fuse <runs...>',
    'Fuse runs into one.',
    'rank fuse bm25.run dense.run --method rrf --param k=60 -o fused.run',
    (made) =>
      made
        .option('-m, --method <name>', 'the method of fusion', 'rrf')
        .option('--param <name=value>', 'a parameter of the method; may be repeated', gathered)
        .requiredOption('-o, --output <file>', 'the fused run, in TREC format'),
    async (session, [files], { method: name, param = [], output }) => {
      const method = findMethod(name);
      const params = parseParameters(method, assignments('--param', param));
      const runs = await Promise.all(files.map((file) => readRun(file)));
      const fused = fuse(runs, { method, ...params } as FuseOptions);
      await writeRun(output, fused, { format: 'trec', tag: method.name });
      const hits = [...fused.values()].reduce((sum, ranking) => sum + ranking.length, 0);
      const result = { queries: fused.size, hits, method: method.name, params };
      session.print(result, () => `${result.queries} queries, ${hits} hits in ${output} (${method.name})`);
    },
  );
}
