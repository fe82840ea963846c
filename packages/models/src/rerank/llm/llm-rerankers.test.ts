import type { Candidate } from '@rank-rank/core';
import { JsonServer } from '@rank-rank/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLabel, readPermutation } from './answers.ts';
import { type ChatModel, openChat } from './chat.ts';
import { ListwiseReranker } from './listwise-reranker.ts';
import { PairwiseReranker } from './pairwise-reranker.ts';
import { SetwiseReranker } from './setwise-reranker.ts';

describe('Reading an order', () => {
  it.each([
    ['[2] > [1] > [3]', [1, 0, 2]],
    ['2 > 1 > 3', [1, 0, 2]],
    ['[2, 1, 3]', [1, 0, 2]],
    ['{"ranking": [3, 1, 2]}', [2, 0, 1]],
    ['Sure! Here is the order of the 3 passages: [3] > [1].', [2, 0, 1]],
    ['1. [3]\n2. [1]\n3. [2]', [2, 0, 1]],
    ['1. Passage 3\n2. Passage 1\n3. Passage 2', [2, 0, 1]],
    ['[3] > [3] > [9] > [0] > [1]', [2, 0, 1]],
    ['The best is passage 3.', [2, 0, 1]],
    ['[2]>[1]>[', [1, 0, 2]],
    ['**[1]**, **[2]**', [0, 1, 2]],
  ])('%j', (answer, order) => {
    expect(readPermutation(answer, 3)).toEqual(order);
  });

  it.each(['', 'I cannot rank these.', 'none', '[99]', '> > >', '{}'])('%j is none', (answer) => {
    expect(readPermutation(answer, 3)).toBeUndefined();
  });

  it('whatever is written, an order has every passage once', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 1, max: 30 }), (answer, count) => {
        const order = readPermutation(answer, count);
        if (order !== undefined) expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), (ids) => {
        expect(readPermutation(ids.map((id) => `[${id}]`).join(' > '), 6)).toEqual(ids.map((id) => id - 1));
      }),
    );
  });
});

describe('Reading a letter', () => {
  it.each([
    ['B', 1],
    ['b', 1],
    [' [B] ', 1],
    ['**C**', 2],
    ['Passage C', 2],
    ['A: it names the wing', 0],
    ['The most relevant one is Passage B, since A talks of heat.', 1],
    ['Answer: A', 0],
    ['{"answer": "C"}', 2],
    ['I would choose B.', 1],
    ['A passage that fits is (C).', 2],
  ])('%j', (answer, label) => {
    expect(readLabel(answer, 3)).toBe(label);
  });

  it.each(['', 'none of them', 'D', 'I am not able to say', '42'])('%j is none', (answer) => {
    expect(readLabel(answer, 3)).toBeUndefined();
  });
});

const candidates: Candidate[] = ['five 5', 'nine 9', 'one 1', 'seven 7', 'three 3', 'eight 8', 'two 2', 'six 6', 'four 4'].map(
  (text, i) => ({ id: `d${i}`, text }),
);
const worth = (text: string): number => Number(/(\d)\s*$/.exec(text)![1]);
const bestFirst = ['d1', 'd5', 'd3', 'd7', 'd0', 'd8', 'd4', 'd6', 'd2'];

/** A model that knows the truth: the number in a passage is its worth. */
const oracle = (spoil: (answer: string, number: number) => string = (answer) => answer): ChatModel & { questions: string[] } => {
  const questions: string[] = [];
  return {
    questions,
    async complete(messages) {
      const question = messages[1]!.content;
      questions.push(question);
      const listed = [...question.matchAll(/^\[(\d+)\] (.*)$/gm)].map(([, id, text]) => ({ id, value: worth(text!) }));
      const lettered = [...question.matchAll(/^Passage ([A-Z]): (.*)$/gm)].map(([, id, text]) => ({ id, value: worth(text!) }));
      const sorted = [...listed, ...lettered].sort((a, b) => b.value - a.value);
      return spoil(listed.length > 0 ? sorted.map(({ id }) => `[${id}]`).join(' > ') : sorted[0]!.id!, questions.length - 1);
    },
  };
};
const idsOf = (ranking: readonly { id: string }[]): string[] => ranking.map(({ id }) => id);

