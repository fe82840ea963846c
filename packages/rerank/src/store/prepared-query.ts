import type { Tokens } from '@rank-rank/core';
import { type F32Rows, type I8Rows, normalise, quantise, type ResidualTable, type Rows, residualTable } from '@rank-rank/kernels';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import { signRows } from '../scoring/sign-rows.ts';
import { kernelTypes, type RowType } from '../tokens/pack.ts';

/**
 * A query in the forms that stored rows are compared with, each made when it is first asked for. Rows that do not count are left out and the others
 * multiplied by their weights, which scales their maxima alike.
 */
export class PreparedQuery {
  readonly rows: F32Rows;
  readonly count: number;
  /** The sum of the weights. */
  readonly total: number;
  readonly #weights: Float32Array;
  readonly #forms = new Map<string, Rows>();
  #table: { codec: ResidualCodec; table: ResidualTable } | undefined;

  constructor(query: Tokens, weights: Float32Array, unit: boolean) {
    const { data, dim } = query;
    const kept = Array.from(weights.keys()).filter((row) => weights[row]! > 0);
    const rows = new Float32Array(kept.length * dim);
    let total = 0;
    kept.forEach((row, i) => {
      rows.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
    });
    this.rows = { type: 'f32', data: rows, dim };
    if (unit) normalise(this.rows);
    kept.forEach((row, i) => {
      const weight = weights[row]!;
      total += weight;
      if (weight !== 1) for (let k = i * dim; k < (i + 1) * dim; k++) rows[k]! *= weight;
    });
    this.#weights = Float32Array.from(kept, (row) => weights[row]!);
    this.count = kept.length;
    this.total = total;
  }

  get bytes(): I8Rows {
    return this.as('int8') as I8Rows;
  }

  as(type: RowType): Rows {
    if (type === 'f32') return this.rows;
    let form = this.#forms.get(type);
    if (form === undefined)
      this.#forms.set(type, (form = type === 'binary' ? signRows(this.rows, this.#weights) : quantise(this.rows, kernelTypes[type])));
    return form;
  }

  /** The table of the query and a codec's centroids. */
  table(codec: ResidualCodec): ResidualTable {
    if (this.#table?.codec !== codec) this.#table = { codec, table: residualTable(this.bytes, codec.centroids) };
    return this.#table.table;
  }
}
