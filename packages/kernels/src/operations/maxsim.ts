import { checkOneOf, checkOptions } from '@rank-rank/core';
import { checkArray, checkDocuments, checkLength, checkNorms, checkOnly, checkPair, checkRows, outputFloats } from '../check.ts';
import type { Documents, MaxSimOptions, MaxSimPositions, MaxSimPositionsOptions, Rows } from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';

export function* maxSim(query: Rows, documents: Documents, options: MaxSimOptions = {}): Plan<Float32Array> {
  checkOptions('maxSim', options, ['metric', 'only', 'weights', 'norms', 'out']);
  const call = prepare('maxSim', query, documents, options);
  const scores = outputFloats('maxSim', options.out, call.units);
  yield { operation: 'maxSim', arguments: { ...call.shared, scores, positions: undefined, similarities: undefined }, ...call };
  return scores;
}

export function* maxSimPositions(query: Rows, documents: Documents, options: MaxSimPositionsOptions = {}): Plan<MaxSimPositions> {
  checkOptions('maxSimPositions', options, ['metric', 'only', 'weights', 'norms']);
  const call = prepare('maxSimPositions', query, documents, options);
  const scores = new Float32Array(call.units);
  const similarities = outputFloats('maxSimPositions', undefined, call.units * call.shared.query.rows);
  const positions = new Uint32Array(similarities.length);
  yield { operation: 'maxSim', arguments: { ...call.shared, scores, positions, similarities }, ...call };
  return { scores, positions, similarities };
}

function prepare(where: string, queryRows: Rows, documents: Documents, options: MaxSimPositionsOptions) {
  const query = checkRows(`${where}: query`, queryRows);
  const { rows, offsets } = checkDocuments(`${where}: documents`, documents);
  checkPair(where, query, rows);
  const metric = checkOneOf(`${where}: metric`, options.metric ?? 'dot', ['dot', 'cosine']);
  const only = checkOnly(where, options.only);
  let weights: Float32Array | undefined;
  if (options.weights !== undefined) {
    weights = checkArray(`${where}: weights`, options.weights, Float32Array);
    checkLength(`${where}: weights`, weights, query.rows, 'one a query row');
  }
  const cosine = metric === 'cosine';
  const norms = cosine ? checkNorms(where, options.norms, rows.rows) : undefined;
  const units = only === undefined ? offsets.length - 1 : only.length;
  const rowsOfDocument = rows.rows / Math.max(1, offsets.length - 1);
  const grain = grainOf(rowsOfDocument * rows.dim * Math.max(16, query.rows));
  return { shared: { query, rows, offsets, only, weights, cosine, norms }, units, grain };
}
