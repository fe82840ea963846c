import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError, shown } from '@rank-rank/core';
import { weightsFile } from '../safetensors/weights.ts';
import { type Configuration, readConfiguration, readJson } from './configuration.ts';

/** What a model gives for a text, or for a query and a text. */
export type ModelKind = 'dense' | 'tokens' | 'sparse' | 'bge-m3' | 'cross-encoder' | 'generative-reranker';

export const poolingModes = ['cls', 'max', 'mean', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'] as const;
/** How the states of a text's tokens become one vector, by Sentence Transformers' names. */
export type PoolingMode = (typeof poolingModes)[number];

/** A step after the transformer. */
export type HeadModule =
  | { readonly type: 'pooling'; readonly modes: readonly PoolingMode[] }
  | {
      readonly type: 'dense';
      /** Where its weights are; the transformer's own file where absent. */
      readonly folder?: string;
      readonly activation: string;
      readonly residual: boolean;
    }
  | { readonly type: 'layer-norm'; readonly folder: string }
  | { readonly type: 'normalize' }
  | { readonly type: 'splade'; readonly strategy: 'max' | 'sum'; readonly activation: 'relu' | 'log1p_relu' };

/** Tokens whose logits a generative reranker compares. */
export interface Answers {
  readonly yes: number;
  /** Absent where the score is the logit of `yes` alone. */
  readonly no?: number;
}

export interface ModelLayout {
  readonly kind: ModelKind;
  /** How the folder was recognised, in words. */
  readonly recognised: string;
  readonly folder: string;
  /** Where the transformer's config.json and weights are: the folder itself, or one within. */
  readonly encoderFolder: string;
  readonly config: Configuration;
  readonly modules: readonly HeadModule[];
  readonly answers?: Answers;
}

interface ListedModule {
  readonly type: string;
  readonly folder: string;
}

/**
 * Reads how a model folder was trained, as far as its graph depends on it: which transformer, and which steps after it. Recognised are
 * Sentence Transformers (modules.json), the ColBERT layouts of Stanford, PyLate and Sentence Transformers 6, BGE-M3, SPLADE,
 * cross-encoders and generative rerankers. A folder that needs a projection and has none is refused.
 */
export async function readLayout(folder: string, pooling?: PoolingMode): Promise<ModelLayout> {
  if (!existsSync(folder)) throw new RankError('NOT_FOUND', `The model folder ${folder} does not exist.`, { folder });
  const listed = await listModules(folder);
  const transformer = listed?.find(({ type }) => /Transformer$/.test(type));
  if (listed !== undefined && transformer === undefined) {
    throw new RankError(
      'UNSUPPORTED',
      `${folder}: modules.json lists no transformer (${listed.map(({ type }) => type).join(', ')}): it runs without an ONNX graph.`,
      {
        folder,
      },
    );
  }
  const encoderFolder = transformer?.folder ?? folder;
  const config = await readConfiguration(encoderFolder, 'config.json');
  if (config === undefined) {
    throw new RankError(
      'NOT_FOUND',
      `${join(encoderFolder, 'config.json')} does not exist: ${folder} is no model folder, or only half of one.`,
      { folder },
    );
  }
  const base = { folder, encoderFolder, config };
  const architecture = config.texts('architectures')[0] ?? '';
  const sentence = await readConfiguration(folder, 'config_sentence_transformers.json');

  if (existsSync(join(encoderFolder, 'sparse_linear.pt')) && existsSync(join(encoderFolder, 'colbert_linear.pt'))) {
    return { ...base, kind: 'bge-m3', recognised: 'BGE-M3: sparse_linear.pt and colbert_linear.pt', modules: [] };
  }
  const stanford = await readConfiguration(folder, 'artifact.metadata');
  if (listed === undefined && (stanford !== undefined || architecture === 'HF_ColBERT')) {
    return {
      ...base,
      kind: 'tokens',
      recognised: stanford !== undefined ? 'Stanford ColBERT: artifact.metadata' : 'Stanford ColBERT: architecture HF_ColBERT',
      modules: [{ type: 'dense', activation: 'identity', residual: false }, { type: 'normalize' }],
    };
  }
  const answers = await readAnswers(listed);
  if (answers !== undefined || architecture.endsWith('ForCausalLM')) {
    return {
      ...base,
      kind: 'generative-reranker',
      recognised: answers !== undefined ? 'Sentence Transformers: LogitScore' : `architecture ${architecture}`,
      modules: [],
      ...(answers !== undefined ? { answers } : {}),
    };
  }
  if (architecture.endsWith('ForSequenceClassification')) {
    return { ...base, kind: 'cross-encoder', recognised: `architecture ${architecture}`, modules: [] };
  }
  const modules = listed === undefined ? [] : await readModules(listed);
  const splade = modules.some(({ type }) => type === 'splade');
  if (splade || (architecture.endsWith('ForMaskedLM') && !modules.some(({ type }) => type === 'pooling'))) {
    return {
      ...base,
      kind: 'sparse',
      recognised: splade ? 'Sentence Transformers: SpladePooling' : `architecture ${architecture}`,
      modules: splade ? modules : [{ type: 'splade', strategy: 'max', activation: 'relu' }],
    };
  }
  const late =
    ['ColBERT', 'MultiVectorEncoder'].includes(String(sentence?.values['model_type'])) ||
    (listed ?? []).some(({ type }) => /(^pylate\.|MultiVectorMask$)/.test(type));
  if (late) return { ...base, ...lateInteraction(folder, listed, modules) };
  const pooled = modules.find((module) => module.type === 'pooling');
  if (pooling !== undefined && pooled !== undefined && !(pooled.modes.length === 1 && pooled.modes[0] === pooling)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${folder} was trained with ${pooled.modes.join(' and ')} pooling; ${pooling} would give other vectors. Leave the option out.`,
      {
        folder,
        pooling,
      },
    );
  }
  if (pooled === undefined && pooling !== undefined) {
    return {
      ...base,
      kind: 'dense',
      recognised: `a transformer without a head, pooled by ${pooling} as asked`,
      modules: [{ type: 'pooling', modes: [pooling] }, ...modules],
    };
  }
  if (pooled === undefined) {
    throw new RankError(
      'MODEL',
      `${folder} is a transformer without a head: no pooling (modules.json), no projection, no classifier. Its states are no embeddings as they are; say how to pool them: { pooling: 'mean' }.`,
      { folder, architecture },
    );
  }
  return { ...base, kind: 'dense', recognised: 'Sentence Transformers: modules.json', modules };
}

function lateInteraction(
  folder: string,
  listed: readonly ListedModule[] | undefined,
  modules: readonly HeadModule[],
): Pick<ModelLayout, 'kind' | 'recognised' | 'modules'> {
  const native = (listed ?? []).some(({ type }) => type.endsWith('MultiVectorMask'));
  if (!native && !modules.some(({ type }) => type === 'dense')) {
    throw new RankError(
      'MODEL',
      `${folder} says it is a ColBERT model and has no projection: modules.json lists no Dense. The backbone's states are no token embeddings; fetch the whole repository.`,
      { folder },
    );
  }
  return {
    kind: 'tokens',
    recognised: native ? 'Sentence Transformers: MultiVectorEncoder' : 'PyLate: modules.json',
    // PyLate normalises in its code and lists no module for it.
    modules: modules.some(({ type }) => type === 'normalize') ? modules : [...modules, { type: 'normalize' }],
  };
}

