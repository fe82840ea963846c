import { describe, expect, it } from 'vitest';
import { type FusionModel, fit, fuse, probfuse, segfuse, slidefuse } from './index.ts';

const scoresOf = (hits: readonly { id: string; score: number }[]): Record<string, number> =>
  Object.fromEntries(hits.map(({ id, score }) => [id, score]));

describe('fit', () => {
  const qrels = { q1: { a: 1, c: 1 }, q2: { b: 2 }, q3: { x: 0 } };
  const runs = {
    one: { q1: { a: 3, b: 2, c: 1 }, q2: { a: 2, b: 1 }, q3: { x: 1 } },
    two: { q1: { c: 1 } },
  };

  it('counts a run only on the queries it answers, and queries only where something is relevant', () => {
    const model = fit(runs, qrels, { method: 'posfuse' });
    expect(model).toEqual({ method: 'posfuse', parameters: {}, runs: ['one', 'two'], queries: 2, tables: [[1 / 2, 1 / 2, 1], [1]] });
  });

  it('gives plain data, which may be kept as JSON', () => {
    const model = fit(runs, qrels, { method: 'probfuse', segments: 2 });
    const kept = JSON.parse(JSON.stringify(model)) as FusionModel;
    expect(fuse(runs, { method: 'probfuse', model: kept })).toEqual(fuse(runs, { method: 'probfuse', model }));
  });

  it('keeps the parameters it was trained with', () => {
    const model = fit(runs, qrels, { method: 'slidefuse', window: 1 });
    expect(model.parameters).toEqual({ window: 1 });
    const rankings = [['a', 'b', 'c'], ['d']];
    expect(scoresOf(slidefuse(rankings, { model }))).toEqual({ a: 0.5, b: 2 / 3, c: 0.75, d: 1 });
    expect(scoresOf(slidefuse(rankings, { model, window: 0 }))).toEqual({ a: 0.5, b: 0.5, c: 1, d: 1 });
  });

  it('learns mean average precision', () => {
    expect(fit(runs, qrels, { method: 'mapfuse' }).tables).toEqual([[((1 + 2 / 3) / 2 + 1 / 2) / 2], [1 / 2]]);
  });

  it('learns by segments of equal length, which are cut anew for each ranking', () => {
    const model = fit(runs, qrels, { method: 'probfuse', segments: 2 });
    expect(model.tables).toEqual([
      [(1 / 2 + 0) / 2, (1 + 1) / 2],
      [1, 0],
    ]);
    expect(scoresOf(probfuse([['a', 'b', 'c', 'd'], []], { model }))).toEqual({ a: 0.25, b: 0.25, c: 0.5, d: 0.5 });
  });

  it('learns by segments that double, and adds 1 to the normalized score', () => {
    const model = fit(runs, qrels, { method: 'segfuse' });
    expect(model.tables[0]!.slice(0, 2)).toEqual([(2 / 5 + 1 / 5) / 2, 0]);
    const fused = scoresOf(segfuse([{ a: 4, b: 2 }, undefined], { model }));
    expect(fused['a']).toBeCloseTo(0.3 * 2, 12);
    expect(fused['b']).toBeCloseTo(0.3 * 1, 12);
  });

  it('gives a document the odds of irrelevance from each run that does not have it, or has it past rank 1000', () => {
    const model = fit({ one: { q1: { a: 2, z: 1 } }, two: { q1: { z: 1 } } }, { q1: { a: 1 } }, { method: 'bayesfuse' });
    const [odds, least] = [Math.log(0.2 / 0.8), Math.log(0.001 / 0.999)];
    const deep = Array.from({ length: 1001 }, (_, i) => `d${i}`);
    const fused = scoresOf(
      fuse([{ q: { a: 1 } }, { q: Object.fromEntries(deep.map((id, i) => [id, -i])) }], { method: 'bayesfuse', model }).get('q')!,
    );
    expect(fused['a']).toBeCloseTo(odds + least, 12);
    expect(fused['d0']).toBeCloseTo(2 * least, 12);
    expect(fused['d1000']).toBeCloseTo(2 * least, 12);
  });
});
