import { join } from 'node:path';
import { openBeir, readQrels, readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { datasetReport } from './dataset-report.ts';
import { datasetText } from './dataset-text.ts';

describe('a dataset report', () => {
  it('counts what there is', async () => {
    const report = await datasetReport({
      qrels: { q1: { d1: 2, d2: 0, d3: 1 }, q2: { d1: 0, d4: 1 } },
      queries: [
        { id: 'q1', text: 'what is lift' },
        { id: 'q2', text: 'drag' },
      ],
      documents: ['d1', 'd2', 'd3', 'd4', 'd5'].map((id) => ({ id, text: `text of ${id}`, title: 'T' })),
      runs: { run: { q1: { d1: 2, d5: 1 }, q2: { d4: 1, d5: 1 } } },
    });
    expect(report).toMatchObject({
      kind: 'pooled',
      grades: 'graded',
      queries: { judged: 2, withRelevant: 2, total: 2, words: { lowest: 1, highest: 3 } },
      documents: { total: 5, empty: 0, words: { mean: 4 } },
      judgements: { total: 5, histogram: { 0: 2, 1: 2, 2: 1 }, coverage: 0.8, relevantPerQuery: { mean: 1.5 } },
      runs: [{ name: 'run', queries: 2, unjudgedAt10: 0.5, tied: 0.5 }],
      problems: [],
    });
    expect(datasetText(report)).toContain('grades        0: 2, 1: 2, 2: 1\n');
    expect(datasetText(report)).toContain('Nothing looks wrong.');
  });

  it('tells kinds of collections apart', async () => {
    const kindOf = async (qrels: Record<string, Record<string, number>>): Promise<string> => (await datasetReport({ qrels })).kind;
    expect(await kindOf({ q1: { a: 1 }, q2: { b: 1 } })).toBe('known-item');
    expect(await kindOf({ q1: { a: 1, b: 1, c: 2 }, q2: { b: 1, d: 1 } })).toBe('shallow');
    expect(await kindOf({ q1: { a: 1, b: 0, c: 0 } })).toBe('pooled');
  });

  it('says what looks wrong, the worst first', async () => {
    const { problems } = await datasetReport({
      qrels: { q1: { gone: 1, d1: -1 }, q2: { d1: 0 }, q3: { d2: 0.5 }, lost: { d1: 1 } },
      queries: [
        { id: 'q1', text: ' ' },
        { id: 'q2', text: 'x' },
        { id: 'q3', text: 'x' },
      ],
      documents: [
        { id: 'd1', text: '' },
        { id: 'd1', text: 'again' },
        { id: 'd2', text: 'x' },
      ],
      runs: {
        foreign: { q1: { z: 1 }, q2: { y: 1 } },
        odd: { q1: { d1: 1, d2: 1, d3: 1 }, q2: { q2: 2, d1: 1 }, q3: { d2: 1 }, elsewhere: { d1: 1 } },
      },
    });
    const codes = problems.map(({ code }) => code);
    for (const code of [
      'queries-without-text',
      'duplicate-documents',
      'run-of-other-documents',
      'judged-not-in-collection',
      'no-relevant',
      'empty-queries',
      'run-misses-queries',
      'run-all-tied',
      'negative-grades',
      'fractional-grades',
      'empty-documents',
      'run-of-other-queries',
      'run-finds-itself',
    ])
      expect(codes, code).toContain(code);
    expect(problems[0]!.severity).toBe('error');
    expect(problems.at(-1)!.severity).toBe('note');
    expect(problems.find(({ code }) => code === 'no-relevant')!.message).toContain('1 judged query without a relevant document');
  });

  it('refuses input nobody knows', async () => {
    await expect(datasetReport({ qrel: {} } as never)).rejects.toThrow('Did you mean "qrels"?');
  });
});

describeWithData('a report on real collections', 'collections/cranfield', (path) => {
  it('finds Cranfield sound', async () => {
    const beir = await openBeir(path);
    const report = await datasetReport({ qrels: await beir.qrels(), queries: await beir.queries(), documents: beir.documents() });
    expect(report).toMatchObject({ kind: 'shallow', grades: 'graded', documents: { total: 1400 }, queries: { judged: 225, total: 225 } });
    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describeWithData('a report on a TREC collection', 'runs/robust03', (path) => {
  it('finds it pooled, and a run of it shallow', async () => {
    const { kind, runs, problems } = await datasetReport({
      qrels: await readQrels(join(path, 'qrels.txt')),
      runs: { NLPR03vb10: await readRun(join(path, 'input.NLPR03vb10.gz')) },
    });
    expect(kind).toBe('pooled');
    expect(runs[0]!.depth.median).toBe(10);
    expect(problems.map(({ severity }) => severity)).not.toContain('error');
  });
});
