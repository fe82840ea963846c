import type { TextRole } from '@rank-rank/core';
import { EmbeddingCache, encodeFile, type Precision } from '@rank-rank/models';
import { type Command, Option } from 'commander';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface EncodeOptions extends Record<string, unknown> {
  readonly as: TextRole;
  readonly output: string;
  readonly vectors?: 'dense' | 'tokens' | 'sparse';
  readonly precision?: Precision;
  readonly threads?: number;
  readonly maxLength?: number;
  readonly cache?: string | true;
}

export function encodeCommand(): Command {
  return command<[string, string], EncodeOptions>(
    'encode <model> <file>',
    'Turn the texts of a JSONL file into vectors. The model is a folder or a name, such as sentence-transformers/all-MiniLM-L6-v2.',
    'rank encode sentence-transformers/all-MiniLM-L6-v2 corpus.jsonl --precision int8 -o vectors.jsonl',
    (made) =>
      made
        .requiredOption(
          '-o, --output <file>',
          'JSONL of {id, embedding}, {id, tokens} or {id, indices, values}; packed where it ends in .gz',
        )
        .addOption(new Option('--as <side>', 'which side the texts are on').choices(['query', 'document']).default('document'))
        .addOption(new Option('--vectors <kind>', 'which, of a model that gives several').choices(['dense', 'tokens', 'sparse']))
        .addOption(new Option('--precision <name>', 'which weights').choices(['auto', 'fp32', 'fp16', 'q8', 'int8', 'q4']))
        .option('--threads <number>', 'threads of the runtime', wholeNumber('--threads', 1))
        .option('--max-length <number>', 'the most tokens of a text', wholeNumber('--max-length', 1))
        .option('--cache [dir]', 'keep vectors on disk, and compute only what is not there'),
    async (session, [model, file], { as, output, vectors, precision, threads, maxLength, cache: place }) => {
      const cache = place === undefined ? undefined : place === true ? EmbeddingCache.open() : EmbeddingCache.open(place);
      try {
        const { texts, seconds, dim, kind } = await encodeFile(model, file, output, {
          as,
          ...(vectors && { output: vectors }),
          ...(precision && { precision }),
          ...(threads !== undefined && { threads }),
          ...(maxLength !== undefined && { maxLength }),
          ...(cache && { cache }),
          signal: session.signal,
          onProgress: session.progress.report,
        });
        const hitRate = cache?.statistics.hitRate;
        session.print({ texts, seconds, dim, kind, ...(hitRate !== undefined && { hitRate }) }, () =>
          [
            `${texts} texts in ${figure(seconds)} s`,
            `${kind} vectors of ${dim} in ${output}`,
            ...(hitRate === undefined ? [] : [`${figure(100 * hitRate)} % were in the cache`]),
          ].join(', '),
        );
      } finally {
        cache?.close();
      }
    },
  );
}
