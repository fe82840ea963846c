import { checkFilter, checkOptions, type Filter, RankError, shown, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import type { LiveSegment, NewDocument } from '@rank-rank/retrieve/segments';
import { metadataOf } from './metadata-of.ts';
import type { EncodedTokens, TokenPayload } from './row-source.ts';
import type { TokenSegment } from './token-segment.ts';
import { TokenStore, type TokenStoreOptions } from './token-store.ts';

/** Where a copy goes, and what of its making differs. Without a `path` or `scope` it is in memory. */
export type CopyOptions = Partial<Pick<TokenStoreOptions, 'path' | 'scope' | 'type' | 'bits' | 'memory' | 'threads'>> & WorkOptions;

const copyNames = ['path', 'scope', 'type', 'bits', 'memory', 'threads', 'signal', 'onProgress'] as const;

/** Documents copied at a time. */
const chunkDocuments = 1024;

/** Which documents: those of a list of ids, those that pass a filter, or all. */
export type Selection = { readonly ids: Iterable<string> } | { readonly filter: Filter };

/**
 * A store with some of the documents of others, or all: a copy, a subset, a merger. Rows that are kept alike are copied as they are; an id that
 * several stores have comes from the last.
 *
 * @example
 * await copyStores([store], { path: 'backup' });
 * await copyStores([store], {}, { filter: { field: 'lang', eq: 'en' } });
 * await copyStores([yesterday, today], { path: 'both', type: 'residual', bits: 2 });
 */
export async function copyStores(stores: readonly TokenStore[], options: CopyOptions = {}, selection?: Selection): Promise<TokenStore> {
  checkOptions('copyStores', options, copyNames);
  const [first] = stores;
  if (first === undefined) throw new RankError('EMPTY_INPUT', 'copyStores: no stores.');
  for (const { dim, about } of stores) {
    if (dim !== first.dim)
      throw new RankError(
        'DIMENSION_MISMATCH',
        `copyStores: the stores have ${first.dim} and ${dim} dimensions. Stores of one model go together.`,
      );
    if (about.similarity !== first.about.similarity)
      throw new RankError(
        'INVALID_ARGUMENT',
        `copyStores: one store compares by ${first.about.similarity}, another by ${about.similarity}.`,
      );
  }
  const { signal, onProgress, path, scope, memory, threads, type = first.about.type, bits = first.about.bits } = options;
  const wanted = selection === undefined ? undefined : chosen(stores, selection);
  const { version: _version, codec: _codec, ...about } = first.about;
  const where = {
    ...(path !== undefined && { path }),
    ...(scope && { scope }),
    ...(memory !== undefined && { memory }),
    ...(threads !== undefined && { threads }),
  };
  const target = await TokenStore.create({
    ...about,
    ...where,
    type,
    bits,
    spans: stores.some((store) => store.about.spans),
    empty: stores.some((store) => store.about.empty),
  });
  try {
    const codec = stores.find((store) => store.codec?.bits === bits)?.codec;
    if (type === 'residual' && codec !== undefined) await target.adoptCodec(codec);
    const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    for (const store of stores) await target.addEncoded(documentsOf(store, wanted, signal), work);
    if (scope === undefined) await target.commit(work);
    return target;
  } catch (error) {
    await target.close();
    throw error;
  }
}

function chosen(
  stores: readonly TokenStore[],
  selection: Selection,
): (store: TokenStore, live: LiveSegment<TokenSegment>) => (document: number, id: string) => boolean {
  if ('filter' in selection) {
    const filter = checkFilter(selection.filter);
    return (store, live) => {
      const allowed = store.reader.allowed(live, filter);
      return (document) => allowed === undefined || allowed.bitmap.has(document);
    };
  }
  const ids = new Set<string>();
  for (const id of selection.ids) {
    if (!stores.some((store) => store.has(id))) throw new RankError('NOT_FOUND', `copyStores: no store has document ${shown(id)}.`, { id });
    ids.add(id.toWellFormed());
  }
  return () => (_document, id) => ids.has(id);
}

async function* documentsOf(
  store: TokenStore,
  wanted: ReturnType<typeof chosen> | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<NewDocument<TokenPayload>[]> {
  let chunk: NewDocument<TokenPayload>[] = [];
  for (const live of store.reader.segments) {
    const { segment, deleted } = live;
    const metadata = metadataOf(segment.metadata);
    const keeps = wanted?.(store, live);
    for (let d = 0; d < segment.size; d++) {
      if (deleted?.has(d)) continue;
      const id = segment.ids.id(d);
      if (keeps !== undefined && !keeps(d, id)) continue;
      chunk.push({ id, payload: encoded(segment, d), metadata: metadata[d] });
      if (chunk.length < chunkDocuments) continue;
      throwIfCancelled(signal, 'Copying');
      yield chunk;
      chunk = [];
    }
  }
  yield chunk;
}

function encoded(segment: TokenSegment, document: number): EncodedTokens {
  const spans = segment.spans(document);
  return {
    rows: segment.rowsOf(document),
    dim: segment.dim,
    get coded() {
      return segment.coded(document);
    },
    ...(spans && { spans }),
    read: (into, at) => segment.read(document, into, at),
  };
}
