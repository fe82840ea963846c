import { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { byLength, documentsOf, fixed } from '../testing/fakes.ts';
import type { PipelineDescription } from './description.ts';
import { pipelineFrom, type Resources } from './from-description.ts';

const resources = (): Resources => ({
  sources: { bm25: fixed({ a: 9, b: 7, c: 4 }), dense: fixed({ c: 0.9, e: 0.8 }) },
  rerankers: { length: byLength },
  documents: documentsOf({ a: 'a', b: 'bbb', c: 'cc', e: 'eeee' }),
});

const found = async (description: unknown, from = resources()) =>
  (await (await pipelineFrom(description as PipelineDescription, from)).search('x', 10)).map(({ id }) => id).join('');

describe('a described pipeline', () => {
  it('does what the same stages in code do', async () => {
    expect(await found({ stages: [{ retrieve: 'bm25' }] })).toBe('abc');
    expect(await found({ stages: [{ retrieve: ['bm25', 'dense'] }, { fuse: 'rrf' }] })).toBe('cabe');
    expect(await found({ stages: [{ retrieve: { bm25: { depth: 1 }, dense: null } }, { fuse: { method: 'rrf', k: 10 } }] })).not.toBe('');
    expect(
      await found({
        stages: [{ retrieve: 'bm25' }, { filter: { atLeast: 5 } }, { rerank: 'length', depth: 5, timeout: 500, fallback: 'previous' }],
      }),
    ).toBe('ba');
  });

  it('loads rerankers that it does not know by name', async () => {
    const asked: string[] = [];
    await found(
      { stages: [{ retrieve: 'bm25' }, { rerank: 'models/some-cross-encoder' }] },
      {
        ...resources(),
        model: async (name) => {
          asked.push(name);
          return byLength;
        },
      },
    );
    expect(asked).toEqual(['models/some-cross-encoder']);
  });

  it.each([
    ['no stages', {}, /stages is undefined/],
    ['an unknown key', { stagse: [] }, /Did you mean "stages"/],
    ['an unknown stage', { stages: [{ retreive: 'bm25' }] }, /stages\[0\].*Did you mean "retrieve"/],
    ['an unknown option of a stage', { stages: [{ retrieve: 'bm25', dept: 3 }] }, /stages\[0\].*Did you mean "depth"/],
    ['an unknown source', { stages: [{ retrieve: 'bm52' }] }, /source "bm52".*Did you mean "bm25"/],
    ['an unknown method', { stages: [{ retrieve: ['bm25', 'dense'] }, { fuse: 'rfr' }] }, /stages\[1\]/],
    ['an unknown reranker', { stages: [{ retrieve: 'bm25' }, { rerank: 'lenght' }] }, /Did you mean "length"/],
    ['two stages in one', { stages: [{ retrieve: 'bm25', fuse: 'rrf' }] }, /exactly one/],
    ['a beginning in the middle', { stages: [{ fuse: 'rrf' }] }, /begins with retrieve/],
    ['retrieving twice', { stages: [{ retrieve: 'bm25' }, { retrieve: 'dense' }] }, /can only come first/],
    ['a stage that is text', { stages: ['bm25'] }, /expected an object/],
  ])('refuses %s, and says where', async (_, description, message) => {
    const failure = await found(description).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RankError);
    expect((failure as RankError).message).toMatch(message);
  });
});
