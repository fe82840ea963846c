import { beside, coldStart } from './models/around.ts';
import { artefacts } from './models/artefacts.ts';
import { encoding, graphs } from './models/encoding.ts';
import { oneQuery } from './models/one-query.ts';
import { pairs } from './models/pairs.ts';
import { quality } from './models/quality.ts';
import type { Question } from './question.ts';

const question: Question = {
  title:
    'The real MiniLM: encoding, one query, pairs, and what stands around them (words: make, fp32, int8, graphs, query, pairs, pairs1, beside, start, quality)',
  async run(context) {
    const wanted = (word: string): boolean => context.only.length === 0 || context.only.includes(word);
    const models = await artefacts(context);
    if (models === undefined) return;
    if (wanted('fp32')) await encoding(context, models, 'fp32', 5);
    if (wanted('int8')) await encoding(context, models, 'int8', 5);
    if (wanted('graphs')) await graphs(context, models, 9);
    for (const precision of ['fp32', 'int8'] as const) {
      for (const isolation of ['thread', 'none'] as const) if (wanted('query')) await oneQuery(context, models, precision, isolation, 100);
    }
    if (wanted('pairs')) await pairs(context, models, 7, 2);
    if (wanted('pairs1')) await pairs(context, models, 5, 1);
    if (wanted('beside')) await beside(context, models);
    if (wanted('start')) await coldStart(context, models, 5);
    if (wanted('quality')) await quality(context, models);
  },
};

export default question;
