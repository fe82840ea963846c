import { RankError } from '@rank-rank/core';
import type { Precision } from '../graph/choose-graph.ts';
import type { HubFile } from './repository.ts';

/** A file to fetch, and what for. */
export interface ChosenFile extends HubFile {
  readonly why: string;
}

export interface FileChoice {
  readonly precision?: Precision;
  /** Whether the architecture is one that is exported here, so that weights alone will do. */
  readonly exportable: boolean;
  /** Whether the graph that the repository has is known to lack a projection, so that the weights are needed. */
  readonly needsWeights: boolean;
}

/** Small files that say how a model is used: wanted whatever else is. */
const configuration =
  /^([\w-]+\/)?(config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|modules|sentence_\w+_config|config_sentence_transformers|router_config|generation_config|onnx_config|idf|preprocessor_config)\.json$|^(vocab\.txt|merges\.txt|artifact\.metadata|chat_template\.jinja|README\.md|LICENSE[\w.]*)$/;

/** ONNX files by precision, the preferred first, in `onnx/` or at the root. */
const graphs: Readonly<Record<Exclude<Precision, 'auto'>, RegExp[]>> = {
  fp32: [/^(onnx\/)?model\.onnx$/, /^(onnx\/)?vespa_colbert\.onnx$/],
  fp16: [/^(onnx\/)?model_fp16\.onnx$/],
  q8: [/^(onnx\/)?model_q8\.onnx$/],
  int8: [
    /^(onnx\/)?model_int8\.onnx$/,
    /^(onnx\/)?model_quantized\.onnx$/,
    process.arch === 'arm64' ? /^(onnx\/)?model_qint8_arm64\.onnx$/ : /^(onnx\/)?model_qint8_avx512_vnni\.onnx$/,
    /^(onnx\/)?model_(qint8_\w+|quint8_\w+|uint8)\.onnx$/,
  ],
  q4: [/^(onnx\/)?model_(q4|q4f16|bnb4)\.onnx$/],
};

/** The small files of a repository that are fetched first: what the rest of the choice depends on. */
export function configurationFiles(files: readonly HubFile[]): ChosenFile[] {
  return files
    .filter(({ path, size }) => configuration.test(path) && size < 64 * 2 ** 20)
    .map((file) => ({
      ...file,
      why: /tokenizer|vocab|merges|token/.test(file.path)
        ? 'tokenizer'
        : /README|LICENSE/.test(file.path)
          ? 'licence and card'
          : 'configuration',
    }));
}

/** The large files: one graph with its weights, or the weights to make it of, and the heads that lie beside. */
export function modelFiles(
  name: string,
  files: readonly HubFile[],
  { precision = 'auto', exportable, needsWeights }: FileChoice,
): ChosenFile[] {
  const heads = files
    .filter(({ path }) => /^(sparse|colbert)_linear\.pt$/.test(path))
    .map((file) => ({ ...file, why: 'a head of the model' }));
  // Modules of Sentence Transformers are small models of their own, in folders such as 1_Dense.
  const modules = files
    .filter(
      ({ path }) =>
        /^\d+_\w+\/(model\.safetensors|pytorch_model\.bin)$/.test(path) ||
        /^(query|document)_\d+_\w+\/.*(safetensors|json|txt)$/.test(path),
    )
    .filter(
      ({ path }, _, all) =>
        path.endsWith('.safetensors') ||
        !path.endsWith('.bin') ||
        !all.some((other) => other.path === path.replace('pytorch_model.bin', 'model.safetensors')),
    )
    .map((file) => ({ ...file, why: 'a module of the model' }));
  const graph = needsWeights ? undefined : graphOf(files, precision);
  if (graph !== undefined) return [...graph, ...heads, ...modules];
  const weights = weightsOf(files);
  if (weights.length > 0 && (exportable || needsWeights) && (precision === 'auto' || precision === 'fp32'))
    return [...weights, ...heads, ...modules];
  const there = files.map(({ path }) => path).filter((path) => /\.(onnx|safetensors|bin|gguf|h5|msgpack)$/.test(path));
  throw new RankError(
    'NOT_FOUND',
    `${name} has nothing that runs here${precision === 'auto' ? '' : ` as ${precision}`}: ${
      weights.length > 0 && !exportable
        ? 'its weights are of an architecture that is not exported, and it has no ONNX graph'
        : 'no ONNX graph of that kind, and no weights to make one of'
    }. It has ${there.slice(0, 12).join(', ') || 'no model files'}.`,
    { name, files: there },
  );
}

function graphOf(files: readonly HubFile[], precision: Precision): ChosenFile[] | undefined {
  const wanted = precision === 'auto' ? (['fp32'] as const) : [precision];
  for (const kind of wanted) {
    for (const pattern of graphs[kind]) {
      const graph = files.find(({ path }) => pattern.test(path));
      if (graph === undefined) continue;
      const stem = graph.path.replace(/\.onnx$/, '');
      const data = files.filter(({ path }) => path.startsWith(stem) && /^\.onnx[._]data(_\d+)?$/.test(path.slice(stem.length)));
      return [{ ...graph, why: `the ${kind} graph` }, ...data.map((file) => ({ ...file, why: 'weights of the graph' }))];
    }
  }
  return undefined;
}

/** safetensors before PyTorch's own format, whole before in shards. */
function weightsOf(files: readonly HubFile[]): ChosenFile[] {
  const why = 'weights, of which the graph is made';
  for (const [whole, shard, index] of [
    ['model.safetensors', /^model-\d+-of-\d+\.safetensors$/, 'model.safetensors.index.json'],
    ['pytorch_model.bin', /^pytorch_model-\d+-of-\d+\.bin$/, 'pytorch_model.bin.index.json'],
  ] as const) {
    const single = files.find(({ path }) => path === whole);
    if (single !== undefined) return [{ ...single, why }];
    const shards = files.filter(({ path }) => shard.test(path) || path === index);
    if (shards.some(({ path }) => path === index)) return shards.map((file) => ({ ...file, why }));
  }
  return [];
}
