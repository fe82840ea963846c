import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JsonRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many forms.
  readonly body: any;
}

/** An answer: a value becomes JSON; `text` is sent as it is; `hang` and `reset` give none. */
export type JsonAnswer =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Record<string, string> }
  | { readonly status?: number; readonly text: string; readonly headers?: Record<string, string> }
  | { readonly hang: true }
  | { readonly reset: true };

/** A server on loopback that answers as a test says, and keeps what it was asked. */
export class JsonServer {
  readonly requests: JsonRequest[] = [];
  /** How many requests were open at once, at most. */
  mostAtOnce = 0;
  readonly #server: Server;
  #open = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: (request: JsonRequest, number: number) => JsonAnswer | Promise<JsonAnswer>): Promise<JsonServer> {
    const server = createServer();
    const result = new JsonServer(server);
    server.on('request', async (request, response) => {
      result.mostAtOnce = Math.max(result.mostAtOnce, ++result.#open);
      response.on('close', () => result.#open--);
      let text = '';
      for await (const chunk of request) text += chunk;
      const received: JsonRequest = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      result.requests.push(received);
      const reply = await answer(received, result.requests.length - 1);
      if ('hang' in reply) return;
      if ('reset' in reply) request.socket.destroy();
      else {
        const body = 'json' in reply ? JSON.stringify(reply.json) : reply.text;
        response
          .writeHead(reply.status ?? 200, { 'content-type': 'json' in reply ? 'application/json' : 'text/html', ...reply.headers })
          .end(body);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return result;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
