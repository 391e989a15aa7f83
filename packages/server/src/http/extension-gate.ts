import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Extension } from '../extensions/extension.ts';
import type { Generation } from '../extensions/generation.ts';
import { type Caller, isStranger } from '../identity/caller.ts';
import { ApiError, notFound } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { answerHeaders } from './answer-headers.ts';
import { withoutPrefix } from './api-prefix.ts';
import { checkHandshake } from './check-handshake.ts';
import type { LiveConnections } from './door/live-connections.ts';
import { shorten, toApiError } from './error-body.ts';
import { answerRaw, answerUpgrade } from './raw-answer.ts';
import { requestIdOf } from './request-id.ts';

const PREFIX = '/ext/';
/** What the server itself answers for an extension, whatever the method: see the table of operations. */
const ownPaths = new Set(['/health', '/reload', '/enable', '/disable', '/reset', '/config']);

export interface ExtensionGateOptions {
  /** @throws ApiError `not_found` */
  find(id: string): Extension;
  readonly bodyLimit: number;
  readonly logger: Logger;
  /** Hears of each request that is answered here and never reaches an extension. */
  refused(
    request: IncomingMessage,
    status: number,
    requestId: string,
    at: { readonly endpoint: string; readonly seconds: number },
  ): void;
  /** Looks at a request before anything else. @throws ApiError when it may not come in. */
  check(request: IncomingMessage): void;
  /** Lets a request in to an extension. @throws ApiError */
  admit(request: IncomingMessage, target: GateTarget, requestId: string): Promise<Caller>;
  readonly connections: LiveConnections;
  /** The WebSocket that is not an extension's. */
  readonly ownSocket: OwnSocket;
}

export interface OwnSocket {
  /** Where it is, for metrics. */
  readonly path: string;
  isAskedFor(request: IncomingMessage): boolean;
  /** @throws ApiError */
  take(request: IncomingMessage, socket: Socket, head: Buffer, requestId: string): Promise<void>;
}

export interface GateTarget {
  readonly extensionId: string;
  /** The path that was asked for, without `/api/v1` and without the query. */
  readonly path: string;
  readonly isUpgrade: boolean;
}

