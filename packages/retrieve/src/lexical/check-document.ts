import { checkId, type Document, RankError, shown } from '@rank-rank/core';
import { checkMetadata } from '../metadata/check-metadata.ts';

/** Refuses what is no document, saying which of those given it is. Empty text is fine: such a document is found by no word. */
export function checkDocument(number: number, document: unknown): Document {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new RankError('INVALID_ARGUMENT', `documents[${number}] is ${shown(document)}; expected { id, text, title?, metadata? }.`);
  }
  const { id, text, title, metadata } = document as Partial<Document>;
  // What an error would say is put together only where there is one: documents are many.
  if (typeof id !== 'string' || id === '') checkId(`documents[${number}].id`, id);
  if (typeof text !== 'string') throw noText(number, 'text', id, text, 'expected a string ("" where there is none)');
  if (title !== undefined && typeof title !== 'string') throw noText(number, 'title', id, title, 'expected a string');
  if (metadata !== undefined) checkMetadata(`documents[${number}].metadata of document ${shown(id)}`, metadata);
  return document as Document;
}

function noText(number: number, field: string, id: unknown, value: unknown, expected: string): RankError {
  return new RankError('INVALID_ARGUMENT', `documents[${number}].${field} of document ${shown(id)} is ${shown(value)}; ${expected}.`, {
    id,
  });
}

/** One document, not several. */
export function isDocument(documents: unknown): documents is Document {
  return typeof documents === 'object' && documents !== null && 'id' in documents && !(Symbol.iterator in documents);
}

/** Checks all, and that no id comes twice. */
export function refuseDuplicates(documents: readonly unknown[]): void {
  const seen = new Set<string>();
  documents.forEach((item, i) => {
    const { id } = checkDocument(i, item);
    const key = id.toWellFormed();
    if (seen.has(key)) throw duplicate(id);
    seen.add(key);
  });
}

export function duplicate(id: string): RankError {
  return new RankError(
    'DUPLICATE_ID',
    `Document ${shown(id)} comes twice in one call of add. Keep one; to replace a document add it in a later call.`,
    { id },
  );
}
