import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeModel } from './describe-model.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const modules = (...entries: [path: string, type: string][]) =>
  entries.map(([path, type], idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` }));
const bert = { model_type: 'bert', architectures: ['BertModel'], hidden_size: 8, vocab_size: 100, max_position_embeddings: 512 };

describe('Dense encoders', () => {
  it('read pooling modes in the old form and the new, prompts under any name, and what is not pooled', async () => {
    write({
      'config.json': bert,
      'modules.json': modules(['', 'Transformer'], ['1_Pooling', 'Pooling']),
      '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_max_tokens: true, include_prompt: false },
      'config_sentence_transformers.json': { prompts: { query: 'q: ', passage: 'p: ' }, similarity_fn_name: 'dot' },
      'sentence_bert_config.json': { max_seq_length: 128, do_lower_case: true },
    });
    expect(await describeModel(folder)).toMatchObject({
      kind: 'dense',
      pooling: ['cls', 'max'],
      poolsPrompt: false,
      normalize: false,
      prompts: { query: 'q: ', document: 'p: ' },
      similarity: 'dot',
      maxLength: 128,
      lowercase: true,
    });
    write({ '1_Pooling/config.json': { pooling_mode: 'lasttoken' } });
    expect(await describeModel(folder)).toMatchObject({ pooling: ['lasttoken'], poolsPrompt: true });
  });

  it('a bare model is read as Sentence Transformers does, and it is said that this was assumed', async () => {
    write({ 'config.json': { ...bert, model_type: 'xlm-roberta', max_position_embeddings: 514 } });
    const description = await describeModel(folder);
    expect(description).toMatchObject({ kind: 'dense', pooling: ['mean'], maxLength: 512 });
    expect(description.notes[0]).toMatch(/mean/);
  });

  it('a listed projection without weights, an unknown pooling and an unknown module are refused', async () => {
    write({
      'config.json': bert,
      'modules.json': modules(['', 'Transformer'], ['1_Pooling', 'Pooling'], ['2_Dense', 'Dense']),
      '1_Pooling/config.json': { pooling_mode: 'mean' },
      '2_Dense/config.json': { in_features: 8, out_features: 4, activation_function: 'torch.nn.modules.activation.Tanh' },
    });
    await expect(describeModel(folder)).rejects.toThrow(/lists a projection .* has no weights/);
    write({ '1_Pooling/config.json': { pooling_mode: 'middle' } });
    await expect(describeModel(folder)).rejects.toThrow(/pooling middle is not known; known are cls/);
    write({ 'modules.json': modules(['', 'Transformer'], ['1_Pooling', 'Pooling'], ['2_LSTM', 'LSTM']) });
    await expect(describeModel(folder)).rejects.toThrow(/LSTM, which is not supported/);
  });

  it('missing parts of a listed module are named', async () => {
    write({ 'config.json': bert, 'modules.json': modules(['', 'Transformer'], ['1_Pooling', 'Pooling']) });
    await expect(describeModel(folder)).rejects.toThrow(/1_Pooling.config\.json is missing/);
  });
});

describe('Late interaction', () => {
  it('a backbone asked for token vectors is refused, with the reason', async () => {
    write({ 'config.json': bert });
    await expect(describeModel(folder, 'tokens')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(describeModel(folder, 'tokens')).rejects.toThrow(/no projection to token vectors/);
  });

  it('Stanford: settings of artifact.metadata, or the usual ones', async () => {
    write({ 'config.json': { ...bert, architectures: ['HF_ColBERT'] } });
    expect(await describeModel(folder)).toMatchObject({
      kind: 'tokens',
      layout: 'stanford',
      prompts: { query: '[unused0] ', document: '[unused1] ' },
      lengths: { query: 32, document: 180 },
      expansion: { length: 32, attend: false, minimum: false },
    });
    write({ 'artifact.metadata': { query_maxlen: 20, doc_maxlen: 300, attend_to_mask_tokens: true, mask_punctuation: false } });
    expect(await describeModel(folder)).toMatchObject({
      lengths: { query: 20, document: 300 },
      expansion: { length: 20, attend: true },
      skipList: [],
    });
  });

  it('PyLate: prefixes before prompts, expansion off where it says so', async () => {
    write({
      'config.json': bert,
      'modules.json': [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }],
      'config_sentence_transformers.json': {
        model_type: 'ColBERT',
        query_prefix: '[Q] ',
        document_prefix: '[D] ',
        query_length: 48,
        document_length: 300,
        do_query_expansion: false,
        prompts: { query: 'find: ' },
      },
    });
    const description = await describeModel(folder);
    expect(description).toMatchObject({
      layout: 'pylate',
      prompts: { query: '[Q] find: ', document: '[D] ' },
      lengths: { query: 48, document: 300 },
    });
    expect(description).toMatchObject({ expansion: undefined });
    expect(description.kind === 'tokens' && description.skipList).toHaveLength(32);
  });

  it('next-plaid: settings of onnx_config.json', async () => {
    write({
      'config.json': bert,
      'onnx_config.json': {
        query_prefix: '[Q] ',
        document_prefix: '[D] ',
        query_length: 32,
        document_length: 300,
        do_query_expansion: false,
        do_lower_case: true,
        embedding_dim: 4,
      },
    });
    expect(await describeModel(folder)).toMatchObject({
      layout: 'next-plaid',
      lengths: { document: 300 },
      expansion: undefined,
      lowercase: true,
      layers: [],
    });
  });

  it("Vespa's graph with nothing else said is read as ColBERTv2, and it is said that this was assumed", async () => {
    write({ 'config.json': bert, 'vespa_colbert.onnx': 'graph' });
    const description = await describeModel(folder);
    expect(description).toMatchObject({ kind: 'tokens', layout: 'onnx', expansion: { length: 32 } });
    expect(description.notes[0]).toMatch(/ColBERTv2/);
  });
});

describe('Cross-encoders and decoders', () => {
  const classifier = { ...bert, architectures: ['BertForSequenceClassification'] };

  it.each([
    [{ id2label: { 0: 'LABEL_0' } }, 'sigmoid', 1],
    [{ id2label: { 0: 'LABEL_0' }, sentence_transformers: { activation_fn: 'torch.nn.modules.linear.Identity' } }, 'identity', 1],
    [{ id2label: { 0: 'LABEL_0' }, sbert_ce_default_activation_function: 'torch.nn.modules.activation.Sigmoid' }, 'sigmoid', 1],
    [{ id2label: { 0: 'no', 1: 'maybe', 2: 'yes' } }, 'identity', 3],
    [{}, 'identity', 2],
    [{ id2label: { 0: 'LABEL_0' }, sentence_transformers: { activation_fn: 'evil.module.Loader' } }, 'sigmoid', 1],
  ])('%j: %s over %i labels', async (extra, activation, labels) => {
    write({ 'config.json': { ...classifier, ...extra } });
    const description = await describeModel(folder);
    expect(description).toMatchObject({ kind: 'cross-encoder', activation });
    expect(description.kind === 'cross-encoder' && description.labels).toHaveLength(labels);
  });

  it('decoders are asked in the words of their family, or with the tokens their folder names', async () => {
    write({ 'config.json': { model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], vocab_size: 9 } });
    expect(await describeModel(folder)).toMatchObject({ kind: 'generative', prompt: { yes: '1', no: '0' } });
    write({ 'config.json': { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'], vocab_size: 9 } });
    expect(await describeModel(folder)).toMatchObject({ kind: 'generative', prompt: { yes: 'yes', no: 'no' } });
    write({
      'modules.json': modules(['', 'Transformer'], ['1_LogitScore', 'LogitScore']),
      '1_LogitScore/config.json': { true_token_id: 5, false_token_id: 7 },
    });
    expect(await describeModel(folder)).toMatchObject({ kind: 'generative', prompt: { yes: 5, no: 7 } });
  });
});

describe('Sparse encoders', () => {
  it('SPLADE with its pooling, and twice the logarithm where the folder says so', async () => {
    write({
      'config.json': { ...bert, architectures: ['BertForMaskedLM'] },
      'modules.json': modules(['', 'MLMTransformer'], ['1_SpladePooling', 'SpladePooling']),
      '1_SpladePooling/config.json': { pooling_strategy: 'sum', activation_function: 'log1p_relu' },
    });
    expect(await describeModel(folder)).toMatchObject({
      kind: 'sparse',
      pooling: 'sum',
      logarithms: 2,
      queryWeights: undefined,
      documents: true,
    });
  });

  it('a router with a table for queries and a model for documents', async () => {
    write({
      'config.json': { ...bert, architectures: ['BertForMaskedLM'] },
      'modules.json': modules(['', 'Router']),
      'router_config.json': {
        types: {
          query_0_SparseStaticEmbedding: 'sentence_transformers.sparse_encoder.models.SparseStaticEmbedding',
          document_0_MLMTransformer: 'sentence_transformers.sparse_encoder.models.MLMTransformer',
          document_1_SpladePooling: 'sentence_transformers.sparse_encoder.models.SpladePooling',
        },
        structure: { query: ['query_0_SparseStaticEmbedding'], document: ['document_0_MLMTransformer', 'document_1_SpladePooling'] },
      },
      'query_0_SparseStaticEmbedding/model.safetensors': 'x',
      'document_0_MLMTransformer/config.json': { ...bert, vocab_size: 77 },
      'document_1_SpladePooling/config.json': { pooling_strategy: 'max', activation_function: 'log1p_relu' },
    });
    expect(await describeModel(folder)).toMatchObject({
      kind: 'sparse',
      folder: join(folder, 'document_0_MLMTransformer'),
      vocabularySize: 77,
      logarithms: 2,
      queryWeights: { format: 'safetensors' },
    });
  });
});

describe('Folders that are none', () => {
  it('no folder, an empty one, and half a config.json', async () => {
    await expect(describeModel(join(folder, 'absent'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(describeModel(folder)).rejects.toThrow(/no config\.json/);
    write({ 'config.json': '{"model_type": "be' });
    await expect(describeModel(folder)).rejects.toMatchObject({ code: 'PARSE' });
    write({ 'config.json': 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n' });
    await expect(describeModel(folder)).rejects.toThrow(/Git LFS pointer/);
  });
});

describeWithData('The tiny models', 'models', (data) => {
  it.each([
    ['tiny/bert-cross-encoder', 'cross-encoder', { activation: 'sigmoid', maxLength: 128 }],
    ['tiny/bert-cross-encoder-3-labels', 'cross-encoder', { labels: ['LABEL_0', 'LABEL_1', 'LABEL_2'], activation: 'identity' }],
    ['tiny/xlmr-cross-encoder', 'cross-encoder', {}],
    ['tiny/modernbert-cross-encoder', 'cross-encoder', { modelType: 'modernbert' }],
    ['tiny/distilbert-dense-mean', 'dense', { pooling: ['mean'], normalize: true, maxLength: 64 }],
    ['tiny/modernbert-dense-cls', 'dense', { pooling: ['cls'], prompts: { query: 'search_query: ', document: 'search_document: ' } }],
    ['tiny/colbert-stanford', 'tokens', { layout: 'stanford', lengths: { query: 32, document: 60 } }],
    ['tiny/colbert-pylate', 'tokens', { layout: 'pylate', expansion: { length: 24, attend: true } }],
    [
      'tiny/colbert-sentence-transformers-6',
      'tokens',
      { layout: 'sentence-transformers', expansion: { length: 24, attend: true, minimum: false } },
    ],
    ['tiny/bert-splade', 'sparse', { pooling: 'max', logarithms: 1 }],
    ['tiny/bge-m3', 'multi', {}],
    ['tiny/qwen3-reranker', 'generative', { maxLength: 512 }],
    ['model2vec-rs-fixtures/test-model-int8', 'static', { normalize: true, skipsUnknown: true }],
  ])('%s is %s', async (path, kind, settings) => {
    expect(await describeModel(join(data, path))).toMatchObject({ kind, ...settings });
  });
});
