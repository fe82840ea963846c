/** Texts of one model input, tokenised; the rows lie one after the other in `ids`, without padding. */
export interface TokenBatch {
  readonly rows: number;
  /** The longest row, to which the others are padded. */
  readonly width: number;
  readonly ids: Int32Array;
  readonly lengths: Int32Array;
  readonly typeIds?: Uint8Array;
  /** How many of a row's first tokens the model attends to, where that is not all of them. */
  readonly attended?: Int32Array;
  /** Which tokens come back, for outputs that have a row a token; all where absent. */
  readonly keep?: Uint8Array;
  readonly padId: number;
  /** Whether padding goes before the tokens, as decoders want it. */
  readonly padsLeft: boolean;
}

/** One text of a batch. */
export interface TokenRow {
  readonly ids: Int32Array;
  readonly typeIds?: Uint8Array;
  readonly attended?: number;
  readonly keep?: Uint8Array;
  /** Whether the text had more tokens than the model takes. */
  readonly truncated?: boolean;
}

export function toBatch(rows: readonly TokenRow[], padId: number, padsLeft = false): TokenBatch {
  let total = 0;
  let width = 0;
  for (const { ids } of rows) {
    total += ids.length;
    width = Math.max(width, ids.length);
  }
  const ids = new Int32Array(total);
  const lengths = new Int32Array(rows.length);
  const typeIds = rows.some((row) => row.typeIds !== undefined) ? new Uint8Array(total) : undefined;
  const attended = rows.some((row) => row.attended !== undefined) ? new Int32Array(rows.length) : undefined;
  const keep = rows.some((row) => row.keep !== undefined) ? new Uint8Array(total).fill(1) : undefined;
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    ids.set(row.ids, at);
    lengths[i] = row.ids.length;
    if (row.typeIds) typeIds!.set(row.typeIds, at);
    if (attended) attended[i] = row.attended ?? row.ids.length;
    if (row.keep) keep!.set(row.keep, at);
    at += row.ids.length;
  }
  return {
    rows: rows.length,
    width,
    ids,
    lengths,
    padId,
    padsLeft,
    ...(typeIds && { typeIds }),
    ...(attended && { attended }),
    ...(keep && { keep }),
  };
}

/** The rectangular arrays that a graph takes, 64-bit integers as ONNX models have them. */
export interface PaddedBatch {
  readonly rows: number;
  readonly width: number;
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
  readonly typeIds: BigInt64Array;
}

/** Fills the rectangle. Values are written through their low 32-bit halves: a BigInt a token would cost more than tokenising. */
export function pad(batch: TokenBatch): PaddedBatch {
  const { rows, width, ids, lengths, typeIds, attended, padId, padsLeft } = batch;
  const cells = rows * width;
  const padded = { rows, width, ids: new BigInt64Array(cells), mask: new BigInt64Array(cells), typeIds: new BigInt64Array(cells) };
  const wideIds = new Int32Array(padded.ids.buffer);
  const mask = new Int32Array(padded.mask.buffer);
  const types = new Int32Array(padded.typeIds.buffer);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const length = lengths[row]!;
    const first = row * width + (padsLeft ? width - length : 0);
    const seen = attended === undefined ? length : attended[row]!;
    if (padId !== 0) {
      const from = padsLeft ? row * width : first + length;
      for (let cell = from; cell < from + width - length; cell++) wideIds[2 * cell + low] = padId;
    }
    for (let i = 0; i < length; i++) {
      const cell = 2 * (first + i) + low;
      wideIds[cell] = ids[at + i]!;
      if (i < seen) mask[cell] = 1;
      if (typeIds !== undefined) types[cell] = typeIds[at + i]!;
    }
    at += length;
  }
  return padded;
}

/** 0, 1, 2 … over the tokens of each row that are no padding, for graphs that want to be told. */
export function paddedPositions({ rows, width, lengths, padsLeft }: TokenBatch): BigInt64Array {
  const positions = new BigInt64Array(rows * width);
  const wide = new Int32Array(positions.buffer);
  for (let row = 0; row < rows; row++) {
    const first = row * width + (padsLeft ? width - lengths[row]! : 0);
    for (let i = 0; i < lengths[row]!; i++) wide[2 * (first + i) + low] = i;
  }
  return positions;
}

/** Which half of a 64-bit integer holds its low bits on this machine. */
const low = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
