import { checkInteger, RankError, shown, type Tokens } from '@rank-rank/core';

/** In how many of `documents` texts each piece occurs. */
export interface PieceFrequencies {
  readonly documents: number;
  readonly frequency: ReadonlyMap<string, number>;
}

/** Counts in how many texts each piece occurs, from the pieces of their tokens. */
export function pieceFrequencies(texts: Iterable<Pick<Tokens, 'pieces'>>): PieceFrequencies {
  const frequency = new Map<string, number>();
  let documents = 0;
  for (const { pieces } of texts) {
    if (pieces === undefined) throw new RankError('INVALID_ARGUMENT', `pieceFrequencies: text ${documents} has no pieces.`);
    for (const piece of new Set(pieces)) frequency.set(piece, (frequency.get(piece) ?? 0) + 1);
    documents++;
  }
  return { documents, frequency };
}

/**
 * Weights of query rows by how rare their pieces are: `ln((N + 1) / (df + 1))`, with `df` the number of the N documents that have
 * the piece (Spärck Jones 1972, smoothed so that unseen pieces have a weight). Not negative.
 *
 * @example idfWeights(query, pieceFrequencies(documents))
 */
export function idfWeights(query: Tokens, { documents, frequency }: PieceFrequencies): Float32Array {
  checkInteger('idfWeights: documents', documents, { min: 1 });
  if (query.pieces === undefined) throw new RankError('INVALID_ARGUMENT', 'idfWeights: the query has no pieces.');
  return Float32Array.from(query.pieces, (piece) => Math.max(0, Math.log((documents + 1) / ((frequency.get(piece) ?? 0) + 1))));
}

/** Refuses weights that are not one finite number of at least 0 a row. */
export function checkWeights(where: string, weights: unknown, rows: number): Float32Array {
  if (!(weights instanceof Float32Array) && !Array.isArray(weights)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(weights)}; expected an array of ${rows} numbers.`);
  }
  if (weights.length !== rows) {
    throw new RankError('DIMENSION_MISMATCH', `${where} has ${weights.length} numbers; expected one for each of ${rows} rows.`);
  }
  for (let i = 0; i < rows; i++) {
    const weight = weights[i] as unknown;
    if (typeof weight !== 'number' || !Number.isFinite(weight)) {
      throw new RankError('NOT_FINITE', `${where}[${i}] is ${shown(weight)}; expected a finite number.`);
    }
    if (weight < 0) throw new RankError('OUT_OF_RANGE', `${where}[${i}] is ${weight}; expected a number at least 0.`);
  }
  return weights instanceof Float32Array ? weights : Float32Array.from(weights as number[]);
}
