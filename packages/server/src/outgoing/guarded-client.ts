import { lookup } from 'node:dns/promises';
import type { Agent, Dispatcher } from 'undici';
import { messageOf, RunFailure } from '../kernel/errors.ts';
import { version } from '../kernel/version.ts';
import { parseHttpAllow } from './allow-list.ts';
import { type Guard, openGuardedAgent, type Resolve } from './guarded-agent.ts';
import { ownAddresses } from './own-addresses.ts';
import { readBody } from './read-body.ts';
import { dropBodyHeaders, dropSecrets, requestHeaders } from './request-headers.ts';
import { targetUrl } from './target-url.ts';

export interface GuardedHttpOptions {
  /** Entries of `ORDINAUT_HTTP_ALLOW`; default: none, only the public internet is reached. */
  readonly allow?: readonly string[];
  /** All addresses of a host name; default: the resolver of the system. */
  readonly resolve?: Resolve;
  /** The addresses of this machine; default: those of its network interfaces. */
  readonly ownAddresses?: () => readonly string[];
}

export interface HttpRequest {
  /** Any method but CONNECT and TRACE; sent in upper case. */
  readonly method: string;
  readonly url: string;
  /** Without those that follow from the request: `Host`, `Content-Length`, `Connection` and their like. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | null;
  readonly signal: AbortSignal;
  /** For everything up to the last byte, milliseconds; `null`: as long as the signal allows. */
  readonly timeoutMs: number | null;
  readonly maxResponseBytes: number;
  /** Redirects to follow; 0 gives the redirect itself. */
  readonly maxRedirects: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a header that came several times is a list. */
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

/**
 * The one client for requests whose target somebody else chose (tools, webhooks, MCP servers, plugins).
 *
 * Nothing but the public internet is reached unless `allow` opens it. The check stands where connections are made
 * (`openGuardedAgent`), so no redirect gets past it, and reused connections were checked when they opened.
 */
export class GuardedHttpClient {
  readonly #guard: Guard;
  #agent: Promise<Agent> | null = null;
  #closed = false;

  /** @throws Error for an entry of `allow` that cannot be read. */
  constructor(options: GuardedHttpOptions = {}) {
    this.#guard = {
      allow: parseHttpAllow(options.allow ?? []),
      resolve: options.resolve ?? ((hostname) => lookup(hostname, { all: true })),
      ownAddresses: options.ownAddresses ?? ownAddresses,
    };
  }

  /**
   * Sends a request and reads the answer, whatever its status.
   *
   * Across origins a redirect loses `Authorization`, `Cookie` and every other header whose name speaks of a secret; 303, and 301
   * or 302 after a POST, go on as GET without a body (RFC 9110 section 15.4).
   *
   * @throws RunFailure `permission_denied` (a target that is not allowed), `input_invalid` (no URL, a bad method or header),
   *   `step_timeout`, `canceled`, `output_too_large`, `http_rejected` (too many redirects, or one to nowhere; a body that cannot
   *   be decoded), `network_error`.
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const { signal, timeoutMs } = request;
    const controller = new AbortController();
    const onAbort = (): void =>
      controller.abort(new RunFailure('canceled', 'The request was canceled.', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const timer =
      timeoutMs === null
        ? null
        : setTimeout(() => {
            const sentence = `${nameOf(request.method, request.url)} took longer than ${timeoutMs / 1000} s.`;
            controller.abort(new RunFailure('step_timeout', sentence));
          }, timeoutMs);
    try {
      controller.signal.throwIfAborted();
      return await untilAborted(controller.signal, this.#follow(request, controller.signal));
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : toFailure(error, request);
    } finally {
      if (timer) clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The guarded dispatcher, for libraries that bring their own `fetch`. It follows the same rules for connections. */
  dispatcher(): Promise<Dispatcher> {
    if (this.#closed) return Promise.reject(new RunFailure('canceled', 'The HTTP client is closed.'));
    this.#agent ??= openGuardedAgent(this.#guard);
    return this.#agent;
  }

  /** Ends requests under way and closes every connection. The client is of no use afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    const agent = await this.#agent;
    await agent?.destroy();
  }

  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const dispatcher = await this.dispatcher();
    let method = sentMethod(request.method);
    let body = request.body ?? null;
    let url = targetUrl(request.url);
    const headers = requestHeaders(request.headers ?? {});
    if (!headers.has('user-agent')) headers.set('user-agent', `ordinaut/${version}`);
    for (let redirects = 0; ; redirects++) {
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: Object.fromEntries(headers),
        body: typeof body === 'string' ? body : body && Buffer.from(body),
        signal,
      });
      const status = response.statusCode;
      const location = redirectStatuses.has(status) ? response.headers.location : undefined;
      if (request.maxRedirects === 0 || typeof location !== 'string') {
        const encoding = String(response.headers['content-encoding'] ?? '');
        return {
          status,
          headers: presentHeaders(response.headers),
          body: await readBody(response.body, encoding, request.maxResponseBytes, signal),
          url: url.href,
        };
      }
      await response.body.dump({ limit: 65_536, signal });
      if (redirects === request.maxRedirects) {
        const sentence = `${nameOf(request.method, request.url)} was redirected more than ${request.maxRedirects} times.`;
        throw new RunFailure('http_rejected', sentence);
      }
      const next = targetUrl(location, url);
      if (next.origin !== url.origin) dropSecrets(headers);
      if (status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST') {
        method = 'GET';
        body = null;
        dropBodyHeaders(headers);
      }
      url = next;
    }
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** CONNECT would make a tunnel of an allowed host, and TRACE sends back what a header holds. */
function sentMethod(given: string): string {
  const method = given.toUpperCase();
  if (method === 'CONNECT' || method === 'TRACE') {
    throw new RunFailure('input_invalid', `The HTTP client does not send ${method}.`);
  }
  if (!/^[A-Z][A-Z-]{0,31}$/.test(method)) {
    throw new RunFailure('input_invalid', `${JSON.stringify(method.slice(0, 40))} is no HTTP method.`);
  }
  return method;
}

/** undici looks at the signal when a connection stands; a name or a host that does not answer would outlast the time. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function presentHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => !!entry[1]),
  );
}

/** `GET https://example.org/path`: without the query, which may hold a key. */
function nameOf(method: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed ? `${method} ${parsed.origin}${parsed.pathname}` : method;
}

function toFailure(error: unknown, request: HttpRequest): RunFailure {
  if (error instanceof RunFailure) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const invalid = code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED';
  const reason = messageOf(error) || String(code ?? 'no reason given');
  const sentence = `${nameOf(request.method, request.url)} failed: ${reason}.`;
  return new RunFailure(invalid ? 'input_invalid' : 'network_error', sentence, { cause: error });
}
