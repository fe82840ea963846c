import { checkId, type Document, RankError, shown } from '@rank-rank/core';
import { checkMetadata } from '../metadata/check-metadata.ts';

/** Refuses what is no document, saying which it is. Empty text is fine: such a document is found by no word. */
export function checkDocument(where: string, document: unknown): Document {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(document)}; expected { id, text, title?, metadata? }.`);
  }
  const { id, text, title, metadata } = document as Partial<Document>;
  checkId(`${where}.id`, id);
  if (typeof text !== 'string') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}.text of document ${shown(id)} is ${shown(text)}; expected a string ("" where there is none).`,
      { id },
    );
  }
  if (title !== undefined && typeof title !== 'string') {
    throw new RankError('INVALID_ARGUMENT', `${where}.title of document ${shown(id)} is ${shown(title)}; expected a string.`, { id });
  }
  if (metadata !== undefined) checkMetadata(`${where}.metadata of document ${shown(id)}`, metadata);
  return document as Document;
}
