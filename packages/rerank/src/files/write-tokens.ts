import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkId, checkOneOf, checkOptions, checkString, RankError, type TextRole, type Tokens } from '@rank-rank/core';
import { writeJsonLinesFile } from '@rank-rank/core/files';
import { fileError } from '@rank-rank/storage';
import { npyHeader, openFile, type TensorToWrite, toFloat16, writeSafetensors } from '@rank-rank/storage/tensors';
import type { TokenDocument, TokenInput } from '../store/token-input.ts';
import { checkTokens } from '../tokens/check-tokens.ts';
import { rowsOf } from '../wire/rows.ts';

export interface WriteTokensOptions {
  /** How numbers are written. f32; JSONL has no types */
  readonly type?: 'f16' | 'f32';
  /** In a folder: `docs.…` or `queries.…`. document */
  readonly as?: TextRole;
}

/** What was written. */
export interface WrittenTokens {
  readonly documents: number;
  readonly rows: number;
  readonly dim: number;
}

/**
 * Writes token matrices, as they come, into files that others read, and {@link openTokens} does. What is written follows from the name:
 *
 * | name | what |
 * |---|---|
 * | `X.npy` | rows × dimensions, with `X.offsets.npy` and `ids.json` beside it |
 * | `X.safetensors` | `tokens` (rows × dimensions), `offsets`, and the ids as JSON in the metadata |
 * | `X.jsonl` | `{"id", "tokens"}` a line |
 * | anything else | a folder of `docs.f16` or `docs.f32`, `docs.offsets.u32` and `ids.json` |
 *
 * @example
 * await writeTokens('tokens.safetensors', store.documents(), { type: 'f16' });
 */
export async function writeTokens(path: string, documents: TokenInput, options: WriteTokensOptions = {}): Promise<WrittenTokens> {
  checkOptions('writeTokens', options, ['type', 'as']);
  checkString('writeTokens: path', path);
  const type = checkOneOf('writeTokens: type', options.type ?? 'f32', ['f16', 'f32']);
  const as = checkOneOf('writeTokens: as', options.as ?? 'document', ['document', 'query']);
  const input = typeof documents === 'object' && documents !== null && 'tokens' in documents ? [documents] : documents;
  if (/\.jsonl(\.gz)?$/.test(path)) return writeLines(path, input);
  const pass = new RowPass(input, type);
  if (path.endsWith('.npy')) return writeArray(path, pass);
  if (path.endsWith('.safetensors')) return writeTensors(path, pass);
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw fileError(path, 'create', error);
  });
  const stem = join(path, as === 'document' ? 'docs' : 'queries');
  await writeRows(`${stem}.${type}`, pass, 0);
  await writeFile(`${stem}.offsets.u32`, pass.offsets);
  await writeFile(join(path, 'ids.json'), JSON.stringify(as === 'document' ? { docs: pass.ids } : { queries: pass.ids }));
  return pass.written;
}

/** One pass over the documents: their rows as bytes, and on the way where each begins. */
class RowPass {
  readonly type: 'f16' | 'f32';
  readonly ids: string[] = [];
  readonly #input: Iterable<TokenDocument> | AsyncIterable<TokenDocument>;
  readonly #ends: number[] = [0];
  #dim: number | undefined;

  constructor(input: Iterable<TokenDocument> | AsyncIterable<TokenDocument>, type: 'f16' | 'f32') {
    this.#input = input;
    this.type = type;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for await (const { id, tokens } of this.#input) {
      const { data, rows, dim }: Tokens = checkTokens(`writeTokens: document ${JSON.stringify(id)}`, tokens, this.#dim);
      this.ids.push(checkId('writeTokens: the id of a document', id));
      this.#dim = dim;
      this.#ends.push(this.#ends.at(-1)! + rows);
      const numbers = this.type === 'f16' ? toFloat16(data) : data;
      yield new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    }
  }

  get written(): WrittenTokens {
    if (this.#dim === undefined) throw new RankError('EMPTY_INPUT', 'writeTokens: no documents.');
    return { documents: this.ids.length, rows: this.#ends.at(-1)!, dim: this.#dim };
  }

  get offsets(): Uint32Array {
    return Uint32Array.from(this.#ends);
  }
}

async function create(path: string): Promise<FileHandle> {
  return open(path, 'w').catch((error: unknown) => {
    throw fileError(path, 'create', error);
  });
}

/** The rows, after as many bytes left free. */
async function writeRows(path: string, pass: RowPass, after: number): Promise<void> {
  const file = await create(path);
  try {
    await file.writeFile(new Uint8Array(after));
    for await (const piece of pass.bytes()) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

const dtypeOf = { f16: 'F16', f32: 'F32' } as const;

async function writeArray(path: string, pass: RowPass): Promise<WrittenTokens> {
  const dtype = dtypeOf[pass.type];
  // A header takes the same 128 bytes whatever the number of rows, so that it can be filled in last.
  const room = npyHeader(dtype, [2 ** 32, 2 ** 16]).length;
  await writeRows(path, pass, room);
  const { written, offsets, ids } = pass;
  const file = await open(path, 'r+');
  try {
    await file.write(npyHeader(dtype, [written.rows, written.dim]), 0, room, 0);
  } finally {
    await file.close();
  }
  const stem = path.slice(0, -'.npy'.length);
  await writeFile(`${stem}.offsets.npy`, Buffer.concat([npyHeader('U32', [offsets.length]), bytesOf(offsets)]));
  await writeFile(join(path, '../ids.json'), JSON.stringify(ids));
  return written;
}

/** Through a file of bare rows, because the header comes first and knows how many there are. */
async function writeTensors(path: string, pass: RowPass): Promise<WrittenTokens> {
  const bare = `${path}.rows`;
  try {
    await writeRows(bare, pass, 0);
    const { written, offsets, ids } = pass;
    const tensors: Record<string, TensorToWrite> = {
      tokens: { dtype: dtypeOf[pass.type], shape: [written.rows, written.dim], bytes: piecesOf(bare) },
      offsets: { dtype: 'U32', shape: [offsets.length], bytes: bytesOf(offsets) },
    };
    await writeSafetensors(path, tensors, { ids: JSON.stringify(ids) });
    return written;
  } finally {
    await rm(bare, { force: true });
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await openFile(path);
  try {
    const most = 1 << 22;
    for (let at = 0; at < file.size; at += most) yield await file.read(at, Math.min(most, file.size - at));
  } finally {
    await file.close();
  }
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

async function writeLines(path: string, input: Iterable<TokenDocument> | AsyncIterable<TokenDocument>): Promise<WrittenTokens> {
  const written = { documents: 0, rows: 0, dim: 0 };
  async function* lines(): AsyncGenerator<Record<string, unknown>> {
    for await (const { id, tokens, metadata } of input) {
      checkId('writeTokens: the id of a document', id);
      checkTokens(`writeTokens: document ${JSON.stringify(id)}`, tokens, written.dim || undefined);
      written.documents++;
      written.rows += tokens.rows;
      written.dim = tokens.dim;
      yield { id, tokens: rowsOf('writeTokens', tokens), ...(metadata && { metadata }) };
    }
  }
  await writeJsonLinesFile(path, lines());
  if (written.documents === 0) throw new RankError('EMPTY_INPUT', 'writeTokens: no documents.');
  return written;
}
