import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { probeAnswer, probeEvent } from './probe-answer.ts';
import type { Scenario, Seen } from './scenario.ts';
import { TokenDoor } from './token-door.ts';

/** A port of the probe server: it behaves as its scenario says, and counts what comes. */
export class ProbePort {
  readonly #scenario: Scenario;
  readonly #door = new TokenDoor();
  readonly #open = new Set<Socket>();
  readonly #keys = new Set<string>();
  readonly #resumedAfter: string[] = [];
  readonly #held: ServerResponse[] = [];
  readonly #server = createServer((request, response) => {
    // A client that leaves while it sends is no failure of the server.
    this.#take(request, response).catch(() => response.destroy());
  });
  #requests = 0;
  #sockets = 0;
  #effects = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    // A connection that the server ends between two requests is none of the things that are probed.
    this.#server.keepAliveTimeout = 120_000;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets += 1;
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  async listen(): Promise<string> {
    // 300 connections at once are not to be refused.
    this.#server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<Seen> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    return {
      requests: this.#requests,
      logins: this.#door.logins,
      sockets: this.#sockets,
      effects: this.#effects,
      resumedAfter: this.#resumedAfter,
    };
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (request.url === '/auth/token') return json(response, 200, JSON.stringify(this.#door.logIn()));
    this.#requests += 1;
    await this.#answer(this.#scenario, request, response, body);
  }

  async #answer(scenario: Scenario, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    switch (scenario.is) {
      case 'fine':
        if (scenario.delayMs > 0) await sleep(scenario.delayMs);
        return json(response, 200, probeAnswer);
      case 'away':
        return fail(response, 503, 'unavailable', retryAfter(scenario.retryAfterSeconds));
      case 'mute':
        return;
      case 'stalled':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(probeAnswer.slice(0, probeAnswer.length / 2));
        return;
      case 'lost answer':
        this.#do(request, body);
        return this.#requests === 1 ? fail(response, 500, 'internal_error') : json(response, 200, probeAnswer);
      case 'revoked':
        return this.#refuse(scenario, request, response);
      case 'stream':
        return this.#stream(scenario.breaks, request, response);
    }
  }

  /** Does what is asked for, unless it was asked for with the same key before. */
  #do({ headers }: IncomingMessage, body: string): void {
    const key = headers['idempotency-key'] ?? clientToken(body);
    if (key !== undefined && this.#keys.has(String(key))) return;
    if (key !== undefined) this.#keys.add(String(key));
    this.#effects += 1;
  }

  #refuse(
    { requests, spreadMs }: Extract<Scenario, { is: 'revoked' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    if (this.#door.knows(request)) {
      json(response, 200, probeAnswer);
      if (this.#requests === 1) this.#door.revoke();
      return;
    }
    // Who comes after those that were held is refused at once.
    if (this.#held.length === requests) unauthorized(response);
    else if (this.#held.push(response) === requests) this.#refuseHeld(spreadMs);
  }

  #refuseHeld(spreadMs: number): void {
    for (const [index, held] of this.#held.entries())
      setTimeout(() => unauthorized(held), (index * spreadMs) / this.#held.length);
  }

  #stream(breaks: Extract<Scenario, { is: 'stream' }>['breaks'], request: IncomingMessage, response: ServerResponse) {
    if (this.#requests === 2 && breaks === '503') return fail(response, 503, 'unavailable', retryAfter(1));
    if (this.#requests > 1 && breaks === '401' && !this.#door.knows(request)) return unauthorized(response);
    const isFirst = this.#requests === 1;
    if (!isFirst) this.#resumedAfter.push(String(request.headers['last-event-id'] ?? ''));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(probeEvent(isFirst ? '1-0' : '2-0'), () => {
      if (!isFirst || breaks === 'silence') return;
      this.#door.revoke();
      // The event is to be read before the connection ends.
      setTimeout(() => (breaks === 'reset' ? response.socket?.resetAndDestroy() : response.end()), 100);
    });
  }
}

/** AWS sends the key in the body. */
const clientToken = (body: string): string | undefined => /"ClientToken":"([^"]+)"/.exec(body)?.[1];

const retryAfter = (seconds: number | null): Record<string, string> =>
  seconds === null ? {} : { 'retry-after': String(seconds) };

function json(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
}

/** An answer with the error body of the server. */
function fail(response: ServerResponse, status: number, error: string, headers: Record<string, string> = {}): void {
  const message = `It is ${error}.`;
  const timestamp = '2026-01-01T00:00:00Z';
  json(response, status, JSON.stringify({ error, message, details: {}, request_id: 'probe', timestamp }), headers);
}

/** With the name that AWS has for it, so that its client can know. */
const unauthorized = (response: ServerResponse): void =>
  fail(response, 401, 'unauthorized', { 'x-amzn-errortype': 'ExpiredTokenException' });
