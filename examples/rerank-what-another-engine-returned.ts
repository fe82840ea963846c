/** Your engine found these; late interaction puts what answers the question first. No model: word vectors come from your own texts. */
import { readDocumentFile } from '@rank-rank/core/files';
import { learnStaticEncoder, maxsimReranker } from 'rank-rank';

const texts: string[] = [];
for await (const { title, text } of readDocumentFile('packages/cli/demo/corpus.jsonl')) texts.push(`${title} ${text}`);
const encoder = await learnStaticEncoder(texts);

const fromElasticsearch = [
  { id: '17', text: 'A bank that offers a high interest rate for one year often lowers it in the second.', score: 8.1 },
  { id: '23', text: 'The museum on the left bank of the river shows old coins.', score: 7.9 },
  { id: '9', text: 'On the outside of a bend fast water eats into the river bank and washes the soil away.', score: 7.5 },
  { id: '4', text: 'Rows of willow stakes hold the soil of a river bank against floods.', score: 7.2 },
];
const reranker = maxsimReranker({ encoder: encoder.tokens, blend: { alpha: 0.7 } });
const ranking = await reranker.rerank('what wears away the banks of a stream', fromElasticsearch, { topK: 3 });
for (const { id, score } of ranking) console.log(score.toFixed(3), fromElasticsearch.find((hit) => hit.id === id)?.text);
