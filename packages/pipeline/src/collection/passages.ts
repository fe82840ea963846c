import type { Document } from '@rank-rank/core';
import { type ChunkingSpec, chunk } from '../chunking/chunk.ts';

/**
 * The passages of a document, as the indexes hold them: `id#0`, `id#1` … with the title of the document and the headings they stand under. Without chunking the document is
 * its only passage, under its own id.
 */
export function passagesOf(document: Document, chunking: ChunkingSpec | undefined): Document[] {
  if (chunking === undefined) return [document];
  const { id, title, metadata } = document;
  return chunk(document.text, chunking).map(({ text, headings = [] }, i) => {
    const titles = [title, ...headings].filter((part, at, all) => part !== undefined && part !== '' && all.indexOf(part) === at);
    return { id: passageId(id, i), text, ...(titles.length > 0 && { title: titles.join(' › ') }), ...(metadata && { metadata }) };
  });
}

export function passageId(id: string, passage: number): string {
  return `${id}#${passage}`;
}

/** The document that a passage belongs to. */
export function parentOf(passage: string): string {
  return passage.slice(0, passage.lastIndexOf('#'));
}

/** Which passage of its document it is; -1 for what is no passage's id. */
export function passageNumber(passage: string): number {
  const digits = /#(\d+)$/.exec(passage)?.[1];
  return digits === undefined ? -1 : Number(digits);
}
