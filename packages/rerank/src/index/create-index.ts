import { checkOneOf, checkOptions, RankError, type WorkOptions } from '@rank-rank/core';
import { aboutOf, inStore, refuseExisting } from '@rank-rank/retrieve/segments';
import type { Scope } from '@rank-rank/storage';
import { type FdeOptions, fdeSettings } from '../muvera/fixed-dimensional-encoding.ts';
import type { TokenInput } from '../store/token-input.ts';
import {
  aboutStore,
  type OpenTokenStoreOptions,
  storeOptionNames,
  type TokenStoreAbout,
  type TokenStoreOptions,
  tokenStoreKind,
} from '../store/token-store.ts';
import { CandidateIndex, type CandidateIndexAbout } from './candidate-index.ts';
import { checkDefaults, LateInteractionIndex } from './late-interaction-index.ts';
import type { IndexDocument, IndexKind, SearchDefaults, TokenIndex } from './token-index.ts';

export const indexKinds: readonly IndexKind[] = ['auto', 'exact', 'plaid', 'warp', 'muvera', 'bm25'];

export interface TokenIndexOptions extends TokenStoreOptions {
  /** What the index does to find documents. auto */
  readonly kind?: IndexKind;
  /** What searches use that say nothing. */
  readonly defaults?: SearchDefaults;
  /** `muvera`: how documents become single vectors. 20 repetitions of 4 hyperplanes and 16 dimensions */
  readonly encoding?: Omit<FdeOptions, 'dim'>;
}

const optionNames = [...storeOptionNames, 'kind', 'defaults', 'encoding'] as const;
const stateVersion = 1;

/**
 * A new, empty index of token matrices. Without `path` and `scope` it is in memory.
 *
 * How rows are kept: `plaid` and `warp` in residual codes of `bits` (4); `auto` in codes, or in bytes while a segment is small; `exact`, `muvera` and
 * `bm25` as `type` says: int8 by default.
 *
 * @example
 * const index = await createTokenIndex({ dim: 128, path: 'passages' });
 * await index.add([{ id: 'a', tokens }]);
 * await index.commit();
 * await index.search(query, 10);
 */
export async function createTokenIndex(options: TokenIndexOptions): Promise<TokenIndex> {
  checkOptions('createTokenIndex', options, optionNames);
  const { path, scope, kind = 'auto', defaults = {}, encoding, type, ...rest } = options;
  checkOneOf('createTokenIndex: kind', kind, indexKinds);
  checkDefaults('createTokenIndex: defaults', defaults);
  if (path !== undefined && scope !== undefined)
    throw new RankError('INVALID_ARGUMENT', 'createTokenIndex has both a path and a scope; give one.');
  const coded = kind === 'plaid' || kind === 'warp' || kind === 'auto';
  if (coded && type !== undefined && type !== 'residual') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `createTokenIndex: ${kind} keeps residual codes, and type is ${type}. Say how many bits, or choose kind exact.`,
    );
  }
  if (encoding !== undefined && kind !== 'muvera')
    throw new RankError('INVALID_ARGUMENT', `createTokenIndex: encoding is for kind muvera; the kind is ${kind}.`);
  const store = aboutStore({ ...rest, type: type ?? (coded ? 'residual' : 'int8') });
  const index: CandidateIndexAbout = {
    kind,
    defaults,
    ...(kind === 'muvera' && { encoding: fdeSettings({ ...encoding, dim: store.dim }) }),
  };
  return inStore(scope ?? path, tokenStoreKind, true, async (own, ownsStore) => {
    refuseExisting(own, 'openTokenIndex');
    const made = await start({ ...store, index }, own, ownsStore, rest);
    if (ownsStore) await made.commit();
    return made;
  });
}

/** An index that is there, by its folder or its scope of a store. For reading, unless `write` is set. A store without an index is searched exactly. */
export async function openTokenIndex(where: string | Scope, options: OpenTokenStoreOptions = {}): Promise<TokenIndex> {
  checkOptions('openTokenIndex', options, ['write', 'memory', 'threads']);
  return inStore(where, tokenStoreKind, options.write ?? false, async (scope, ownsStore) => {
    const about = aboutOf<TokenStoreAbout>(scope, stateVersion);
    const index = (about.index as CandidateIndexAbout | undefined) ?? { kind: 'exact', defaults: {} };
    return start({ ...about, index }, scope, ownsStore, options);
  });
}

/** {@link createTokenIndex}, `add` and `commit` in one. */
export async function buildTokenIndex(documents: TokenInput<IndexDocument>, options: TokenIndexOptions & WorkOptions): Promise<TokenIndex> {
  checkOptions('buildTokenIndex', options, [...optionNames, 'signal', 'onProgress']);
  const { signal, onProgress, ...rest } = options;
  const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const index = await createTokenIndex(rest);
  try {
    await index.add(documents, work);
    await index.commit(work);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}

async function start(
  about: TokenStoreAbout & { readonly index: CandidateIndexAbout },
  scope: Scope,
  ownsStore: boolean,
  { memory, threads }: { readonly memory?: number; readonly threads?: number },
): Promise<TokenIndex> {
  const options = { ...(memory !== undefined && { memory }), ...(threads !== undefined && { threads }) };
  const { kind } = about.index;
  if (!indexKinds.includes(kind)) {
    throw new RankError(
      'UNSUPPORTED_VERSION',
      `${scope.store.path} holds an index of kind "${kind}", which this version of rank-rank does not know. Update rank-rank.`,
      { path: scope.store.path },
    );
  }
  if (kind === 'muvera' || kind === 'bm25') return CandidateIndex.start(about, scope, ownsStore, options);
  return LateInteractionIndex.start(about, scope, ownsStore, options);
}
