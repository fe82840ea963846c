import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError, shown, throwIfCancelled } from '@rank-rank/core';
import { openTorchCheckpoint, type StoredTensor, toFloat32 } from '@rank-rank/storage/tensors';
import { readJson, readJsonObject, readLengths, wholeNumberOf } from './json-file.ts';
import { checkPlaidCodec, type PlaidCodec, plaidRows } from './plaid-rows.ts';
import { documentsOf, type TokenFile } from './token-file.ts';

/**
 * Reads the index folder of Stanford's ColBERT (v2, PLAID; also as RAGatouille writes it), decompressed.
 *
 * | file | holds |
 * |---|---|
 * | `metadata.json` | `num_chunks`, and the configuration: `dim`, `nbits` |
 * | `centroids.pt`, `buckets.pt` | f16 centroids; cutoffs and weights of the codes |
 * | `N.codes.pt`, `N.residuals.pt`, `doclens.N.json` | of chunk N: i32 centroids, packed codes, rows of each passage |
 * | `collection.json`, `pid_docid_map.json` | texts, and the documents that passages come from (RAGatouille) |
 *
 * A passage's id is its number; where the folder knows more, `metadata.document` has the document's id and `text` the passage.
 */
export async function openStanfordIndex(folder: string): Promise<TokenFile> {
  const about = join(folder, 'metadata.json');
  const metadata = await readJsonObject(about);
  const config = (metadata['config'] ?? {}) as Record<string, unknown>;
  const chunks = wholeNumberOf(about, 'num_chunks', metadata['num_chunks'], 0);
  const dim = wholeNumberOf(about, 'config.dim', config['dim'], 1);
  const bits = wholeNumberOf(about, 'config.nbits', config['nbits'], 1);
  const centroids = toFloat32(await tensorOf(join(folder, 'centroids.pt')));
  const weights = toFloat32(await tensorOf(join(folder, 'buckets.pt'), '1'));
  const codec: PlaidCodec = { dim, bits, centroids, weights };
  checkPlaidCodec(folder, codec);
  const lengths: number[][] = [];
  for (let chunk = 0; chunk < chunks; chunk++) lengths.push(await readLengths(join(folder, `doclens.${chunk}.json`)));
  const count = lengths.reduce((sum, of) => sum + of.length, 0);
  const texts = await textsOf(join(folder, 'collection.json'), count);
  const documents = await documentIdsOf(join(folder, 'pid_docid_map.json'));
  return {
    path: folder,
    format: 'stanford-colbert',
    dim,
    count,
    rows: lengths.flat().reduce((sum, rows) => sum + rows, 0),
    async *documents({ signal } = {}) {
      let first = 0;
      for (let chunk = 0; chunk < chunks; chunk++) {
        throwIfCancelled(signal, 'Reading tokens');
        const path = join(folder, `${chunk}.residuals.pt`);
        const codes = toFloat32(await tensorOf(join(folder, `${chunk}.codes.pt`)));
        const data = plaidRows(codec, codes, (await tensorOf(path)).bytes, path);
        const here = lengths[chunk]!;
        const rows = here.reduce((sum, length) => sum + length, 0);
        if (rows !== codes.length) {
          throw new RankError(
            'CORRUPT',
            `${folder}: doclens.${chunk}.json counts ${rows} rows and ${chunk}.codes.pt has ${codes.length}.`,
            {
              folder,
            },
          );
        }
        yield* documentsOf({ first, lengths: here, data }, dim, (passage) => {
          const document = documents?.get(String(passage));
          return {
            id: String(passage),
            ...(texts && { text: texts[passage]! }),
            ...(document !== undefined && { metadata: { document } }),
          };
        });
        first += here.length;
      }
    },
  };
}

async function tensorOf(path: string, name = ''): Promise<StoredTensor> {
  const file = await openTorchCheckpoint(path);
  try {
    return await file.read(name);
  } finally {
    await file.close();
  }
}

async function textsOf(path: string, count: number): Promise<string[] | undefined> {
  if (!existsSync(path)) return undefined;
  const texts = await readJson(path);
  return Array.isArray(texts) && texts.length === count && texts.every((text) => typeof text === 'string') ? texts : undefined;
}

async function documentIdsOf(path: string): Promise<Map<string, string> | undefined> {
  if (!existsSync(path)) return undefined;
  const map = await readJsonObject(path);
  return new Map(
    Object.entries(map).map(([passage, id]) => {
      if (typeof id !== 'string')
        throw new RankError('PARSE', `${path}: passage ${passage} is of ${shown(id)}; expected an id.`, { file: path });
      return [passage, id];
    }),
  );
}