/** The way to the extensions, beside the routes of the core and before them. */
export interface ExtensionGate {
  /** Takes a request below `/ext/{id}/`; false: it is not for an extension. */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes any request to become a WebSocket: those of extensions, and that of the core. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

/**
 * Hands requests straight to the Fastify instance of the extension, without the routing of the core: a second round of routing
 * and hooks would cost a third of the throughput. An extension that is loaded is reached without a turn of the event loop; one
 * that is not is activated, while the request waits.
 */
export function extensionGate(options: ExtensionGateOptions): ExtensionGate {
  const { find, bodyLimit, logger, check, admit, connections, ownSocket, refused } = options;
  /** Calls `serve` with the generation, now or as soon as there is one; `refuse` with the reason otherwise. */
  const enter = async (
    request: IncomingMessage,
    { target, requestId, isUpgrade }: { target: Target; requestId: string; isUpgrade: boolean },
    serve: (generation: Generation, caller: Caller) => void,
    refuse: (error: ApiError) => void,
  ): Promise<void> => {
    let caller: Caller | null = null;
    const begun = performance.now();
    try {
      check(request);
      caller = await admit(request, { extensionId: target.id, path: target.path, isUpgrade }, requestId);
      const extension = find(target.id);
      spare(extension);
      const { serving } = extension;
      if (serving?.hasPlace) serve(serving, caller);
      else await serveLater(extension, serve, caller);
    } catch (error) {
      const known = forStranger(toApiError(error, bodyLimit, shorten(request.url ?? '')), caller, target);
      if (known.code === 'internal_error') logger.error({ err: error, extension: target.id }, 'a request failed');
      refuse(known);
      refused(request, known.status, requestId, { endpoint: '/ext/{id}', seconds: (performance.now() - begun) / 1000 });
    }
  };

  const takeOwn = async (
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    requestId: string,
    refuse: (error: ApiError) => void,
  ): Promise<void> => {
    const begun = performance.now();
    try {
      check(request);
      await ownSocket.take(request, socket, head, requestId);
    } catch (error) {
      const known = toApiError(error, bodyLimit, shorten(request.url ?? ''));
      if (known.code === 'internal_error') logger.error({ err: error }, 'a WebSocket could not be opened');
      refuse(known);
      refused(request, known.status, requestId, {
        endpoint: ownSocket.path,
        seconds: (performance.now() - begun) / 1000,
      });
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
      void enter(
        request,
        { target, requestId, isUpgrade: false },
        (generation, caller) => {
          if (response.destroyed) return;
          const { app, manifest } = generation;
          if (app === null) throw noRoutes(target);
          if (lacksSlash(request, target, manifest.contributes.static))
            return redirect(request, response, target, requestId);
          turnTo(request, target);
          generation.serve(response, caller, () => app.routing(request, response));
        },
        refuse,
      );
      return true;
    },

    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const requestId = requestIdOf(request);
      const refuse = (error: ApiError) => answerUpgrade(request, socket, error, requestId);
      const target = targetOf(request);
      if (ownSocket.isAskedFor(request)) {
        void takeOwn(request, socket, head, requestId, refuse);
        return;
      }
      if (target === null) {
        refuse(notFound('WebSocket', shorten(request.url ?? '')));
        return;
      }
      void enter(
        request,
        { target, requestId, isUpgrade: true },
        (generation, caller) => {
          if (socket.destroyed) return;
          const { app } = generation;
          if (app === null) throw noRoutes(target);
          checkHandshake(request);
          connections.admit(request, socket);
          // Whatever an id was made of, hooks and logs of the extension see the same one.
          request.headers['x-request-id'] = requestId;
          turnTo(request, target);
          generation.serve(socket, caller, () => app.server.emit('upgrade', request, socket, head));
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
  /** The whole path, without `/api/v1`. */
  readonly path: string;
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
  return { id, rest, path: path.slice(0, end), query: path.slice(end), url };
}

/** The extension sees its own paths; what was asked for stays known as `originalUrl`. */
function turnTo(request: IncomingMessage & { originalUrl?: string }, { rest, query, url }: Target): void {
  request.originalUrl = url;
  request.url = `${rest === '' ? '/' : rest}${query}`;
}

/** Serves as soon as there is a generation and a place in it. */
async function serveLater(
  extension: Extension,
  serve: (generation: Generation, caller: Caller) => void,
  caller: Caller,
): Promise<void> {
  for (;;) {
    const generation = await extension.ensure();
    // One that was replaced meanwhile takes nobody in any more, and sends everybody on who waits.
    if (!generation.ended && (await generation.enter(() => serve(generation, caller)))) return;
  }
}

function spare(extension: Extension): void {
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

/** Why an extension does not run may be anything that its author has written, and is not for everybody. */
function forStranger(error: ApiError, caller: Caller | null, { id }: Target): ApiError {
  if (error.code !== 'unavailable' || caller === null || !isStranger(caller)) return error;
  return new ApiError('unavailable', `The extension ${id} cannot be used at the moment.`, {
    details: { extension_id: id },
    retryAfterSeconds: error.retryAfterSeconds ?? 1,
    cause: error,
  });
}

const noRoutes = ({ id, url }: Target): ApiError =>
  new ApiError('not_found', `The extension ${id} has no routes.`, {
    details: { what: 'path', id: shorten(url), extension_id: id },
  });

const lacksSlash = ({ method }: IncomingMessage, { rest }: Target, folders: readonly unknown[]): boolean =>
  rest === '' && folders.length > 0 && (method === 'GET' || method === 'HEAD');

/** A page below `/ext/{id}/` finds its files only with the slash. */
function redirect(request: IncomingMessage, response: ServerResponse, { url, query }: Target, requestId: string): void {
  const headers = answerHeaders(request);
  const path = url.slice(0, url.length - query.length);
  const location = `${path}/${query}`;
  response.writeHead(308, { ...headers, location, 'x-request-id': requestId, 'content-length': 0 });
  response.end();
}
