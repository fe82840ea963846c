import { createHash } from 'node:crypto';

/**
 * A model's id with a digest of the settings it was opened with, so that two encoders with one id give the same vectors: caches rely on
 * that. Where files lie, and remarks for people, make no difference.
 */
export function settledId(id: string, settings: unknown): string {
  const text = JSON.stringify(settings, (key, value) => (key === 'folder' || key === 'file' || key === 'notes' ? undefined : value));
  return `${id}#${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
