import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkOneOf, checkOptions, checkString, RankError, type TextRole } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';
import { openSafetensors } from '@rank-rank/storage/tensors';
import type { IndexDocument } from '../index/token-index.ts';
import { openFastPlaidIndex } from './fast-plaid-index.ts';
import { type FlatRows, flatTokens, npyRows, rawRows, safetensorsRows } from './flat-rows.ts';
import { openJsonLinesTokens } from './jsonl-tokens.ts';
import { checkIds, idsBeside, offsetsBeside, offsetsFrom } from './offsets.ts';
import { openStanfordIndex } from './stanford-index.ts';
import type { TokenFile } from './token-file.ts';

export interface OpenTokensOptions {
  /** Which of a folder's two sets: `docs.…` or `queries.…`. document */
  readonly as?: TextRole;
}

/**
 * Opens token matrices that others made. What the folder or file is follows from what is in it:
 *
 * | what | is read as |
 * |---|---|
 * | `metadata.json`, `centroids.pt` | an index of Stanford's ColBERT (PLAID, RAGatouille), decompressed |
 * | `metadata.json`, `centroids.npy` | an index of fast-plaid (PyLate), decompressed |
 * | `docs.f16` (or `.f32`, `.npy`), `docs.offsets.u32` (or `.npy`, or `doclens.json`), `ids.json` | rows one after another, and where each document begins; `queries.…` for queries |
 * | `a.npy`, `b.npy` … | a document a file |
 * | one `.npy` file | documents × rows × dimensions; or rows, with offsets or `doclens.json` beside it; or one document |
 * | `.safetensors` | `tokens` with `offsets` (and `ids` in the metadata or beside it), or a tensor a document |
 * | `.jsonl`, also packed | `{"id", "tokens": [[…], …], "text"?, "metadata"?}` a line, as `rank encode` writes it |
 *
 * Without `ids.json` documents are known by their numbers.
 *
 * @example
 * const tokens = await openTokens('folder');
 * const index = await buildTokenIndex(tokens.documents(), { dim: tokens.dim, path: 'passages' });
 */
export async function openTokens(path: string, options: OpenTokensOptions = {}): Promise<TokenFile> {
  checkOptions('openTokens', options, ['as']);
  checkString('openTokens: path', path);
  const as = checkOneOf('openTokens: as', options.as ?? 'document', ['document', 'query']);
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  return found.isDirectory() ? openFolder(path, as) : openOne(path, as);
}

async function openFolder(folder: string, as: TextRole): Promise<TokenFile> {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (has('metadata.json') && has('centroids.pt')) return openStanfordIndex(folder);
  if (has('metadata.json') && has('centroids.npy')) return openFastPlaidIndex(folder);
  const stem = join(folder, as === 'document' ? 'docs' : 'queries');
  for (const type of ['f16', 'f32'] as const) {
    if (!existsSync(`${stem}.${type}`)) continue;
    const offsets = await offsetsBeside(stem);
    if (offsets === undefined) {
      throw new RankError(
        'NOT_FOUND',
        `${stem}.${type} has no offsets beside it: expected ${stem}.offsets.u32, which says where each document begins.`,
        {
          file: `${stem}.${type}`,
        },
      );
    }
    const rows = offsets.at(-1) ?? 0;
    return flatTokens('folder', await rawRows(`${stem}.${type}`, type, rows), offsets, await idsBeside(stem, as, offsets.length - 1));
  }
  for (const end of ['npy', 'safetensors', 'jsonl', 'jsonl.gz']) if (existsSync(`${stem}.${end}`)) return openOne(`${stem}.${end}`, as);
  const arrays = (await readdir(folder)).filter((name) => name.endsWith('.npy')).sort();
  if (arrays.length > 0) return arrayFiles(folder, arrays);
  throw new RankError(
    'NOT_FOUND',
    `${folder} holds no token matrices: expected ${as === 'document' ? 'docs' : 'queries'}.f16 with its offsets, .npy, .safetensors or .jsonl files, or an index of ColBERT or fast-plaid.`,
    { folder },
  );
}

function openOne(path: string, as: TextRole): Promise<TokenFile> {
  if (path.endsWith('.npy')) return openArray(path, as);
  if (path.endsWith('.safetensors')) return openTensors(path, as);
  if (/\.jsonl(\.gz)?$/.test(path)) return openJsonLinesTokens(path);
  throw new RankError(
    'INVALID_ARGUMENT',
    `${path}: the end of its name says no format; expected .npy, .safetensors or .jsonl, or a folder.`,
    {
      file: path,
    },
  );
}

async function openArray(path: string, as: TextRole): Promise<TokenFile> {
  const rows = await npyRows(path);
  const [documents, length] = rows.shape;
  const stem = path.slice(0, -'.npy'.length);
  const offsets = rows.shape.length === 3 ? Uint32Array.from({ length: documents! + 1 }, (_, i) => i * length!) : await offsetsBeside(stem);
  if (offsets === undefined) return flatTokens('npy', rows, Uint32Array.of(0, rows.rows), [basename(stem)]);
  return flatTokens('npy', rows, offsets, await idsBeside(stem, as, offsets.length - 1));
}

/** A document a file, named by it. */
async function arrayFiles(folder: string, names: readonly string[]): Promise<TokenFile> {
  const { dim } = await npyRows(join(folder, names[0]!));
  return {
    path: folder,
    format: 'npy',
    dim,
    count: names.length,
    async *documents(options): AsyncGenerator<IndexDocument> {
      for (const name of names) {
        const rows = await npyRows(join(folder, name));
        if (rows.dim !== dim)
          throw new RankError('DIMENSION_MISMATCH', `${rows.path} has ${rows.dim} dimensions and ${names[0]} has ${dim}.`, {
            file: rows.path,
          });
        yield* flatTokens('npy', rows, Uint32Array.of(0, rows.rows), [name.slice(0, -'.npy'.length)]).documents(options);
      }
    },
  };
}

async function openTensors(path: string, as: TextRole): Promise<TokenFile> {
  const file = await openSafetensors(path);
  const { tensors, metadata } = file;
  try {
    if (tensors.has('tokens') && tensors.has('offsets')) {
      const offsets = offsetsFrom(path, await file.read('offsets'));
      const ids =
        metadata['ids'] === undefined
          ? await idsBeside(path.slice(0, -'.safetensors'.length), as, offsets.length - 1)
          : checkIds(path, JSON.parse(metadata['ids']));
      return flatTokens('safetensors', await safetensorsRows(path, 'tokens'), offsets, ids);
    }
  } finally {
    await file.close();
  }
  const names = [...tensors.keys()];
  if (names.length === 0) throw new RankError('EMPTY_INPUT', `${path} holds no tensor.`, { file: path });
  const parts = new Map<string, FlatRows>();
  for (const name of names) parts.set(name, await safetensorsRows(path, name));
  const { dim } = parts.get(names[0]!)!;
  return {
    path,
    format: 'safetensors',
    dim,
    count: names.length,
    rows: [...parts.values()].reduce((sum, part) => sum + part.rows, 0),
    async *documents(options): AsyncGenerator<IndexDocument> {
      for (const [name, part] of parts) yield* flatTokens('safetensors', part, Uint32Array.of(0, part.rows), [name]).documents(options);
    },
  };
}
