import { type Metadata, RankError, shown } from '@rank-rank/core';

/**
 * Refuses metadata that could not be stored and found again: values other than texts, finite numbers, booleans, null and flat lists
 * of the first three; fields without a name.
 */
export function checkMetadata(where: string, metadata: unknown): Metadata {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(metadata)}; expected an object of field names and values.`);
  }
  for (const [field, value] of Object.entries(metadata)) {
    if (field === '') throw new RankError('INVALID_ARGUMENT', `${where} has a field without a name. Give it one, or leave it out.`);
    if (value === null) continue;
    const place = `${where}[${shown(field)}]`;
    if (Array.isArray(value)) {
      value.forEach((item, i) => {
        checkScalar(`${place}[${i}]`, item);
      });
    } else checkScalar(place, value);
  }
  return metadata as Metadata;
}

function checkScalar(where: string, value: unknown): void {
  if (typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value !== 'number') {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected a string, a number, a boolean or a flat list of them.`);
  }
  if (!Number.isFinite(value)) throw new RankError('NOT_FINITE', `${where} is ${value}; expected a finite number, or null for none.`);
}
