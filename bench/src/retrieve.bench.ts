/**
 * Retrieval beside its peers, on the same files in the same run: `npm run bench retrieve [PART…]`. The parts are in `retrieve/`; words
 * that are no part narrow what the parts do (names of collections, for instance).
 */
import type { Context, Question, Row } from './question.ts';
import { dense } from './retrieve/dense.ts';
import { lexical } from './retrieve/lexical.ts';
import { sparse } from './retrieve/sparse.ts';

const parts: Readonly<Record<string, (context: Context) => Promise<void>>> = { lexical, sparse, dense };

const question: Question = {
  title: 'Retrieval: indexing, bytes, queries per second at equal quality',
  group: ({ task, case: name, metric }: Row) => `${task} ${name} (${metric})`,
  async run(context) {
    const only = context.only.filter((word) => !(word in parts));
    const chosen = context.only.filter((word) => word in parts);
    for (const [name, part] of Object.entries(parts)) {
      if (chosen.length === 0 || chosen.includes(name)) await part({ ...context, only });
    }
  },
};

export default question;
