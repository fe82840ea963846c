import { RankError } from '@rank-rank/core';
import { retryingFetch, said } from '../net/retrying-fetch.ts';
import type { HubSettings } from './hub-options.ts';
import type { ModelReference } from './model-reference.ts';

/** A file of a repository. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** The name of its content: SHA-256 for large files, else git's SHA-1 of it as a blob. */
  readonly etag: string;
  readonly checksum: 'sha256' | 'git-sha1';
}

/** What a hub says of a model at one revision. */
export interface Repository {
  readonly name: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** As the model's card names it, such as `apache-2.0`; absent where the card is silent. */
  readonly licence: string | undefined;
  readonly gated: boolean;
}

interface ModelInfo {
  readonly sha?: string;
  readonly gated?: boolean | string;
  readonly tags?: readonly string[];
  readonly cardData?: { readonly license?: string | readonly string[] } | null;
  readonly siblings?: readonly {
    readonly rfilename: string;
    readonly size?: number;
    readonly blobId?: string;
    readonly lfs?: { readonly sha256?: string; readonly size?: number } | null;
  }[];
}

/** Asks the hub which commit a revision is, and which files it has. */
export async function readRepository(reference: ModelReference, settings: HubSettings): Promise<Repository> {
  const { name, revision } = reference;
  const url = `${settings.endpoint}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const info = await retryingFetch(
    url,
    { headers: headersFor(settings) },
    async (response) => {
      const text = await response.text();
      if (!response.ok) throw refusal(response, text, reference, settings);
      return parseInfo(text, response, url);
    },
    settings.network,
    settings.signal,
  );
  const files = (info.siblings ?? []).map(({ rfilename: path, size, blobId, lfs }): HubFile => {
    if (path.startsWith('/') || path.split('/').includes('..'))
      throw new RankError('CORRUPT', `${url} lists a file ${JSON.stringify(path)}, outside its repository.`);
    return lfs?.sha256
      ? { path, size: lfs.size ?? size ?? 0, etag: lfs.sha256, checksum: 'sha256' }
      : { path, size: size ?? 0, etag: blobId ?? '', checksum: 'git-sha1' };
  });
  const licence = [info.cardData?.license].flat()[0] ?? info.tags?.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
  return { name, commit: info.sha!, files, licence, gated: Boolean(info.gated) };
}

function parseInfo(text: string, response: Response, url: string): ModelInfo {
  let info: ModelInfo | undefined;
  try {
    info = JSON.parse(text) as ModelInfo;
  } catch {
    // Said below.
  }
  if (typeof info?.sha !== 'string' || !/^[0-9a-f]{40,64}$/.test(info.sha) || !Array.isArray(info.siblings)) {
    throw new RankError(
      'REMOTE',
      `${url} answered${said(text) || ' nothing'}, not what a model hub answers. Is $HF_ENDPOINT right? A proxy or a login page may stand in between.`,
      { url, status: response.status },
    );
  }
  return info;
}

export function headersFor({ token }: HubSettings): Record<string, string> {
  return { 'user-agent': 'rank-rank', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
}

/** The error for an answer that another attempt would not better. */
export function refusal(
  response: Response,
  text: string,
  { name, revision }: ModelReference,
  settings: HubSettings,
  file?: string,
): RankError {
  const { status, headers } = response;
  const details = { name, revision, status, ...(file !== undefined && { file }) };
  const code = headers.get('x-error-code') ?? '';
  const page = `${settings.endpoint}/${name}`;
  if (code === 'GatedRepo' || (status === 403 && settings.token !== undefined)) {
    return new RankError(
      'REMOTE',
      `${name} is gated: accept its conditions at ${page} with the account whose token you use${said(text)}.`,
      details,
    );
  }
  if (status === 401 || status === 403) {
    return new RankError(
      'REMOTE',
      settings.token === undefined
        ? `${name} is private or gated, or does not exist (${status}). Check the name; for a private model set $HF_TOKEN, or log in with \`hf auth login\`.`
        : `The hub refused the token for ${name} (${status}${said(text)}). It may have expired, or the model does not exist: check the name, and $HF_TOKEN.`,
      details,
    );
  }
  if (status === 404) {
    if (file !== undefined) return new RankError('NOT_FOUND', `${name}@${revision} has no file ${file}.`, details);
    return new RankError(
      'NOT_FOUND',
      code === 'RevisionNotFound'
        ? `${name} has no revision ${revision}; expected a branch, a tag or a commit of ${page}.`
        : `There is no model ${name} at ${settings.endpoint}. Check the spelling; names are owner/name.`,
      details,
    );
  }
  return new RankError('REMOTE', `${settings.endpoint} answered ${status} for ${name}${said(text)}.`, details);
}
