import { RankError } from '@rank-rank/core';
import { type PaddedBatch, pad, paddedPositions, type TokenBatch } from './batch.ts';
import { loadRuntime, type OnnxRuntime, type OnnxSession, type OnnxTensor, type OnnxValue, type RuntimeName } from './load-runtime.ts';
import { type FloatTensor, type Reduced, type Reduction, reduce } from './reduction.ts';
import type { ExecutionProvider, GraphSource, Session, SessionOptions, TensorInfo } from './session.ts';

/** Opens a graph with ONNX Runtime in this thread, which its runs will block: `openModel` puts it in a worker instead. */
export async function openOnnxSession(source: GraphSource, options: SessionOptions = {}): Promise<Session> {
  const { name, runtime } = await loadRuntime(options.runtime);
  const providers = options.providers ?? [name === 'onnxruntime-node' ? 'cpu' : 'wasm'];
  checkProviders(name, runtime, providers);
  if (name === 'onnxruntime-web' && runtime.env.wasm && options.threads !== undefined) runtime.env.wasm.numThreads = options.threads;
  const shown = typeof source === 'string' ? source : `a graph of ${source.length} bytes`;
  let inner: OnnxSession;
  try {
    inner = await runtime.InferenceSession.create(await sourceFor(name, source), {
      executionProviders: providers,
      executionMode: 'sequential',
      interOpNumThreads: 1,
      intraOpNumThreads: options.threads ?? 1,
      graphOptimizationLevel: 'all',
      // What goes wrong is thrown; it need not be printed too.
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw openingError(shown, cause as Error, providers);
  }
  const halves = inner.outputMetadata.some(({ type }) => type === 'float16');
  return new OnnxRuntimeSession(runtime, inner, shown, halves ? (await import('@rank-rank/storage/tensors')).fromFloat16 : undefined);
}

/** Loaded for models that give half precision: most start without. */
type FromFloat16 = (bits: Uint16Array) => Float32Array;

/** onnxruntime-web reads no files by itself in Node. */
async function sourceFor(name: RuntimeName, source: GraphSource): Promise<GraphSource> {
  if (name === 'onnxruntime-node' || typeof source !== 'string') return source;
  if (/^(https?|blob|data):/.test(source)) return source;
  const { readFile } = await import('node:fs/promises');
  return await readFile(source);
}

class OnnxRuntimeSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #runtime: OnnxRuntime;
  readonly #shown: string;
  readonly #fromFloat16: FromFloat16 | undefined;
  #inner: OnnxSession | undefined;
  #reductions: readonly Reduction[] = [];

  constructor(runtime: OnnxRuntime, inner: OnnxSession, shown: string, fromFloat16: FromFloat16 | undefined) {
    this.#runtime = runtime;
    this.#fromFloat16 = fromFloat16;
    this.#inner = inner;
    this.#shown = shown;
    this.inputs = inner.inputMetadata.map(info);
    this.outputs = inner.outputMetadata.map(info);
  }

  async prepare(reductions: readonly Reduction[]): Promise<void> {
    for (const { output } of reductions) {
      if (this.outputs.some(({ name }) => name === output)) continue;
      const names = this.outputs.map(({ name }) => name);
      throw new RankError(
        'MODEL',
        `The model ${this.#shown} has no output ${JSON.stringify(output)}; it has ${names.join(', ')}. Name the right one, or export the model again.`,
        { output, outputs: names },
      );
    }
    this.#reductions = reductions;
  }

  async run(batch: TokenBatch, wanted: readonly number[], computed?: () => void): Promise<readonly Reduced[]> {
    if (this.#inner === undefined) throw new RankError('CLOSED', `The session of ${this.#shown} was closed.`);
    const reductions = wanted.map((index) => this.#reductions[index]!);
    const names = [...new Set(reductions.map(({ output }) => output))];
    const feeds = this.#feeds(batch);
    let results: Record<string, OnnxTensor>;
    try {
      results = await this.#inner.run(feeds, names);
      computed?.();
    } catch (cause) {
      throw runningError(this.#shown, cause as Error, batch);
    }
    try {
      const floats = new Map(names.map((name) => [name, toFloats(name, results[name]!, this.#fromFloat16)]));
      return reductions.map((reduction) => reduce(reduction, floats.get(reduction.output)!, batch));
    } finally {
      for (const tensor of Object.values(results)) tensor.dispose?.();
    }
  }

  async close(): Promise<void> {
    const inner = this.#inner;
    this.#inner = undefined;
    await inner?.release();
  }

  #feeds(batch: TokenBatch): Record<string, OnnxTensor> {
    const { Tensor } = this.#runtime;
    const padded = pad(batch);
    const { rows, width } = batch;
    const feeds: Record<string, OnnxTensor> = {};
    for (const { name, type, shape } of this.inputs) {
      const whole = wholeInput(name, batch, padded);
      if (whole !== undefined) {
        const data = type === 'int32' ? Int32Array.from(whole, Number) : type === 'float32' ? Float32Array.from(whole, Number) : whole;
        feeds[name] = new Tensor(type === 'int32' || type === 'float32' ? type : 'int64', data, [rows, width]);
      } else if (/^past_key_values?[._]/.test(name)) {
        // A decoder exported for generation wants the past; there is none.
        const dims = shape.map((size, i) => (i === 0 ? rows : typeof size === 'number' ? size : 0));
        feeds[name] = new Tensor(type, type === 'float16' ? new Uint16Array(0) : new Float32Array(0), dims);
      } else if (name === 'use_cache_branch') {
        feeds[name] = new Tensor('bool', new Uint8Array(1), [1]);
      } else {
        throw new RankError(
          'UNSUPPORTED',
          `The model ${this.#shown} wants an input ${JSON.stringify(name)}, which a text has none of. Expected input_ids, attention_mask, token_type_ids, position_ids.`,
          { input: name },
        );
      }
    }
    return feeds;
  }
}

function wholeInput(name: string, batch: TokenBatch, padded: PaddedBatch): BigInt64Array | undefined {
  switch (name) {
    case 'input_ids':
    case 'input':
    case 'input_1':
      return padded.ids;
    case 'attention_mask':
    case 'mask':
      return padded.mask;
    case 'token_type_ids':
    case 'segment_ids':
      return padded.typeIds;
    case 'position_ids':
      return paddedPositions(batch);
    default:
      return undefined;
  }
}

function info({ name, type, shape }: OnnxValue): TensorInfo {
  return { name, type: type ?? 'unknown', shape: shape ?? [] };
}

function toFloats(name: string, tensor: OnnxTensor, fromFloat16: FromFloat16 | undefined): FloatTensor {
  const { data, dims, type } = tensor;
  if (data instanceof Float32Array) return { data, dims };
  if (type === 'float16' && ArrayBuffer.isView(data) && fromFloat16 !== undefined) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
    return { data: fromFloat16(bits), dims };
  }
  if (data instanceof Float64Array) return { data: Float32Array.from(data), dims };
  throw new RankError('MODEL', `The model's output ${JSON.stringify(name)} is of type ${type}; expected floating-point numbers.`, {
    output: name,
    type,
  });
}

/** What each package can do where it runs; a provider that is not there is an error at once, with what is. */
function checkProviders(name: RuntimeName, runtime: OnnxRuntime, providers: readonly ExecutionProvider[]): void {
  const there = runtime.listSupportedBackends?.().map((backend) => backend.name) ?? ['wasm', 'cpu', 'webgpu', 'webnn'];
  const missing = providers.filter((provider) => !there.includes(provider));
  if (missing.length < providers.length || providers.length === 0) return;
  throw new RankError(
    'UNSUPPORTED',
    `${name} has no execution provider ${missing.join(', ')} on this machine; it has ${there.join(', ')}. ` +
      'CUDA needs Linux x64, the CUDA libraries, and the install script of onnxruntime-node (`npm rebuild onnxruntime-node`); CoreML is on macOS, DirectML on Windows.',
    { providers: missing, available: there },
  );
}

function openingError(shown: string, cause: Error, providers: readonly string[]): RankError {
  const text = cause.message;
  if (/not found|doesn't exist|does not exist|No such file|ENOENT|NO_SUCHFILE/i.test(text) && !/external/i.test(text)) {
    return new RankError('NOT_FOUND', `The model file ${shown} does not exist.`, { file: shown }, { cause });
  }
  if (/external|\.onnx_data|initializer.*file/i.test(text)) {
    return new RankError(
      'NOT_FOUND',
      `${shown} keeps its weights in a second file, which cannot be read: ${text}. Put the .onnx_data file beside it.`,
      { file: shown },
      { cause },
    );
  }
  if (/protobuf|INVALID_PROTOBUF|parsing|ModelProto|unexpected end|graph is empty|No graph/i.test(text)) {
    return new RankError(
      'CORRUPT',
      `${shown} is no ONNX model, or half of one (${text}). Remove it and get it again.`,
      { file: shown },
      { cause },
    );
  }
  if (/bad.?alloc|out of memory|Failed to allocate/i.test(text)) {
    return new RankError(
      'MODEL',
      `There is not enough memory to open ${shown}: ${text}. Use a quantised or smaller model.`,
      { file: shown },
      { cause },
    );
  }
  if (/execution ?provider|shared library|providers_shared/i.test(text)) {
    return new RankError(
      'UNSUPPORTED',
      `The execution provider ${providers.join(', ')} cannot be used here: ${text}. CUDA needs Linux x64, the CUDA libraries, and the install script of onnxruntime-node (\`npm rebuild onnxruntime-node\`).`,
      { file: shown, providers },
      { cause },
    );
  }
  return new RankError('MODEL', `${shown} cannot be opened with ${providers.join(', ')}: ${text}`, { file: shown }, { cause });
}

function runningError(shown: string, cause: Error, batch: TokenBatch): RankError {
  const text = cause.message;
  const size = `${batch.rows} texts of up to ${batch.width} tokens`;
  if (/indices element out of data bounds|out of range|out of bounds/i.test(text)) {
    return new RankError(
      'MODEL',
      `${shown} failed on ${size}: ${text}. A token id or position is outside the model's tables: the tokenizer is not this model's, or the texts are longer than it allows (set maxLength).`,
      { file: shown },
      { cause },
    );
  }
  if (/bad.?alloc|out of memory|Failed to allocate/i.test(text)) {
    return new RankError('MODEL', `${shown} ran out of memory on ${size}. Lower maxBatchTokens or maxLength.`, { file: shown }, { cause });
  }
  return new RankError('MODEL', `${shown} failed on ${size}: ${text}`, { file: shown }, { cause });
}
