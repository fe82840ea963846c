/** A value that can be stored and filtered on. Dates are ISO 8601 texts, which sort as they should, or numbers. */
export type MetadataValue = string | number | boolean | null | readonly (string | number | boolean)[];

export type Metadata = Readonly<Record<string, MetadataValue>>;

/** What is searched. `id` is a non-empty string, unique in a collection. */
export interface Document {
  readonly id: string;
  readonly text: string;
  readonly title?: string;
  readonly metadata?: Metadata;
}

/** What is asked. A bare string serves where no id is needed. */
export interface Query {
  readonly id: string;
  readonly text: string;
}

/** Title and text as one, the form that benchmarks since BEIR feed to retrievers. */
export function fullText(document: Pick<Document, 'text' | 'title'>): string {
  return document.title ? `${document.title} ${document.text}` : document.text;
}