/** The modules of modules.json; those of the document side where queries and documents go different ways. */
async function listModules(folder: string): Promise<ListedModule[] | undefined> {
  const path = join(folder, 'modules.json');
  const listed = await readJson(path);
  if (listed === undefined) return undefined;
  const wrong = (): RankError => new RankError('PARSE', `${path}: expected a list of { type, path }.`, { file: path });
  if (!Array.isArray(listed)) throw wrong();
  const modules: ListedModule[] = [];
  for (const module of listed) {
    const { type, path: place } = (module ?? {}) as { type?: unknown; path?: unknown };
    if (typeof type !== 'string' || typeof place !== 'string' || place.split(/[\\/]/).includes('..')) throw wrong();
    if (!/(^|\.)(Router|Asym)$/.test(type)) modules.push({ type, folder: join(folder, place) });
    else modules.push(...(await documentRoute(join(folder, place))));
  }
  return modules;
}

async function documentRoute(folder: string): Promise<ListedModule[]> {
  const config = (await readConfiguration(folder, 'router_config.json')) ?? (await readConfiguration(folder, 'config.json'));
  const route = config?.inner('structure').texts('document') ?? [];
  const types = config?.inner('types').values ?? {};
  if (route.length === 0)
    throw new RankError('UNSUPPORTED', `${folder}: a router without a route for documents is not exported.`, { folder });
  return route.map((name) => ({ type: String(types[name] ?? name), folder: join(folder, name) }));
}

