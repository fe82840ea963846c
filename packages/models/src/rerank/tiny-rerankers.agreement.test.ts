import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData, folderWithOwnCache } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { openCrossEncoder } from './cross-encoder.ts';
import { openGenerativeReranker } from './generative-reranker.ts';

folderWithOwnCache('rerankers');

interface Pairs {
  readonly pairs: [string, string][];
  readonly logits: (number | number[])[];
  readonly scores: (number | number[])[];
}

describeWithData('The tiny rerankers give what Sentence Transformers gave', 'models/tiny', (folder) => {
  const expectedOf = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as T;

  it.each(['bert-cross-encoder', 'bert-cross-encoder-3-labels', 'xlmr-cross-encoder', 'modernbert-cross-encoder'])(
    '%s: logits and scores',
    async (name) => {
      const expected = expectedOf<Pairs>(name);
      const model = await openCrossEncoder(join(folder, name));
      const logits = await model.classify(expected.pairs);
      expected.logits.forEach((row, i) => {
        [row].flat().forEach((value, k) => {
          expect(logits[i]![k]).toBeCloseTo(value, 4);
        });
      });
      if (model.description.labels.length === 1) {
        const queries = [...new Set(expected.pairs.map(([query]) => query))];
        for (const query of queries) {
          const at = expected.pairs.flatMap((pair, i) => (pair[0] === query ? [i] : []));
          const scores = await model.score(
            query,
            at.map((i) => expected.pairs[i]![1]),
          );
          at.forEach((i, k) => {
            expect(scores[k]).toBeCloseTo(expected.scores[i] as number, 5);
          });
        }
      }
      await model.close();
    },
  );

  it('a cross-encoder ranks, says what its scores mean, and gives the same order in either space', async () => {
    const name = join(folder, 'bert-cross-encoder');
    const texts = ['laminar flow', 'shock waves', '', 'wing sweep and lift', 'a'];
    const candidates = texts.map((text, i) => ({ id: `d${i}`, text }));
    const [probability, logit] = await Promise.all([openCrossEncoder(name), openCrossEncoder(name, { space: 'logit' })]);
    const ranking = await probability.rerank('wing', candidates);
    expect([probability.space, logit.space]).toEqual(['probability', 'logit']);
    expect(ranking).toHaveLength(5);
    expect(ranking.every(({ score }, i) => score > 0 && score < 1 && (i === 0 || score <= ranking[i - 1]!.score))).toBe(true);
    const raw = await logit.rerank('wing', candidates);
    expect(raw.map(({ id }) => id)).toEqual(ranking.map(({ id }) => id));
    raw.forEach(({ score }, i) => {
      expect(1 / (1 + Math.exp(-score))).toBeCloseTo(ranking[i]!.score, 12);
    });
    expect(await probability.rerank('wing', candidates, { topK: 2 })).toEqual(ranking.slice(0, 2));
    expect(await probability.rerank('wing', [])).toEqual([]);
    const titled = await probability.score('wing', ['Lift of wings']);
    expect((await probability.rerank('wing', [{ id: 'x', title: 'Lift', text: 'of wings' }]))[0]!.score).toBe(titled[0]);
    await Promise.all([probability.close(), logit.close()]);
  });

  it('a cross-encoder reads long documents by their beginning, their best window, or all of them', async () => {
    const name = join(folder, 'bert-cross-encoder');
    const long = `${'plate flow over a heated surface '.repeat(60)} wing sweep`;
    const models = await Promise.all(
      (['first', 'max', 'mean'] as const).map((longDocuments) => openCrossEncoder(name, { longDocuments, space: 'logit', maxLength: 64 })),
    );
    const [first, max, mean] = await Promise.all(models.map(async (model) => (await model.score('wing sweep', [long, 'short']))!));
    expect(max![0]).toBeGreaterThanOrEqual(first![0]!);
    expect(max![0]).toBeGreaterThan(mean![0]!);
    expect([max![1], mean![1]]).toEqual([first![1], first![1]]);
    expect(models[1]!.statistics.texts).toBeGreaterThan(models[0]!.statistics.texts);
    await Promise.all(models.map((model) => model.close()));
  });

  it('a model of several labels ranks by one that is named, and by none that is guessed', async () => {
    const name = join(folder, 'bert-cross-encoder-3-labels');
    const unsaid = await openCrossEncoder(name);
    await expect(unsaid.score('a', ['b'])).rejects.toThrow(/LABEL_0, LABEL_1, LABEL_2; say which/);
    const said = await openCrossEncoder(name, { label: 'LABEL_2', space: 'probability' });
    const [logits] = await said.classify([['a', 'b']]);
    const exps = [...logits!].map((value) => Math.exp(value));
    expect((await said.score('a', ['b']))[0]).toBeCloseTo(exps[2]! / (exps[0]! + exps[1]! + exps[2]!), 10);
    await expect(openCrossEncoder(name, { label: 'LABEL_9' })).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await Promise.all([unsaid.close(), said.close()]);
  });

  it('qwen3-reranker: the probability of yes', async () => {
    const {
      rows,
      yes_token: yes,
      no_token: no,
    } = expectedOf<{
      rows: { query: string; document: string; yes: number; no: number; score: number }[];
      yes_token: number;
      no_token: number;
    }>('qwen3-reranker');
    const model = await openGenerativeReranker(join(folder, 'qwen3-reranker'), { prompt: { yes, no } });
    const logit = await openGenerativeReranker(join(folder, 'qwen3-reranker'), { prompt: { yes, no }, space: 'logit' });
    for (const row of rows) {
      expect((await model.score(row.query, [row.document]))[0]).toBeCloseTo(row.score, 5);
      expect((await logit.score(row.query, [row.document]))[0]).toBeCloseTo(row.yes - row.no, 4);
    }
    const [first, second] = await model.score(
      rows[0]!.query,
      rows.slice(0, 2).map(({ document }) => document),
    );
    expect(first).toBeCloseTo(rows[0]!.score, 5);
    expect(second).toBeCloseTo(rows[1]!.score, 5);
    // What is cut of a document that is too long is its end; the question after it stays.
    const cut = await openGenerativeReranker(join(folder, 'qwen3-reranker'), { prompt: { yes, no }, maxLength: 280 });
    expect(Number.isFinite((await cut.score('wing', ['flow '.repeat(500)]))[0])).toBe(true);
    expect(cut.statistics.truncated).toBe(1);
    await expect(cut.score('wing '.repeat(400), ['flow'])).rejects.toThrow(/shorten the query/);
    await expect(openGenerativeReranker(join(folder, 'qwen3-reranker'))).rejects.toThrow(/"yes" is 2 tokens/);
    await Promise.all([model.close(), logit.close(), cut.close()]);
  });

  it('refuses candidates it cannot read, doubled ids, and unknown options', async () => {
    const model = await openCrossEncoder(join(folder, 'bert-cross-encoder'));
    await expect(model.rerank('q', [{ id: 'a', text: 'x' }, { id: 'b' }])).rejects.toThrow(/1 of 2 candidates have no text to read \(b\)/);
    await expect(
      model.rerank('q', [
        { id: 'a', text: 'x' },
        { id: 'a', text: 'y' },
      ]),
    ).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
    await expect(model.rerank('q', [{ id: 'a', text: 'x' }], { topk: 1 } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await expect(model.rerank(5 as never, [])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(model.rerank('q', [{ id: 'a', text: 'x' }], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    const { data } = { data: await model.score('q \ud800', ['', 'flow '.repeat(200_000), '\udfff']) };
    expect(data.every((score) => score > 0 && score < 1)).toBe(true);
    await model.close();
    await expect(model.score('q', ['a'])).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
