import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Extension } from '../extensions/extension.ts';
import type { Generation } from '../extensions/generation.ts';
import { ApiError, notFound } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { withoutPrefix } from './api-prefix.ts';
import { shorten, toApiError } from './error-body.ts';
import { answerRaw, answerUpgrade } from './raw-answer.ts';
import { requestIdOf } from './request-id.ts';

const PREFIX = '/ext/';
/** What the server itself answers for an extension, whatever the method: see the table of operations. */
const ownPaths = new Set(['/health', '/reload', '/enable', '/disable', '/reset']);

export interface ExtensionGateOptions {
  /** @throws ApiError `not_found` */
  find(id: string): Extension;
  readonly bodyLimit: number;
  readonly logger: Logger;
  /** Hears of each request that is answered here and never reaches an extension. */
  refused(request: IncomingMessage, status: number): void;
  /** Looks at a request before anything else. @throws ApiError when it may not come in. */
  check(request: IncomingMessage): void;
}

/** The way to the extensions, beside the routes of the core and before them. */
export interface ExtensionGate {
  /** Takes a request below `/ext/{id}/`; false: it is not for an extension. */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes any request to become a WebSocket: only extensions have them. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

/**
 * Hands requests straight to the Fastify instance of the extension, without the routing of the core: a second round of routing
 * and hooks would cost a third of the throughput. An extension that is loaded is reached without a turn of the event loop; one
 * that is not is activated, while the request waits.
 */
export function extensionGate({ find, bodyLimit, logger, check, refused }: ExtensionGateOptions): ExtensionGate {
  /** Calls `serve` with the generation, now or as soon as there is one; `refuse` with the reason otherwise. */
  const enter = (
    request: IncomingMessage,
    target: Target,
    serve: (generation: Generation) => void,
    refuse: (error: ApiError) => void,
  ): void => {
    const fail = (error: unknown) => {
      const known = toApiError(error, bodyLimit, shorten(request.url ?? ''));
      if (known.code === 'internal_error') logger.error({ err: error, extension: target.id }, 'a request failed');
      refuse(known);
      refused(request, known.status);
    };
    try {
      check(request);
      const extension = find(target.id);
      admit(extension);
      const { serving } = extension;
      if (serving?.hasPlace) serve(serving);
      else serveLater(extension, serve).catch(fail);
    } catch (error) {
      fail(error);
    }
  };

  return {
    request(request, response) {
      const target = targetOf(request);
      if (target === null) return false;
      const requestId = requestIdOf(request);
      // Whatever an id was made of, hooks and logs of the extension see the same one.
      request.headers['x-request-id'] = requestId;
      const refuse = (error: ApiError) => answerRaw(request, response, error, requestId);
      enter(
        request,
        target,
        (generation) => {
          if (response.destroyed) return;
          const { app, manifest } = generation;
          if (app === null) throw noRoutes(target);
          if (lacksSlash(request, target, manifest.contributes.static)) return redirect(response, target, requestId);
          turnTo(request, target);
          generation.serve(response, () => app.routing(request, response));
        },
        refuse,
      );
      return true;
    },

    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const requestId = requestIdOf(request);
      const refuse = (error: ApiError) => answerUpgrade(socket, error, requestId);
      const target = targetOf(request);
      if (target === null) {
        refuse(notFound('WebSocket', shorten(request.url ?? '')));
        return;
      }
      enter(
        request,
        target,
        (generation) => {
          if (socket.destroyed) return;
          const { app } = generation;
          if (app === null) throw noRoutes(target);
          turnTo(request, target);
          generation.serve(socket, () => app.server.emit('upgrade', request, socket, head));
        },
        refuse,
      );
    },
  };
}

interface Target {
  readonly id: string;
  /** What follows the id, without the query; empty or beginning with a slash. */
  readonly rest: string;
  /** With the question mark; empty without one. */
  readonly query: string;
  /** The URL as it was asked for. */
  readonly url: string;
}

function targetOf(request: IncomingMessage): Target | null {
  const { url = '/' } = request;
  const path = withoutPrefix(request);
  if (!path.startsWith(PREFIX)) return null;
  const mark = path.indexOf('?');
  const end = mark < 0 ? path.length : mark;
  const slash = path.indexOf('/', PREFIX.length);
  const idEnd = slash < 0 || slash > end ? end : slash;
  const id = path.slice(PREFIX.length, idEnd);
  const rest = path.slice(idEnd, end);
  if (id === '' || (id === 'status' && rest === '')) return null;
  if (ownPaths.has(rest)) return null;
  return { id, rest, query: path.slice(end), url };
}

/** The extension sees its own paths; what was asked for stays known as `originalUrl`. */
function turnTo(request: IncomingMessage & { originalUrl?: string }, { rest, query, url }: Target): void {
  request.originalUrl = url;
  request.url = `${rest === '' ? '/' : rest}${query}`;
}

/** Serves as soon as there is a generation and a place in it. */
async function serveLater(extension: Extension, serve: (generation: Generation) => void): Promise<void> {
  for (;;) {
    const generation = await extension.ensure();
    // One that was replaced meanwhile takes nobody in any more, and sends everybody on who waits.
    if (!generation.ended && (await generation.enter(() => serve(generation)))) return;
  }
}

function admit(extension: Extension): void {
  const waitMs = extension.meter.admit();
  if (waitMs === 0) return;
  throw new ApiError(
    'unavailable',
    `The extension ${extension.extensionId} failed ten times in a row and is spared for a while.`,
    {
      details: { extension_id: extension.extensionId, breaker: 'open' },
      retryAfterSeconds: waitMs / 1000,
    },
  );
}

const noRoutes = ({ id, url }: Target): ApiError =>
  new ApiError('not_found', `The extension ${id} has no routes.`, {
    details: { what: 'path', id: shorten(url), extension_id: id },
  });

const lacksSlash = ({ method }: IncomingMessage, { rest }: Target, folders: readonly unknown[]): boolean =>
  rest === '' && folders.length > 0 && (method === 'GET' || method === 'HEAD');

/** A page below `/ext/{id}/` finds its files only with the slash. */
function redirect(response: ServerResponse, { url, query }: Target, requestId: string): void {
  const path = url.slice(0, url.length - query.length);
  response.writeHead(308, { location: `${path}/${query}`, 'x-request-id': requestId, 'content-length': 0 });
  response.end();
}
