import type { Metadata } from '@rank-rank/core';
import type { MetadataColumns } from '@rank-rank/retrieve';

/** The columns turned back into one object a document. */
export function metadataOf(columns: MetadataColumns): (Metadata | undefined)[] {
  const rows: (Record<string, unknown> | undefined)[] = Array.from({ length: columns.size }, () => undefined);
  for (const { field, value, documents } of columns.postings()) {
    for (const document of documents) {
      const row = (rows[document] ??= {});
      const there = row[field];
      if (value === undefined) row[field] = [];
      else if (there === undefined) row[field] = value;
      else row[field] = Array.isArray(there) ? [...there, value] : [there, value];
    }
  }
  return rows as (Metadata | undefined)[];
}
