import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RankError } from '@rank-rank/core';
import { ConnectionError, retryingFetch } from '../net/retrying-fetch.ts';
import { blobPath, type RepositoryCache } from './hub-cache.ts';
import type { HubSettings } from './hub-options.ts';
import { type HubFile, headersFor, type Repository, refusal } from './repository.ts';

/**
 * Fetches a file into the blobs, going on where an earlier attempt ended, and checks that it is what the hub says it is.
 * `onBytes` is told how many bytes are there.
 */
export async function downloadFile(
  repository: Repository,
  file: HubFile,
  cache: RepositoryCache,
  settings: HubSettings,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const blob = blobPath(cache, file.etag);
  if (existsSync(blob) && statSync(blob).size === file.size) return;
  await mkdir(dirname(blob), { recursive: true });
  await exclusively(`${blob}.rank-rank.lock`, async () => {
    // Whoever held the lock before may have fetched it.
    if (existsSync(blob) && statSync(blob).size === file.size) return;
    const partial = `${blob}.incomplete`;
    for (let attempt = 0; ; attempt++) {
      const found = await fetchRest(repository, file, partial, settings, onBytes);
      if (found === file.etag || file.etag === '') break;
      await rm(partial, { force: true });
      // Half a file of an earlier attempt may have been bad; what is fetched whole and bad is bad.
      if (attempt > 0) {
        throw new RankError(
          'CORRUPT',
          `${file.path} of ${repository.name} was fetched whole and is not what the hub says it is (${file.checksum} ${found.slice(0, 12)}…, expected ${file.etag.slice(0, 12)}…). A proxy may alter what passes; it was removed.`,
          { name: repository.name, file: file.path, expected: file.etag, found },
        );
      }
    }
    await rename(partial, blob);
  });
}

async function fetchRest(
  repository: Repository,
  file: HubFile,
  partial: string,
  settings: HubSettings,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const url = `${settings.endpoint}/${repository.name}/resolve/${repository.commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
  const reference = { name: repository.name, revision: repository.commit };
  const there = async (): Promise<number> => (await stat(partial).catch(() => undefined))?.size ?? 0;
  if ((await there()) > file.size) await rm(partial);
  let hash = await hashOf(file, partial);
  let have = await there();
  // Each broken attempt that brought something is worth another; the limit is on attempts that bring nothing.
  let barren = 0;
  while (have < file.size || (file.size === 0 && !existsSync(partial))) {
    const before = have;
    try {
      await retryingFetch(
        url,
        { headers: { ...headersFor(settings), ...(have > 0 && { range: `bytes=${have}-` }) } },
        async (response, alive) => {
          if (response.status === 416) {
            await rm(partial, { force: true });
            [have, hash] = [0, newHash(file)];
            throw new ConnectionError('the server has no such range');
          }
          if (!response.ok) throw refusal(response, await response.text(), reference, settings, file.path);
          checkContent(response, file, url);
          if (have > 0 && response.status !== 206) [have, hash] = [0, newHash(file)];
          const sink = await open(partial, have > 0 ? 'a' : 'w');
          try {
            for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
              alive();
              if (have + chunk.length > file.size) throw tooLong(file, url);
              await sink.write(chunk);
              hash.update(chunk);
              have += chunk.length;
              onBytes(have);
            }
            await sink.sync();
          } finally {
            await sink.close();
          }
          if (have < file.size) throw new ConnectionError(`it ended after ${have} of ${file.size} bytes`);
        },
        { ...settings.network, retries: 0 },
        settings.signal,
      );
    } catch (error) {
      if (!(error instanceof RankError) || !isWorthAnother(error)) throw error;
      barren = have > before ? 0 : barren + 1;
      if (barren > settings.network.retries) {
        throw new RankError(
          error.code,
          `${file.path} of ${repository.name}: ${error.message} ${have} of ${file.size} bytes are kept; the next attempt goes on from there.`,
          {
            ...error.details,
            file: file.path,
            bytes: have,
          },
        );
      }
      const asked = error.details['retryAfterMs'];
      const backoff = settings.network.retryDelayMs * 2 ** Math.min(barren, 6) * (0.5 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, typeof asked === 'number' ? asked : backoff));
    }
  }
  return hash.digest('hex');
}

function isWorthAnother({ code, details }: RankError): boolean {
  return (
    code === 'TIMEOUT' ||
    (code === 'REMOTE' && (details['unreachable'] === true || (typeof details['status'] === 'number' && details['status'] >= 408)))
  );
}

function checkContent(response: Response, file: HubFile, url: string): void {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('text/html') || /\.html?$/.test(file.path)) return;
  throw new RankError('REMOTE', `${url} answered with a web page instead of ${file.path}. A proxy or a login page may stand in between.`, {
    url,
  });
}

function tooLong(file: HubFile, url: string): RankError {
  return new RankError('CORRUPT', `${url} gives more than the ${file.size} bytes that ${file.path} has.`, { url, file: file.path });
}

/** Git names a blob by the SHA-1 of `blob SIZE\0` and its content. */
function newHash(file: HubFile): Hash {
  return file.checksum === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${file.size}\0`);
}

async function hashOf(file: HubFile, path: string): Promise<Hash> {
  const hash = newHash(file);
  if (existsSync(path)) for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash;
}

/** How long a lock may go without a sign of life before its holder is taken for dead. */
const staleMs = 20_000;

/** Holds a lock file while `work` runs, so that two processes do not write one file; a lock whose holder died is taken over. */
async function exclusively(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? 0);
      if (age > staleMs) await unlink(lock).catch(() => undefined);
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const heart = setInterval(() => {
    const now = new Date();
    void utimes(lock, now, now).catch(() => undefined);
  }, staleMs / 4);
  heart.unref();
  try {
    await work();
  } finally {
    clearInterval(heart);
    await unlink(lock).catch(() => undefined);
  }
}
