import { describe, expect, it } from 'vitest';
import { pipeline } from '../run/pipeline.ts';
import { generate } from '../stage/generate.ts';
import { retrieve } from '../stage/retrieve.ts';
import { documentsOf, fixed } from '../testing/fakes.ts';
import { sentencesOf } from '../text/sentences.ts';
import type { ChatMessage, ChatModel } from './chat-model.ts';
import { checkCitations } from './citations.ts';
import { extractiveAnswer } from './extractive.ts';
import { passagesWithin } from './prompt.ts';

const willow = 'Rows of living willow stakes are driven into a bare bank. Their roots bind the soil, and the branches slow floodwater.';
const oxbow = 'When a flood breaks through the neck of a bend, the old curve is left behind. Within a century it fills with silt.';
const documents = documentsOf({ w: willow, o: oxbow });
const search = fixed({ w: 2, o: 1 });
const passages = [
  { number: 1, id: 'w', text: willow },
  { number: 2, id: 'o', text: oxbow },
];

function writer(answer: string): ChatModel & { asked: readonly ChatMessage[] } {
  const model = {
    asked: [] as readonly ChatMessage[],
    async complete(messages: readonly ChatMessage[], { onText }: { onText?: (text: string) => void } = {}) {
      model.asked = messages;
      for (const word of answer.split(/(?<= )/)) onText?.(word);
      return answer;
    },
  };
  return model;
}

describe('the answer stage', () => {
  it('gives the model the best passages and checks what it cites', async () => {
    const model = writer('Willow roots bind the soil [1]. Old curves fill with silt [2].');
    const heard: string[] = [];
    const { output, hits } = await pipeline(retrieve(search), generate(model, { onText: (text) => heard.push(text) }), { documents }).run(
      'how do willows help',
    );
    expect(output.text).toContain('[1]');
    expect(heard.join('')).toBe(output.text);
    expect(output.citations.map(({ id }) => id)).toEqual(['w', 'o']);
    expect(output.doubts).toEqual([]);
    expect(hits.map(({ id }) => id)).toEqual(['w', 'o']);
    expect(model.asked[1]!.content).toContain(`[1]\n${willow}`);
  });

  it('doubts marks without a passage, statements without support and answers without marks', () => {
    const doubts = (text: string) => checkCitations(text, passages).doubts.join(' ');
    expect(doubts('Roots bind soil [7].')).toContain('not given');
    expect(doubts('Elephants remember every waterhole they visited as calves [1].')).toContain('shares almost nothing');
    expect(doubts('Roots bind the soil.')).toContain('cites no passage');
    expect(doubts('Willow roots bind the soil. [1] The old curve fills with silt. [1, 2]')).toContain('[1]');
    expect(checkCitations('The roots bind the soil. [1]', passages).citations[0]!.support).toBe(1);
  });

  it('answers without a model from the sentences that match best', async () => {
    const { output } = await pipeline(retrieve(search), generate('extractive'), { documents }).run(
      'what do the roots of willows do to the soil',
    );
    expect(output.text).toContain('Their roots bind the soil, and the branches slow floodwater. [1]');
    expect(output.doubts).toEqual([]);
    expect(await extractiveAnswer('entirely unrelated zebra', passages)).toBe('');
  });

  it('keeps within its tokens: whole passages, then one cut at a sentence, then none', () => {
    const long = { id: 'l', text: `${'A sentence of some length that says little. '.repeat(20)}` };
    const kept = passagesWithin([{ id: 'a', text: willow }, long, { id: 'z', text: 'never' }], { tokens: 120 });
    expect(kept.map(({ id }) => id)).toEqual(['a', 'l']);
    expect(kept[1]!.text.endsWith('.')).toBe(true);
    expect(kept[1]!.text.length).toBeLessThan(long.text.length);
    expect(() => passagesWithin([long], { tokens: 5 })).toThrow(/token budget of 5/);
  });

  it('has nothing to say where nothing was found', async () => {
    const { output } = await pipeline(retrieve(fixed({})), generate('extractive'), { documents }).run('x');
    expect([output.text, output.hits]).toEqual(['', []]);
  });

  it('knows where sentences stand, in any script', () => {
    const text = 'Eins. Zwei?  三つの文。 Четыре!';
    for (const { text: sentence, start, end } of sentencesOf(text)) expect(text.slice(start, end)).toBe(sentence);
    expect(sentencesOf(text).length).toBeGreaterThanOrEqual(4);
  });

  it('refuses what cannot write', () => {
    expect(() => generate({} as never)).toThrow(/expected a chat model/);
    expect(() => generate('extractive', { passages: 0 })).toThrow(/passages/);
    expect(() => generate('extractive', { passage: 3 } as never)).toThrow(/Did you mean "passages"/);
  });
});
