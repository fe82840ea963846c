import { RankError } from '@rank-rank/core';

/** What a list was found to hold while it was read. The C kernels report the same by number. */
const faults = ['', 'offsets', 'only', 'document', 'link', 'word', 'memory', 'arguments'] as const;
type Fault = Exclude<(typeof faults)[number], ''>;

const words: Readonly<Record<Fault, string>> = {
  offsets: 'offsets descend, or reach past the end of what they point into, at entry',
  only: 'a list (only, terms, ids) names something that is not there, at entry',
  document: 'a posting names a document or index past the end, in list',
  link: 'the graph has a link, level or entry to a node that is not there, at node',
  word: 'a packed block has a width above 32 or reaches past the words, at block',
  memory: 'there is not enough memory; bytes that were needed:',
  arguments: 'the kernel was given buffers that are too small, at argument',
};

export function fault(operation: string, kind: Fault, at: number): RankError {
  const code = kind === 'arguments' ? 'INVALID_ARGUMENT' : kind === 'link' || kind === 'word' ? 'CORRUPT' : 'OUT_OF_RANGE';
  return new RankError(code, `${operation}: ${words[kind]} ${at}. Check how that array was made, or read it again from its source.`, {
    operation,
    kind,
    at,
  });
}

/** The error for what a C kernel reported by number. */
export function faultOf(operation: string, kind: number, at: number): RankError {
  const name = faults[kind];
  return name === undefined || name === ''
    ? new RankError('CORRUPT', `${operation}: the kernel reported ${kind}, which means nothing here.`, { operation, kind, at })
    : fault(operation, name, at);
}
