import { RankError } from '@rank-rank/core';
import type { DenseDescription, SparseDescription } from '../configuration/description.ts';
import type { DenseLayer } from '../run/dense-layer.ts';
import type { Reduction } from '../run/reduction.ts';
import type { TensorInfo } from '../run/session.ts';

/** An output by one of the names it is known by, else the first of the rank. */
export function findOutput(outputs: readonly TensorInfo[], rank: number, names: readonly string[]): TensorInfo | undefined {
  const ranked = outputs.filter(({ type, shape }) => shape.length === rank && /^float/.test(type));
  for (const name of names) {
    const found = ranked.find((output) => output.name === name);
    if (found !== undefined) return found;
  }
  return ranked[0];
}

export function missingOutput(file: string, outputs: readonly TensorInfo[], wanted: string): RankError {
  const there = outputs.map(({ name, shape }) => `${name} (${shape.join(' × ')})`).join(', ') || 'none';
  return new RankError(
    'MODEL',
    `${file} does not give ${wanted}; its outputs are ${there}. It was exported for another task: export it again, or open it as what it is.`,
    { file, outputs: outputs.map(({ name }) => name) },
  );
}

export const stateNames: readonly string[] = ['last_hidden_state', 'token_embeddings', 'hidden_states'];

/** What to make of a dense encoder's graph: its own sentence vector where it has one, else its states pooled. */
export function denseHead(
  file: string,
  outputs: readonly TensorInfo[],
  description: DenseDescription,
  layers: readonly DenseLayer[],
  options: { truncate?: number; skip?: number; repool?: boolean },
): Reduction {
  const { normalize, pooling } = description;
  const { skip, truncate } = options;
  const cut = truncate === undefined ? {} : { truncate };
  const pooled = outputs.find(({ name, shape }) => name === 'sentence_embedding' && shape.length === 2);
  // The graph's own pooling cannot leave a prompt out, and is not another than it is.
  if (pooled !== undefined && skip === undefined && !options.repool) return { kind: 'vector', output: pooled.name, normalize, ...cut };
  const states = findOutput(outputs, 3, stateNames);
  if (states !== undefined) {
    return { kind: 'pool', output: states.name, modes: pooling, layers, normalize, ...cut, ...(skip !== undefined && { skip }) };
  }
  const vector = findOutput(outputs, 2, []);
  if (vector !== undefined && vector.name !== 'logits' && vector.name !== 'pooler_output') {
    return { kind: 'vector', output: vector.name, normalize, ...cut };
  }
  throw missingOutput(file, outputs, 'states of tokens (batch × tokens × size) or a sentence vector (batch × size)');
}

/** SPLADE's logits, or the sparse vector itself where the graph ends with it. */
export function sparseHead(file: string, outputs: readonly TensorInfo[], { pooling, logarithms }: SparseDescription): Reduction {
  const vector = outputs.find(({ name, shape }) => shape.length === 2 && name !== 'pooler_output');
  if (vector !== undefined) return { kind: 'sparse', output: vector.name };
  const logits = findOutput(outputs, 3, ['logits', 'output', 'prediction_logits']);
  if (logits === undefined || logits.name === 'last_hidden_state') {
    throw missingOutput(file, outputs, 'logits over the vocabulary (batch × tokens × words) or a sparse vector (batch × words)');
  }
  return { kind: 'splade', output: logits.name, pooling, logarithms };
}

/** A classifier's scores, or with `words` a decoder's logits of those words: all the vocabulary's, or those alone. */
export function logitsHead(file: string, outputs: readonly TensorInfo[], words?: readonly number[]): Reduction {
  const answers = outputs.find(
    ({ name, shape }) => name === 'logits' && shape.length === 2 && (words === undefined || shape[1] === words.length),
  );
  if (answers !== undefined) return { kind: 'vector', output: answers.name, normalize: false };
  const rank = words === undefined ? 2 : 3;
  const logits = findOutput(outputs, rank, ['logits', 'output', 'scores']);
  if (logits === undefined || stateNames.includes(logits.name)) {
    throw missingOutput(
      file,
      outputs,
      words === undefined ? 'a score a pair (batch × labels)' : 'logits over the vocabulary (batch × tokens × words)',
    );
  }
  return words === undefined ? { kind: 'vector', output: logits.name, normalize: false } : { kind: 'last', output: logits.name, words };
}
