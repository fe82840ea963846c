import { RankError, type WorkOptions } from '@rank-rank/core';
import { Store } from '@rank-rank/storage';
import { Collection, type CollectionOptions, collectionKind } from './collection.ts';
import { representationKinds } from './representations/representation.ts';

/** What a repair found and did. */
export interface Repair {
  readonly damaged: readonly RankError[];
  /** The parts that were made anew from the documents. */
  readonly rebuilt: readonly string[];
}

/** What can be made again from the documents: the lexical index and everything that holds vectors. */
const derived: readonly string[] = ['lexical', 'encoder', ...representationKinds];

/**
 * Reads every byte of a collection, and makes anew what is damaged and can be derived from the documents: indexes, the learned encoder, vectors. Damaged
 * documents cannot be derived from anything: they are an error, and nothing is changed.
 *
 * @example (await repairCollection('notes.rank')).rebuilt // ['lexical']
 */
export async function repairCollection(
  path: string,
  options: Pick<CollectionOptions, 'encoder' | 'model'> & WorkOptions = {},
): Promise<Repair> {
  const { signal, onProgress, ...rest } = options;
  const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const store = await Store.open(path, { kind: collectionKind, write: true });
  let damaged: readonly RankError[];
  const broken = new Set<string>();
  try {
    damaged = (await store.verify(work)).damaged;
    for (const scope of store.scopes) {
      const files = store.scope(scope).files();
      if (
        damaged.some((error) =>
          files.some((file) => String(error.details['file'] ?? error.details['path'] ?? error.message).includes(file)),
        )
      )
        broken.add(scope);
    }
    const lost = [...broken].filter((scope) => !derived.includes(scope));
    if (lost.length > 0 || (damaged.length > 0 && broken.size === 0)) {
      throw new RankError(
        'CORRUPT',
        `${path} cannot be repaired: ${damaged.map(({ message }) => message).join(' ')} Restore it from a copy, or index the documents into a new collection.`,
        { path, scopes: lost },
        { cause: damaged[0] },
      );
    }
    // Vectors are comparable only with those of the same encoder.
    if (broken.has('encoder')) for (const scope of representationKinds) if (store.scopes.includes(scope)) broken.add(scope);
    for (const scope of broken) store.scope(scope).unstage();
    await store.commit();
  } finally {
    await store.close();
  }
  if (broken.size === 0) return { damaged, rebuilt: [] };
  const collection = await Collection.open(path, { ...rest, write: true });
  try {
    if (broken.has('lexical')) await collection.reindex(work);
    await collection.commit(work);
  } finally {
    await collection.close();
  }
  return { damaged, rebuilt: [...broken] };
}
