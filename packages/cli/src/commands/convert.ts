import { extname } from 'node:path';
import { isRankError, RankError, unknownName } from '@rank-rank/core';
import {
  fileHead,
  readQrels,
  readQueryFile,
  readRun,
  writeDocumentFile,
  writeQrels,
  writeQueryFile,
  writeRun,
} from '@rank-rank/core/files';
import { documentsIn } from '@rank-rank/pipeline';
import { readVectors, writeVectors } from '@rank-rank/retrieve';
import type { Command } from 'commander';
import { command } from '../command.ts';

type Kind = 'run' | 'qrels' | 'documents' | 'queries' | 'vectors';

/** What a conversion came to. */
interface Converted {
  readonly kind: Kind;
  readonly entries: number;
  readonly of: string;
}

const kinds: readonly Kind[] = ['run', 'qrels', 'documents', 'queries', 'vectors'];

export function convertCommand(): Command {
  return command<[string, string], { as?: string }>(
    'convert <input> <output>',
    'Convert a file to another format, which the name of the output says: runs (TREC, .json of ranx), judgements (TREC, .tsv of BEIR, .json of ranx), documents (all that can be indexed, to .jsonl), queries (.jsonl, .tsv), vectors (.fvecs, .bvecs, .ivecs, .npy, .jsonl); .gz packs where text is.',
    'rank convert bm25.run bm25.json\nrank convert qrels.txt qrels.tsv --as qrels\nrank convert base.fvecs base.npy',
    (made) => made.option('--as <kind>', `what the input is: ${kinds.join(', ')}; seen from its name and content if not said`),
    async (session, [input, output], { as }) => {
      if (as !== undefined && !kinds.includes(as as Kind)) throw unknownName('--as', as, kinds);
      const kind = (as as Kind | undefined) ?? (await kindOf(input));
      const result = await converters[kind](input, output, session.signal);
      session.print({ input, output, ...result }, () => `${result.entries} ${result.of} in ${output}`);
    },
  );
}

const converters: Readonly<Record<Kind, (input: string, output: string, signal: AbortSignal) => Promise<Converted>>> = {
  async run(input, output, signal) {
    const run = await readRun(input, { signal });
    await writeRun(output, run);
    return { kind: 'run', entries: run.size, of: 'queries' };
  },
  async qrels(input, output, signal) {
    const qrels = await readQrels(input, { signal });
    await writeQrels(output, qrels);
    return { kind: 'qrels', entries: qrels.size, of: 'queries' };
  },
  async documents(input, output, signal) {
    let entries = 0;
    const counted = async function* () {
      for await (const document of documentsIn(input, { signal })) {
        entries++;
        yield document;
      }
    };
    await writeDocumentFile(output, counted());
    return { kind: 'documents', entries, of: 'documents' };
  },
  async queries(input, output) {
    const queries = await readQueryFile(input);
    if (/\.tsv(\.gz)?$/.test(output)) {
      throw new RankError('UNSUPPORTED', `Queries are written as JSONL; ${output} is to be tab-separated. Call it .jsonl.`, {
        file: output,
      });
    }
    await writeQueryFile(output, queries);
    return { kind: 'queries', entries: queries.length, of: 'queries' };
  },
  async vectors(input, output) {
    return { kind: 'vectors', entries: await writeVectors(output, readVectors(input)), of: 'vectors' };
  },
};

/** What a file holds, by its name and its first line. */
async function kindOf(path: string): Promise<Kind> {
  const extension = extname(path.replace(/\.gz$/, '')).toLowerCase();
  if (/^\.([fbi]vecs|npy)$/.test(extension)) return 'vectors';
  if (/^\.(csv|md|markdown|html?|pdf)$/.test(extension)) return 'documents';
  const head = new TextDecoder().decode((await fileHead(path)).subarray(0, 65_536));
  const line = head.split('\n', 1)[0]!.trim();
  if (extension === '.jsonl' || extension === '.ndjson') {
    const value = parsed(line);
    if (Array.isArray(value?.['vector'] ?? value?.['embedding'])) return 'vectors';
    return value !== undefined && Object.keys(value).every((key) => ['id', '_id', 'text', 'metadata'].includes(key)) && /quer/i.test(path)
      ? 'queries'
      : 'documents';
  }
  if (line.startsWith('{') || head.trimStart().startsWith('{')) {
    // Judgements are whole numbers, scores hardly ever all are.
    return /:\s*-?\d*\.\d|e-\d/.test(head) ? 'run' : 'qrels';
  }
  const columns = line.split(/\s+/).length;
  if (columns === 6) return 'run';
  if (columns === 4 || /^query-id\t/i.test(line) || (columns === 3 && extension === '.tsv')) return 'qrels';
  try {
    await readQueryFile(path);
    return 'queries';
  } catch (error) {
    if (!isRankError(error)) throw error;
    throw new RankError('INVALID_ARGUMENT', `${path} does not show what it is. Say it: --as ${kinds.join(', --as ')}.`, { file: path });
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