describe('Listwise', () => {
  it('orders in one window what fits in one, and lets the best rise through several', async () => {
    const whole = oracle();
    expect(idsOf(await new ListwiseReranker(whole).rerank('q', candidates))).toEqual(bestFirst);
    expect(whole.questions).toHaveLength(1);
    const windows = oracle();
    const ranking = await new ListwiseReranker(windows, { window: 4, step: 2 }).rerank('q', candidates);
    expect(idsOf(ranking).slice(0, 2)).toEqual(bestFirst.slice(0, 2));
    expect(windows.questions).toHaveLength(4);
    expect(idsOf(await new ListwiseReranker(oracle(), { window: 4, step: 2, passes: 4 }).rerank('q', candidates))).toEqual(bestFirst);
    expect(ranking.map(({ score }) => score)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('starts from the order of earlier scores, and leaves what is deeper than asked behind', async () => {
    const scored = candidates.map((candidate, i) => ({ ...candidate, score: i }));
    const ranking = await new ListwiseReranker(oracle(), { depth: 3 }).rerank('q', scored);
    expect(idsOf(ranking)).toEqual(['d7', 'd8', 'd6', 'd5', 'd4', 'd3', 'd2', 'd1', 'd0']);
  });

  it('shows the query, the instruction and no more words than asked', async () => {
    const chat = oracle();
    await new ListwiseReranker(chat, { maxWords: 2, instruction: 'only numbers' })
      .rerank(
        'which\nnumber',
        [
          { id: 'a', text: 'word word word 1' },
          { id: 'b', title: 'Two', text: '2' },
        ].map((candidate) => ({ ...candidate, text: `${candidate.text} 3` })) as Candidate[],
      )
      .catch(() => undefined);
    expect(chat.questions[0]).toContain('Query: which number');
    expect(chat.questions[0]).toContain('only numbers');
    expect(chat.questions[0]).toContain('[1] word word …');
    expect(chat.questions[0]).toContain('[2] Two 2 …');
  });

  it('asks again after an answer without an order, then leaves the window as it was', async () => {
    const once = oracle((answer, number) => (number === 0 ? 'As an AI I …' : answer));
    const reranker = new ListwiseReranker(once);
    expect(idsOf(await reranker.rerank('q', candidates))).toEqual(bestFirst);
    expect(reranker.statistics).toEqual({ questions: 2, unusable: 0 });
    const half = new ListwiseReranker(
      oracle((answer, number) => (number < 2 ? '' : answer)),
      { window: 4, step: 2 },
    );
    expect(idsOf(await half.rerank('q', candidates))).toHaveLength(9);
    expect(half.statistics.unusable).toBe(1);
  });

  it('a model that never gives an order is an error, not an order', async () => {
    await expect(new ListwiseReranker(oracle(() => 'no')).rerank('q', candidates)).rejects.toMatchObject({ code: 'MODEL' });
    expect(await new ListwiseReranker(oracle()).rerank('q', [])).toEqual([]);
    expect(await new ListwiseReranker(oracle(() => 'no')).rerank('q', candidates.slice(0, 1))).toEqual([{ id: 'd0', score: 1 }]);
  });

  it('refuses windows that let nothing rise, unknown options, and what is no model', () => {
    expect(() => new ListwiseReranker(oracle(), { window: 5, step: 5 })).toThrow(/no passage rise/);
    expect(() => new ListwiseReranker(oracle(), { size: 5 } as never)).toThrow(/size/);
    expect(() => new ListwiseReranker({} as never)).toThrow(/openChat/);
  });
});

describe('Setwise', () => {
  it.each([3, 4, 9])('finds the best in sets of %i, in order, with fewer questions than pairs', async (setSize) => {
    const chat = oracle();
    const ranking = await new SetwiseReranker(chat, { setSize, best: 4 }).rerank('q', candidates);
    expect(idsOf(ranking).slice(0, 4)).toEqual(bestFirst.slice(0, 4));
    expect(idsOf(ranking).slice(4)).toEqual(candidates.map(({ id }) => id).filter((id) => !bestFirst.slice(0, 4).includes(id)));
    expect(chat.questions.length).toBeLessThan(36);
  });

  it('an answer that names no passage leaves things as they are; none at all is an error', async () => {
    const reranker = new SetwiseReranker(oracle((answer, number) => (number < 2 ? 'neither' : answer)));
    expect(idsOf(await reranker.rerank('q', candidates))).toHaveLength(9);
    expect(reranker.statistics.unusable).toBe(1);
    await expect(new SetwiseReranker(oracle(() => '?')).rerank('q', candidates)).rejects.toMatchObject({ code: 'MODEL' });
  });
});

describe('Pairwise', () => {
  it('counts wins of all pairs, each asked in both orders', async () => {
    const chat = oracle();
    expect(idsOf(await new PairwiseReranker(chat).rerank('q', candidates))).toEqual(bestFirst);
    expect(chat.questions).toHaveLength(72);
  });

  it('lets the best rise by sliding', async () => {
    const ranking = await new PairwiseReranker(oracle(), { method: 'sliding', passes: 3 }).rerank('q', candidates);
    expect(idsOf(ranking).slice(0, 3)).toEqual(bestFirst.slice(0, 3));
  });

  it('a model that always says A decides nothing: the order stays', async () => {
    expect(idsOf(await new PairwiseReranker(oracle(() => 'A')).rerank('q', candidates))).toEqual(candidates.map(({ id }) => id));
    expect(
      idsOf(
        await new PairwiseReranker(
          oracle(() => 'A'),
          { method: 'sliding' },
        ).rerank('q', candidates),
      ),
    ).toEqual(candidates.map(({ id }) => id));
  });
});

describe('A chat endpoint', () => {
  const reply = (content: unknown) => ({
    json: { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] },
  });
  const quick = { retryDelayMs: 1, retries: 2, timeoutMs: 500 };

  it('is asked in the common form; thoughts and parts are no part of the answer', async () => {
    const contents: unknown[] = [
      '[2] > [1]',
      '<think>maybe [1] > [2]?</think>[2] > [1]',
      [
        { type: 'text', text: '[2] >' },
        { type: 'text', text: ' [1]' },
      ],
    ];
    const server = await JsonServer.start((_, number) => reply(contents[number]));
    const chat = openChat({ baseUrl: `${server.url}/v1`, model: 'm', apiKey: 'k', extra: { seed: 1 }, ...quick });
    for (const _ of contents) expect(await chat.complete([{ role: 'user', content: 'rank\ud800' }])).toBe('[2] > [1]');
    expect(server.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'rank\ufffd' }], temperature: 0, max_tokens: 1024, seed: 1 },
    });
    expect(server.requests[0]!.headers.authorization).toBe('Bearer k');
    await server.stop();
  });

  it('that answers badly in every way it can ends in an order or in an error with a reason, never in a wrong order taken for right', async () => {
    const bad = [
      reply(null),
      reply(''),
      reply(7),
      reply('<think>[1] > [2]'),
      reply('🤷'),
      { json: {} },
      { json: { choices: [] } },
      { json: null },
      { text: '<html>' },
      { json: { error: { message: 'context length exceeded' } }, status: 400 },
      { reset: true as const },
    ];
    for (const answer of bad) {
      const server = await JsonServer.start(() => answer);
      const reranker = new ListwiseReranker(openChat({ baseUrl: server.url, model: 'm', ...quick, retries: 0 }));
      const error = await reranker.rerank('q', candidates).catch((thrown: unknown) => thrown);
      expect(error, JSON.stringify(answer)).toMatchObject({ name: 'RankError', code: expect.stringMatching(/^(MODEL|REMOTE)$/) });
      await server.stop();
    }
  });

  it('that is busy is asked again, and cancelled when the caller leaves', async () => {
    const server = await JsonServer.start((_, number) =>
      number === 0 ? { status: 429, json: {}, headers: { 'retry-after': '0' } } : number === 1 ? reply('[9] > [2]') : { hang: true },
    );
    const reranker = new ListwiseReranker(openChat({ baseUrl: server.url, model: 'm', ...quick }));
    expect(idsOf(await reranker.rerank('q', candidates)).slice(0, 2)).toEqual(['d8', 'd1']);
    const stop = new AbortController();
    const call = reranker.rerank('q', candidates, { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await server.stop();
  });
});
