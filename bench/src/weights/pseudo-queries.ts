import { type Document, Random } from '@rank-rank/core';

/** A retrieval task that a collection sets itself: of each query it is known which document it was taken from, and out of. */
export interface PseudoTask {
  readonly name: string;
  /** The collection's name. */
  readonly collection: string;
  readonly documents: readonly Document[];
  readonly queries: readonly { readonly id: string; readonly text: string }[];
  readonly qrels: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * - `title`: the title, against the text.
 * - `passage`: twelve words in a row, against the rest: the inverse cloze task (Lee, Chang and Toutanova, "Latent retrieval for weakly supervised open
 *   domain question answering", 2019).
 */
export type PseudoKind = 'title' | 'passage';

const passageWords = 12;
const leastTitle = 3;
const leastText = 20;
const leastPassage = 5;

/** Takes queries out of a fair sample of the documents; undefined where too few have what it takes. */
export function pseudoTask(
  collection: string,
  kind: PseudoKind,
  documents: readonly Document[],
  most: number,
  seed = 7,
): PseudoTask | undefined {
  const random = new Random(seed);
  const order = random.shuffle(Array.from(documents, (_, i) => i));
  const left = [...documents];
  const queries: { id: string; text: string }[] = [];
  for (const i of order) {
    if (queries.length === most) break;
    const taken = kind === 'title' ? takeTitle(documents[i]!) : takePassage(documents[i]!, random);
    if (taken === undefined) continue;
    left[i] = taken.rest;
    queries.push({ id: taken.rest.id, text: taken.query });
  }
  if (queries.length < 50) return undefined;
  const qrels = Object.fromEntries(queries.map(({ id }) => [id, { [id]: 1 }]));
  return { name: `${collection}/${kind}`, collection, documents: left, queries, qrels };
}

/** The text without its title, which some collections say twice. */
function bodyOf({ title = '', text }: Document): string {
  return text.startsWith(title) ? text.slice(title.length).trim() : text;
}

function takeTitle(document: Document): { query: string; rest: Document } | undefined {
  const { title = '', ...rest } = document;
  const text = bodyOf(document);
  if (wordsOf(title).length < leastTitle || wordsOf(text).length < leastText) return undefined;
  return { query: title, rest: { ...rest, text } };
}

function takePassage(document: Document, random: Random): { query: string; rest: Document } | undefined {
  const words = wordsOf(bodyOf(document));
  const length = Math.min(passageWords, Math.floor(words.length / 3));
  if (length < leastPassage) return undefined;
  const at = random.integer(words.length - length + 1);
  return { query: words.splice(at, length).join(' '), rest: { ...document, text: words.join(' ') } };
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
