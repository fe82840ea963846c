/**
 * How fast late interaction reranks and searches, at what recall of exact MaxSim, in how many bytes, and what compression costs in nDCG.
 *
 * Words after the question narrow it: `rerank`, the name of a token set that `make_tokens.py` wrote (`cranfield`, `vaswani`), `million`, `crossover`, `candidates`,
 * `open`, `loss`; a kind of index beside a set (`cranfield plaid`); and `peers` to run the peers beside them (minutes to an hour: their builds are long).
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { candidates } from './late-interaction/candidates.ts';
import { crossover } from './late-interaction/crossover.ts';
import { curvePlot } from './late-interaction/curve-plot.ts';
import { loss } from './late-interaction/loss.ts';
import { million } from './late-interaction/million.ts';
import { opening } from './late-interaction/opening.ts';
import { rerank } from './late-interaction/rerank.ts';
import { searching } from './late-interaction/searching.ts';
import { isTokenSet } from './late-interaction/token-set.ts';
import { peersFolder } from './peers.ts';
import type { Context, Question, Row } from './question.ts';

const sets = ['cranfield', 'vaswani'];
const nextPlaid = join(peersFolder, 'late-interaction-rust/release/late-interaction-peers');
const resultsFolder = fileURLToPath(new URL('../results', import.meta.url));

const question: Question = {
  title: 'Late interaction: reranking, search at a recall, building, bytes, and what compression costs.',
  group: ({ task, case: name, metric }) => `${task} ${name.split('/')[0]} (${metric})`,
  async run(context) {
    const { only, workloads } = context;
    const wanted = (name: string): boolean => only.every((word) => word === 'peers') || only.includes(name);
    const peers = only.length === 0 || only.includes('peers');
    if (wanted('rerank')) {
      rerank(context);
      if (peers) await context.peer('late-interaction/maxsim.py');
    }
    const rows: Row[] = [];
    for (const name of sets.filter(wanted)) {
      if (!isTokenSet(context, name)) {
        context.note(`${join(workloads, 'tokens', name)} is not there: make_tokens.py of the peers' folder writes it.`);
        continue;
      }
      rows.push(...(await searching(context, name)));
      if (peers) rows.push(...(await peersOn(context, name, [])));
    }
    if (wanted('million')) {
      rows.push(...(await million(context)));
      if (peers) rows.push(...(await peersOn(context, 'million', ['--only=fast-plaid', '--only=xtr-warp', '--bits=4'])));
    }
    plots(context, rows);
    if (wanted('crossover')) await crossover(context);
    if (wanted('candidates')) await candidates(context);
    if (wanted('open')) await opening(context);
    if (wanted('loss')) for (const name of sets.filter((set) => isTokenSet(context, set))) await loss(context, name);
  },
};

export default question;

/** The peers on a set: next-plaid, then those of Python, of which `words` may choose some. */
async function peersOn(context: Context, name: string, words: readonly string[]): Promise<Row[]> {
  return [
    ...(await context.peer(nextPlaid, { args: ['index', context.workloads, name], env: { RAYON_NUM_THREADS: '1' } })),
    ...(await context.peer('late-interaction/indexes.py', { args: [...words, name], timeoutSeconds: 7200 })),
  ];
}

/** A plot a token set of queries a second against recall, beside the results. */
function plots(context: Context, rows: readonly Row[]): void {
  for (const name of new Set(rows.filter(({ metric }) => metric === 'qps').map((row) => row.case.split('/')[0]!))) {
    for (const recall of ['recall@10', 'recall@100']) {
      const path = curvePlot(resultsFolder, name, recall, rows);
      if (path !== undefined) context.note(`Plot: ${path}`);
    }
  }
}