async function readModules(listed: readonly ListedModule[]): Promise<HeadModule[]> {
  const modules: HeadModule[] = [];
  for (const { type, folder } of listed) {
    const module = await readModule(type, folder);
    if (module !== undefined) modules.push(module);
  }
  return modules;
}

async function readModule(type: string, folder: string): Promise<HeadModule | undefined> {
  const name = type.slice(type.lastIndexOf('.') + 1);
  const config = async (): Promise<Configuration> => {
    const found = await readConfiguration(folder, 'config.json');
    if (found === undefined)
      throw new RankError(
        'NOT_FOUND',
        `${join(folder, 'config.json')} does not exist, and modules.json lists a ${name} there: the model is incomplete.`,
        { folder },
      );
    return found;
  };
  switch (name) {
    case 'Transformer':
    case 'MLMTransformer':
    // Dropout does nothing when a model is used; masking and clustering of tokens are the encoder's work, after the graph.
    case 'Dropout':
    case 'MultiVectorMask':
    case 'TokenPooling':
    case 'HierarchicalTokenPooling':
      return undefined;
    case 'Pooling':
      return readPooling(await config());
    case 'Normalize':
      return { type: 'normalize' };
    case 'LayerNorm':
      return { type: 'layer-norm', folder };
    case 'SpladePooling': {
      const values = await config();
      const strategy = values.text('pooling_strategy', 'max');
      const activation = values.text('activation_function', 'relu');
      if ((strategy !== 'max' && strategy !== 'sum') || (activation !== 'relu' && activation !== 'log1p_relu')) {
        throw new RankError('UNSUPPORTED', `${values.path}: SPLADE pooling ${shown(strategy)} of ${shown(activation)} is not known.`);
      }
      return { type: 'splade', strategy, activation };
    }
    case 'Dense': {
      const values = await config();
      if (weightsFile(folder) === undefined) {
        throw new RankError(
          'NOT_FOUND',
          `${folder} has no weights, and modules.json lists a projection there. The backbone's states are no embeddings without it; fetch the whole repository.`,
          { folder },
        );
      }
      return { type: 'dense', folder, activation: torchActivation(values), residual: values.flag('use_residual') };
    }
    default:
      throw new RankError('UNSUPPORTED', `${folder}: modules of type ${shown(type)} are not exported.`, { type });
  }
}

function readPooling(config: Configuration): HeadModule {
  if (!config.flag('include_prompt', true)) {
    throw new RankError('UNSUPPORTED', `${config.path}: pooling that leaves the prompt's tokens out is not exported.`);
  }
  const legacy: Readonly<Record<string, PoolingMode>> = {
    pooling_mode_cls_token: 'cls',
    pooling_mode_max_tokens: 'max',
    pooling_mode_mean_tokens: 'mean',
    pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
    pooling_mode_weightedmean_tokens: 'weightedmean',
    pooling_mode_lasttoken: 'lasttoken',
  };
  const named = config.values['pooling_mode'];
  const modes =
    named !== undefined ? [named].flat() : Object.keys(legacy).flatMap((key) => (config.values[key] === true ? [legacy[key]] : []));
  for (const mode of modes) {
    if (!poolingModes.includes(mode as PoolingMode))
      throw new RankError('UNSUPPORTED', `${config.path}: pooling ${shown(mode)} is not exported. Known: ${poolingModes.join(', ')}.`);
  }
  return { type: 'pooling', modes: modes.length > 0 ? (modes as PoolingMode[]) : ['mean'] };
}

/** `torch.nn.modules.activation.Tanh` → `tanh`. Only PyTorch's own names are trusted. */
function torchActivation(config: Configuration): string {
  const path = config.text('activation_function', 'torch.nn.modules.activation.Tanh');
  const name = /^torch\.nn\.modules\.\w+\.(\w+)$/.exec(path)?.[1];
  if (name === undefined) throw new RankError('UNSUPPORTED', `${config.path}: the activation ${shown(path)} is not one of PyTorch's.`);
  return name.toLowerCase();
}

async function readAnswers(listed: readonly ListedModule[] | undefined): Promise<Answers | undefined> {
  const score = listed?.find(({ type }) => type.endsWith('LogitScore'));
  if (score === undefined) return undefined;
  const config = await readConfiguration(score.folder, 'config.json');
  const yes = config?.values['true_token_id'];
  const no = config?.values['false_token_id'];
  if (typeof yes !== 'number')
    throw new RankError('PARSE', `${score.folder}: config.json names no true_token_id.`, { folder: score.folder });
  return typeof no === 'number' ? { yes, no } : { yes };
}
