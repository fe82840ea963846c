import { isRankError, RankError } from '@rank-rank/core';

/** The part of onnxruntime-common that both packages share and we use. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(source: string | Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OnnxTensor;
  readonly env: { wasm?: { numThreads?: number; wasmPaths?: unknown }; logLevel?: string };
  /** Only in onnxruntime-node. */
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[];
}

export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  dispose?(): void;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly OnnxValue[];
  readonly outputMetadata: readonly OnnxValue[];
  run(feeds: Readonly<Record<string, OnnxTensor>>, outputs: readonly string[]): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

export interface OnnxValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

export type RuntimeName = 'onnxruntime-node' | 'onnxruntime-web';

/**
 * Loads ONNX Runtime, which is not installed with this package: it is hundreds of megabytes, and which of its packages fits
 * depends on where the code runs.
 */
export async function loadRuntime(name?: RuntimeName): Promise<{ name: RuntimeName; runtime: OnnxRuntime }> {
  const wanted: RuntimeName[] = name === undefined ? ['onnxruntime-node', 'onnxruntime-web'] : [name];
  const problems: Error[] = [];
  for (const candidate of wanted) {
    try {
      const module = (candidate === 'onnxruntime-node' ? await import('onnxruntime-node') : await import('onnxruntime-web')) as unknown as {
        default?: OnnxRuntime;
      } & OnnxRuntime;
      const runtime = module.InferenceSession === undefined ? module.default! : module;
      // Warnings about nodes on the CPU are no news to anybody, and errors are thrown anyway.
      runtime.env.logLevel = 'fatal';
      return { name: candidate, runtime };
    } catch (error) {
      if (isRankError(error)) throw error;
      problems.push(error as Error);
    }
  }
  const broken = problems.find((error) => (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND');
  throw new RankError(
    'MISSING_DEPENDENCY',
    `Running a model needs ${wanted.join(' or ')}, which ${broken ? `cannot be loaded here: ${broken.message}` : 'is not installed'}. ` +
      'Install it with `npm install onnxruntime-node` (Node: CPU, CUDA, CoreML, DirectML, WebGPU) or `npm install onnxruntime-web` (browsers, edge runtimes, and Node without native code).',
    { packages: wanted },
    { cause: broken ?? problems[0] },
  );
}
