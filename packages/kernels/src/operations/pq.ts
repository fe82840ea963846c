import { checkInteger, checkOneOf, checkOptions, RankError, shown } from '@rank-rank/core';
import { checkAllow, checkArray, checkLength, checkOnly, checkRows, checkType, mostRows, outputFloats } from '../check.ts';
import type { F32Rows, Nearest, OutOption, PqCodebooks, PqRows, PqSearchOptions, PqTables } from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';
import { countCandidates, emptyNearest, mergeShards, sharded } from './scores.ts';

function checkCodebooks(where: string, codebooks: PqCodebooks, dim: number): PqCodebooks {
  if (typeof codebooks !== 'object' || codebooks === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: codebooks are ${shown(codebooks)}; expected { data, dim, parts, codes }.`);
  }
  const data = checkArray(`${where}: codebooks.data`, codebooks.data, Float32Array);
  const parts = checkInteger(`${where}: codebooks.parts`, codebooks.parts, { min: 1, max: dim });
  const codes = checkCodes(where, codebooks.codes);
  if (codebooks.dim !== dim || dim % parts !== 0) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the codebooks split ${codebooks.dim} dimensions into ${parts} parts; expected a divisor of the rows' ${dim}.`,
    );
  }
  checkLength(`${where}: codebooks.data`, data, codes * dim, 'codes × dim');
  return { data, dim, parts, codes };
}

function checkCodes(where: string, codes: unknown): 16 | 256 {
  if (codes === 16 || codes === 256) return codes;
  throw new RankError('OUT_OF_RANGE', `${where}: codes is ${shown(codes)}; expected 16 or 256.`);
}

function codeBytes(rows: number, parts: number, bits: 4 | 8): number {
  return bits === 8 ? rows * parts : Math.ceil(rows / 32) * parts * 16;
}

export function* pqEncode(allRows: F32Rows, allCodebooks: PqCodebooks): Plan<PqRows> {
  const rows = checkType('pqEncode', checkRows('pqEncode', allRows), 'f32');
  const codebooks = checkCodebooks('pqEncode', allCodebooks, rows.dim);
  const bits = codebooks.codes === 16 ? 4 : 8;
  const { parts } = codebooks;
  const target: PqRows = { codes: new Uint8Array(codeBytes(rows.rows, parts, bits)), rows: rows.rows, parts, bits };
  const perUnit = bits === 4 ? 32 : 1;
  yield {
    operation: 'pqEncode',
    arguments: { rows, codebooks, target },
    units: Math.ceil(rows.rows / perUnit),
    grain: grainOf(perUnit * rows.dim * codebooks.codes),
  };
  return target;
}

export function* pqTables(queryRows: F32Rows, allCodebooks: PqCodebooks, options: { readonly metric?: 'dot' | 'l2' } = {}): Plan<PqTables> {
  checkOptions('pqTables', options, ['metric']);
  const queries = checkType('pqTables', checkRows('pqTables', queryRows), 'f32');
  const codebooks = checkCodebooks('pqTables', allCodebooks, queries.dim);
  const { parts, codes } = codebooks;
  const smallest = checkOneOf('pqTables: metric', options.metric ?? 'dot', ['dot', 'l2']) === 'l2';
  const tables = outputFloats('pqTables', undefined, queries.rows * parts * codes);
  yield {
    operation: 'pqTables',
    arguments: { queries, codebooks, squaredDistance: smallest, tables },
    units: queries.rows,
    grain: grainOf(queries.dim * codes),
  };
  return { data: tables, queries: queries.rows, parts, codes, smallest };
}

function checkPqPair(where: string, tables: PqTables, rows: PqRows): void {
  if (typeof tables !== 'object' || tables === null || typeof rows !== 'object' || rows === null) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: tables and rows are ${shown(tables)} and ${shown(rows)}; expected what pqTables and pqEncode give.`,
    );
  }
  const codes = checkCodes(`${where}: tables`, tables.codes);
  const parts = checkInteger(`${where}: tables.parts`, tables.parts, { min: 1, max: 65_536 });
  const queries = checkInteger(`${where}: tables.queries`, tables.queries, { min: 0, max: mostRows });
  checkLength(
    `${where}: tables.data`,
    checkArray(`${where}: tables.data`, tables.data, Float32Array),
    queries * parts * codes,
    'queries × parts × codes',
  );
  if (rows.parts !== parts || rows.bits !== (codes === 16 ? 4 : 8)) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the tables have ${parts} parts of ${codes} codes and the rows ${rows.parts} parts of ${rows.bits} bits; expected the same.`,
    );
  }
  const count = checkInteger(`${where}: rows.rows`, rows.rows, { min: 0, max: mostRows });
  checkLength(
    `${where}: rows.codes`,
    checkArray(`${where}: rows.codes`, rows.codes, Uint8Array),
    codeBytes(count, parts, rows.bits),
    'what the rows take',
  );
}

export function* pqScores(
  tables: PqTables,
  rows: PqRows,
  options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {},
): Plan<Float32Array> {
  checkOptions('pqScores', options, ['only', 'out']);
  checkPqPair('pqScores', tables, rows);
  const only = checkOnly('pqScores', options.only);
  const total = only?.length ?? rows.rows;
  const scores = outputFloats('pqScores', options.out, tables.queries * total);
  yield { operation: 'pqScores', arguments: { tables, rows, only, scores }, units: tables.queries, grain: grainOf(total * rows.parts * 4) };
  return scores;
}

export function* pqSearch(tables: PqTables, rows: PqRows, k: number, options: PqSearchOptions = {}): Plan<Nearest> {
  checkOptions('pqSearch', options, ['only', 'allow']);
  checkPqPair('pqSearch', tables, rows);
  const only = checkOnly('pqSearch', options.only);
  const allow = checkAllow('pqSearch', options.allow, rows.rows);
  const candidates = countCandidates('pqSearch', only, allow, rows.rows);
  const { places, shards, shardSize } = sharded(k, candidates);
  const found = emptyNearest(tables.queries * shards, places);
  yield {
    operation: 'pqSearch',
    arguments: { tables, rows, only, allow, ...found, k: places, shards, shardSize },
    units: tables.queries * shards,
    grain: grainOf(shardSize * rows.parts * 4),
  };
  return mergeShards(found, tables.queries, shards, tables.smallest);
}
