/** An answer from your own documents by a local model, with citations that are checked: `rag-with-ollama.ts QUESTION…` */
import { type ChatModel, generate, LexicalIndex, pipeline, retrieve } from 'rank-rank';

const question = process.argv.slice(2).join(' ') || 'how do willows protect a river bank';
const server = process.env.OLLAMA_HOST ?? 'http://127.0.0.1:11434';
const documents = [
  {
    id: 'willows',
    text: 'Willow stakes driven into a bare river bank root within weeks. Their roots bind the soil, and the branches slow floodwater.',
  },
  { id: 'oxbow', text: 'When a flood breaks through the neck of a bend, the old curve is left behind as a crescent of still water.' },
];

const ollama: ChatModel = {
  async complete(messages) {
    const body = JSON.stringify({ model: process.env.OLLAMA_MODEL ?? 'llama3.2', messages, stream: false });
    const response = await fetch(`${server}/api/chat`, { method: 'POST', body });
    if (!response.ok) throw new Error(`Ollama answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { message: { content: string } }).message.content;
  },
};

const index = await LexicalIndex.build(documents);
const answer = pipeline(retrieve(index), generate(ollama, { passages: 3, tokens: 1000 }), {
  documents: { get: async (ids) => ids.map((id) => documents.find((document) => document.id === id)) },
});
const { output } = await answer.run(question, { k: 3 });
console.log(output.text);
for (const { number, id } of output.citations) console.log(`[${number}] ${id}`);
for (const doubt of output.doubts) console.log('doubt:', doubt);
