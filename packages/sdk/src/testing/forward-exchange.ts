import type { Agent, IncomingMessage } from 'node:http';
import { ConnectionCut, type Exchange, type ExchangeRequest } from './exchange.ts';
import { nodeModule } from './node-module.ts';

/** What is of one connection only (RFC 9110 section 7.6.1), and the name of the place, which is another one there. */
const ofConnection = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host'] as const;

/** An exchange with a real server; `close` gives its connections back. */
export function forwardTo(upstream: string): { exchange: Exchange; close(): void } {
  const http = nodeModule('node:http');
  const agent = new http.Agent({ keepAlive: true });
  return {
    exchange: async (request) => {
      const response = await send(upstream, agent, request);
      // The server is away: so it is for whoever asks.
      if (response === null) return { kind: 'reset' };
      const headers = Object.fromEntries(
        Object.entries(passedOn(response.headers)).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
      );
      return { kind: 'answer', status: response.statusCode ?? 502, headers, body: bodyOf(response) };
    },
    close: () => agent.destroy(),
  };
}

function send(upstream: string, agent: Agent, asked: ExchangeRequest): Promise<IncomingMessage | null> {
  const { method, target, headers, body, signal } = asked;
  return new Promise((resolve) => {
    const request = nodeModule('node:http').request(new URL(target, upstream), {
      agent,
      method,
      headers: passedOn(headers),
      signal,
    });
    request.once('response', resolve);
    request.once('error', () => resolve(null));
    request.end(body ?? undefined);
  });
}

async function* bodyOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response) yield piece as Buffer;
  } catch {
    throw new ConnectionCut();
  }
}

const passedOn = <Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.some((one) => one === name)));
