import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the hub does to one request instead of answering it as it should. */
export type Trouble =
  | { readonly kind: 'stall' }
  | { readonly kind: 'status'; readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | { readonly kind: 'html' }
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'wrong'; readonly body: Buffer }
  | { readonly kind: 'whole' }
  | { readonly kind: 'reset' };

export interface HubModel {
  readonly files: Readonly<Record<string, Buffer | string>>;
  readonly licence?: string;
  readonly token?: string;
  readonly gated?: boolean;
}

/** A model hub on loopback that answers as Hugging Face's does, and misbehaves where a test wants it to. */
export class HubServer {
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  /** Taken from the front, one for each request whose path matches. */
  readonly troubles: { match: RegExp; trouble: Trouble }[] = [];
  readonly models: Map<string, HubModel> = new Map();
  readonly commit: string = 'c'.repeat(40);
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<HubServer> {
    const server = createServer();
    const hub = new HubServer(server);
    server.on('request', (request, response) => hub.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  trouble(match: RegExp, ...troubles: Trouble[]): void {
    for (const trouble of troubles) this.troubles.push({ match, trouble });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    const { range, authorization } = request.headers;
    this.requests.push({ path, range, authorization });
    const at = this.troubles.findIndex(({ match }) => match.test(path));
    const trouble = at < 0 ? undefined : this.troubles.splice(at, 1)[0]!.trouble;
    switch (trouble?.kind) {
      case 'stall':
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'status':
        response.writeHead(trouble.status, trouble.headers).end(trouble.body ?? '');
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><html><title>Sign in</title></html>');
        return;
      default:
    }
    const api = /^\/api\/models\/(.+)\/revision\/(.+)$/.exec(path);
    const file = /^\/(.+?\/.+?)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const name = (api ?? file)?.[1] ?? '';
    const model = this.models.get(name);
    if (model?.token !== undefined && authorization !== `Bearer ${model.token}`) {
      const headers = model.gated ? { 'x-error-code': 'GatedRepo' } : { 'x-error-code': 'RepoNotFound' };
      response.writeHead(model.gated && authorization ? 403 : 401, headers).end('{"error":"Invalid credentials"}');
      return;
    }
    if (model === undefined) {
      response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
    } else if (api) {
      if (api[2] !== 'main' && api[2] !== this.commit) {
        response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end('{"error":"Invalid rev id"}');
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.#info(name, model)));
    } else if (file && model.files[file[3]!] !== undefined) {
      this.#send(Buffer.from(model.files[file[3]!]!), range, trouble, response);
    } else response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end('Entry not found');
  }

  #info(id: string, { files, licence, gated }: HubModel): unknown {
    return {
      id,
      sha: this.commit,
      gated: gated ? 'auto' : false,
      tags: licence ? [`license:${licence}`] : [],
      cardData: licence ? { license: licence } : null,
      siblings: Object.entries(files).map(([rfilename, content]) => {
        const bytes = Buffer.from(content);
        const blobId = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
        const isLarge = /\.(onnx|safetensors|bin|pt|onnx_data)$/.test(rfilename);
        const lfs = { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 };
        return { rfilename, size: bytes.length, blobId, ...(isLarge && { lfs }) };
      }),
    };
  }

  #send(content: Buffer, range: string | undefined, trouble: Trouble | undefined, response: ServerResponse): void {
    const body = trouble?.kind === 'wrong' ? trouble.body : content;
    const from = trouble?.kind === 'whole' || range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)![1]);
    if (from >= body.length && from > 0) {
      response.writeHead(416).end();
      return;
    }
    const rest = body.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-type': 'application/octet-stream', 'content-length': rest.length });
    if (trouble?.kind === 'cut') {
      // Time for what was written to arrive.
      response.write(rest.subarray(0, trouble.after), () => setTimeout(() => response.destroy(), 60));
      return;
    }
    response.end(rest);
  }
}
