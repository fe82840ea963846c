import type { DenseEncoder, SparseEncoder, TokenEncoder } from '@rank-rank/core';
import { checkOneOf, RankError } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import { openDenseEncoder } from './dense-encoder.ts';
import { type MultiOutput, openMultiEncoder } from './multi-encoder.ts';
import { openSparseEncoder, type SparseEncoderOptions } from './sparse-encoder.ts';
import { openStaticEmbeddings } from './static-embeddings.ts';
import { resolveFolder } from './text-model.ts';
import { openTokenEncoder } from './token-encoder.ts';

/** An encoder, and which representation it gives. `id` names the model and its state, for caches. */
export type OpenEncoder = { readonly id: string; close(): Promise<void> } & (
  | { readonly kind: 'dense'; readonly encoder: DenseEncoder }
  | { readonly kind: 'tokens'; readonly encoder: TokenEncoder }
  | { readonly kind: 'sparse'; readonly encoder: SparseEncoder }
);

export interface OpenEncoderOptions extends SparseEncoderOptions {
  /** Which representation; what the model gives by default, `dense` where it gives several. */
  readonly output?: MultiOutput;
}

/**
 * Opens the encoder of a model, whatever kind it is: what `rank encode` and `--encoder NAME` stand on.
 *
 * @example
 * const { kind, encoder, close } = await openEncoder('models/all-MiniLM-L6-v2');
 * if (kind === 'dense') await encoder.encode(['laminar flow'], 'query');
 */
export async function openEncoder(model: string, options: OpenEncoderOptions = {}): Promise<OpenEncoder> {
  const { output, queriesOnly, ...rest } = options;
  if (output !== undefined) checkOneOf('output', output, ['dense', 'tokens', 'sparse'] as const satisfies readonly MultiOutput[]);
  const { folder } = await resolveFolder(model, rest);
  const { kind } = await describeModel(folder);
  if (kind === 'cross-encoder' || kind === 'generative') {
    throw new RankError('UNSUPPORTED', `${model} is a ${kind} model: it scores pairs and has no vectors. Open it with openReranker.`, {
      kind,
    });
  }
  const gives = kind === 'static' ? 'dense' : kind;
  if (output !== undefined && gives !== 'multi' && output !== gives) {
    throw new RankError('UNSUPPORTED', `${model} gives ${gives} vectors, not ${output}. Leave \`output\` out, or use another model.`, {
      kind,
      output,
    });
  }
  switch (kind) {
    case 'dense':
      return { kind, ...openedAs(await openDenseEncoder(model, rest)) };
    case 'tokens':
      return { kind, ...openedAs(await openTokenEncoder(model, rest)) };
    case 'sparse':
      return { kind, ...openedAs(await openSparseEncoder(model, { ...rest, ...(queriesOnly !== undefined && { queriesOnly }) })) };
    case 'static': {
      const { maxLength, hub } = rest;
      const table = await openStaticEmbeddings(model, { ...(maxLength !== undefined && { maxLength }), ...(hub && { hub }) });
      return { kind: 'dense', encoder: table, id: table.id, close: () => Promise.resolve() };
    }
    case 'multi': {
      const multi = await openMultiEncoder(model, rest);
      const opened = { id: multi.id, close: () => multi.close() };
      switch (output) {
        case 'tokens':
          return { kind: output, encoder: multi.tokens, ...opened };
        case 'sparse':
          return { kind: output, encoder: multi.sparse, ...opened };
        default:
          return { kind: 'dense', encoder: multi.dense, ...opened };
      }
    }
  }
}

function openedAs<Encoder extends { readonly id: string; close(): Promise<void> }>(
  encoder: Encoder,
): { encoder: Encoder; id: string; close(): Promise<void> } {
  return { encoder, id: encoder.id, close: () => encoder.close() };
}
