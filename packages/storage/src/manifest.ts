import { RankError } from '@rank-rank/core';
import { crc32 } from './crc32.ts';

/** What one part of the folder (an index, the documents) committed: words of its own, and the files that belong to it. */
export interface ScopeRecord {
  readonly state: unknown;
  readonly files: readonly string[];
}

/** The one file that says what a folder holds. Replacing it is the commit. */
export interface Manifest {
  /** What the folder is, such as `collection` or `lexical-index`. */
  readonly kind: string;
  /** Counts commits. */
  readonly generation: number;
  /** The number for the next file's name; never goes back, so a name is never used twice. */
  readonly nextFile: number;
  readonly scopes: Readonly<Record<string, ScopeRecord>>;
}

export const manifestName = 'MANIFEST';
const version = 1;

/** `rank-rank manifest VERSION CRC-32` on the first line, then JSON. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const body = new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`);
  const head = new TextEncoder().encode(`rank-rank manifest ${version} ${checksum(version, body).toString(16).padStart(8, '0')}\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

export function decodeManifest(path: string, bytes: Uint8Array): Manifest {
  const text = new TextDecoder().decode(bytes.subarray(0, 64));
  const head = /^rank-rank manifest (\d+) ([0-9a-f]{8})\n/.exec(text);
  const damaged = (reason: string) =>
    new RankError('CORRUPT', `${path} is damaged: ${reason}. Restore the folder from a copy, or build it again.`, { file: path, reason });
  if (head === null) throw damaged('it does not start as a manifest does');
  if (Number(head[1]) > version) {
    throw new RankError(
      'UNSUPPORTED_VERSION',
      `${path} was written by a newer version of rank-rank (manifest ${head[1]}, this one reads up to ${version}). Update rank-rank.`,
      { file: path, version: Number(head[1]) },
    );
  }
  const body = bytes.subarray(head[0].length);
  if (checksum(Number(head[1]), body) !== Number.parseInt(head[2]!, 16))
    throw damaged('its checksum does not match; it was cut or altered');
  return JSON.parse(new TextDecoder().decode(body)) as Manifest;
}

/** Covers the version too, which stands before it in clear. */
function checksum(ofVersion: number, body: Uint8Array): number {
  return crc32(body, ofVersion);
}
