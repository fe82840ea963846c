import type { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { indexDescription, parseIndexDescription } from './plan.ts';

describe('a description of an index', () => {
  it.each([
    ['Flat', { structure: { kind: 'flat' }, codes: { type: 'f32' }, keep: 'f32' }],
    ['SQ8', { structure: { kind: 'flat' }, codes: { type: 'i8' }, keep: 'none' }],
    ['SQ8,RFlat', { structure: { kind: 'flat' }, codes: { type: 'i8' }, keep: 'f32' }],
    ['Bits,Refine(SQfp16)', { structure: { kind: 'flat' }, codes: { type: 'bits' }, keep: 'f16' }],
    ['PQ48x4,RFlat', { structure: { kind: 'flat' }, codes: { type: 'pq', parts: 48, bits: 4 }, keep: 'f32' }],
    ['HNSW32', { structure: { kind: 'hnsw', m: 32, efConstruction: 200 }, codes: { type: 'i8' }, keep: 'f32' }],
    ['HNSW16_400,Flat', { structure: { kind: 'hnsw', m: 16, efConstruction: 400 }, codes: { type: 'f32' }, keep: 'f32' }],
    ['HNSW16,SQ8', { structure: { kind: 'hnsw', m: 16, efConstruction: 200 }, codes: { type: 'i8' }, keep: 'none' }],
    ['IVF1024,PQ64', { structure: { kind: 'ivf', lists: 1024 }, codes: { type: 'pq', parts: 64, bits: 8 }, keep: 'none' }],
    ['IVF4096,Flat', { structure: { kind: 'ivf', lists: 4096 }, codes: { type: 'f32' }, keep: 'f32' }],
    ['IVF256,Bits,RFlat', { structure: { kind: 'ivf', lists: 256 }, codes: { type: 'bits' }, keep: 'f32' }],
    ['IVF', { structure: { kind: 'ivf', lists: undefined }, codes: { type: 'i8' }, keep: 'f32' }],
    ['auto', { structure: { kind: 'auto' }, codes: { type: 'i8' }, keep: 'f32' }],
  ])('is read and written: %s', (text, plan) => {
    expect(parseIndexDescription(text)).toEqual(plan);
    expect(indexDescription(parseIndexDescription(text))).toBe(text);
  });

  it('may have spaces, and says the usual efConstruction or fast-scan codes without changing the plan', () => {
    expect(parseIndexDescription(' IVF1024 , PQ64x4fs ').codes).toEqual({ type: 'pq', parts: 64, bits: 4 });
    expect(parseIndexDescription('HNSW16_200')).toEqual(parseIndexDescription('HNSW'));
  });

  it.each([
    ['', 'INVALID_ARGUMENT', /"" is not known\. Known: Flat/],
    ['HSNW32', 'INVALID_ARGUMENT', /"HSNW32" is not known/],
    ['HNSW1', 'OUT_OF_RANGE', /says 1; expected 2 to 256/],
    ['IVF0', 'OUT_OF_RANGE', /expected 1 to/],
    ['PQ8x6', 'OUT_OF_RANGE', /expected 4 or 8/],
    ['PQ64,IVF10', 'INVALID_ARGUMENT', /a structure comes first/],
    ['Flat,SQ8', 'INVALID_ARGUMENT', /one code/],
    ['RFlat', 'INVALID_ARGUMENT', /before a refinement/],
    ['RFlat,SQ8', 'INVALID_ARGUMENT', /comes last/],
    ['SQ8,Refine(PQ8)', 'INVALID_ARGUMENT', /refined with Flat, SQfp16, SQ8/],
    ['Bits', 'INVALID_ARGUMENT', /add ",RFlat"/],
    ['HNSW32,PQ64', 'INVALID_ARGUMENT', /a graph is searched with/],
    ['OPQ16,IVF4,PQ16', 'INVALID_ARGUMENT', /transformed before/],
    ['IVF65536_HNSW32,PQ16', 'INVALID_ARGUMENT', /leave out what follows/],
    ['LSH', 'INVALID_ARGUMENT', /Use SQ8/],
  ])('that does not fit is refused with what would: %s', (text, code, message) => {
    expect(() => parseIndexDescription(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as RankError,
    );
  });
});
