import { checkOneOf, checkOptions, checkString, type Tokens } from '@rank-rank/core';
import type { IndexDocument } from '../index/token-index.ts';
import { hexSigns, rowsOf } from './rows.ts';

/** A mixed tensor in Vespa's JSON: a block a row, as numbers, or as hexadecimal for `tensor<int8>(dt{}, x[16])`. */
export interface VespaTensor {
  readonly blocks: Readonly<Record<string, readonly number[] | string>>;
}

export interface VespaOptions {
  /** The field of the schema. */
  readonly field: string;
  readonly namespace: string;
  readonly documentType: string;
  /** `bits`: signs packed into `tensor<int8>(dt{}, x[dim / 8])`, read by `unpack_bits`. float */
  readonly cells?: 'float' | 'bits';
}

/**
 * A document as Vespa's feed takes it, one a line: `{"put": "id:…", "fields": {…}}`.
 *
 * @example vespaPut(document, { namespace: 'shop', documentType: 'item', field: 'colbert', cells: 'bits' })
 */
export function vespaPut(
  { id, tokens, text, title }: IndexDocument,
  options: VespaOptions,
): { readonly put: string; readonly fields: Readonly<Record<string, VespaTensor | string>> } {
  checkOptions('vespaPut', options, ['field', 'namespace', 'documentType', 'cells']);
  const { field, namespace, documentType, cells = 'float' } = options;
  for (const [name, value] of Object.entries({ field, namespace, documentType })) checkString(`vespaPut: ${name}`, value);
  return {
    put: `id:${namespace}:${documentType}::${id}`,
    fields: {
      ...(title !== undefined && { title }),
      ...(text !== undefined && { text }),
      [field]: vespaTensor(tokens, cells),
    },
  };
}

/** Rows as a mixed tensor: what `input.query(qt)` takes, and a document's field. */
export function vespaTensor(tokens: Tokens, cells: 'float' | 'bits' = 'float'): VespaTensor {
  checkOneOf('vespaTensor: cells', cells, ['float', 'bits']);
  const rows = cells === 'bits' ? hexSigns('vespaTensor', tokens) : rowsOf('vespaTensor', tokens);
  return { blocks: Object.fromEntries(rows.map((row, i) => [String(i), row])) };
}
