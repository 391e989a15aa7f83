import { kindOfError, type RequestError } from '@ordinaut/kit';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import type { AppFactory } from '../extensions/app-factory.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { toIssues } from '../kernel/schema.ts';
import type { RequestMonitor } from '../plugins/request-monitor.ts';
import { addAnswerHeaders } from './add-answer-headers.ts';
import { answerHeaders } from './answer-headers.ts';
import { callerOf } from './door/entry.ts';
import type { LiveConnections } from './door/live-connections.ts';
import { codeOfStatus, errorBody, errorHeaders, shorten, toApiError } from './error-body.ts';
import { isHarmless } from './harmless-methods.ts';
import { addJsonBody } from './json-body.ts';
import { onlyWebSocket } from './only-web-socket.ts';
import { requestCaller } from './request-caller.ts';
import { withRequestLoggers } from './request-logger.ts';
import { answerUnknownPaths } from './unknown-path.ts';

/** Every instance shares them: one with compilers of its own takes 20 ms more to make. Loading them is not for the start. */
const compilers = lazy(async () => {
  const [{ default: AjvCompiler }, { default: SerializerSelector }] = await Promise.all([
    import('@fastify/ajv-compiler'),
    import('@fastify/fast-json-stringify-compiler'),
  ]);
  return { buildValidator: AjvCompiler(), buildSerializer: SerializerSelector() };
});

/** As nginx writes it: the client closed the request. */
const CLIENT_LEFT = 499;

/** The request has used up its time. */
class Timeout extends Error {}
const failure = Symbol('failure');

interface ExtensionAppParts {
  readonly bodyLimit: number;
  readonly showTraceback: boolean;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly connections: LiveConnections;
  readonly monitor: RequestMonitor;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Class of the error that the extension failed with. */
    [failure]: string | null;
  }
  interface FastifyContextConfig {
    /** There is nothing but a WebSocket here. */
    isWebSocketOnly?: boolean;
  }
}

/**
 * Makes the Fastify instances of extensions. Each is a whole server that never listens: it can be thrown away and replaced
 * while the others answer, which a plugin of one common instance cannot (Fastify is closed to changes once it is ready).
 *
 * @param options.bodyLimit bytes.
 * @param options.showTraceback whether the answer to a failure carries its stack: for development only.
 * @param options.audit hears of every request that may change something, before it is answered.
 */
export const extensionAppFactory =
  ({ bodyLimit, showTraceback, audit, connections, monitor }: ExtensionAppParts): AppFactory =>
  async ({ id, logger, requestTimeoutMs, localize, onOpened }) => {
    const app: FastifyInstance = fastify({
      loggerInstance: withRequestLoggers(logger),
      logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
      // The gate has seen to it.
      genReqId: ({ headers }) => String(headers['x-request-id']),
      bodyLimit,
      return503OnClosing: false,
      routerOptions: { maxParamLength: 1000 },
      ajv: { customOptions: { verbose: true } },
      schemaController: { compilersFactory: await compilers() },
      frameworkErrors: (error, request, reply) => void fail(error, request, reply),
    });
    const fail = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const error = thrown instanceof Timeout ? thrown : localize(thrown);
      const known = toExtensionError(error, { id, bodyLimit, path: request.originalUrl, showTraceback });
      if (known.code === 'internal_error' || error instanceof Timeout) {
        request[failure] = error instanceof Error ? error.constructor.name : typeof error;
        request.log.error({ err: error }, 'a request to an extension failed');
      }
      return reply
        .code(known.status)
        .headers({
          ...answerHeaders(request.raw),
          ...errorHeaders(known),
          'x-request-id': request.id,
          'cache-control': 'no-store',
        })
        .type('application/json; charset=utf-8')
        .send(JSON.stringify(errorBody(known, request.id)));
    };
    addJsonBody(app);
    app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.decorateRequest(failure, null);
    app.decorateRequest('caller', {
      getter() {
        return requestCaller(callerOf(this.raw));
      },
    });
    app.setErrorHandler(fail);
    answerUnknownPaths(app, { extension_id: id });
    addAnswerHeaders(app);
    // @fastify/websocket answers any other request to such a route with 404 and nothing in it.
    app.addHook('onRoute', (route) => {
      if (route.websocket === true) route.config = { ...route.config, isWebSocketOnly: true };
    });

    app.addHook('onSend', (request, reply, _payload, done) => {
      if (isStream(reply)) connections.admit(request.raw, reply.raw);
      if (isHarmless(request)) return done();
      const { url = '' } = request.routeOptions;
      const action = `ext.${id}.request`;
      const target = `${request.method} ${url === '' ? 'unmatched' : url}`;
      const { statusCode: status } = reply;
      const error = codeOfStatus(status);
      audit.record({ action, target, caller: callerOf(request.raw), status, error }).then(() => done(), done);
    });
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      const endpoint = endpointOf(request.routeOptions.url);
      const settle = onOpened(endpoint);
      // The header alone makes no WebSocket.
      const isWebSocket = 'upgrade' in request.raw && request.raw.upgrade === true;
      const timer = isWebSocket
        ? undefined
        : setTimeout(() => {
            // One that has begun to answer is a stream, or will be over soon.
            if (!reply.sent && !reply.raw.headersSent) reply.send(new Timeout());
          }, requestTimeoutMs);
      // Comes in any case: after the answer, and when the client leaves before it.
      reply.raw.on('close', () => {
        clearTimeout(timer);
        const { method } = request;
        const ms = reply.elapsedTime;
        const lasts = isWebSocket || isStream(reply);
        const left = !lasts && !reply.raw.writableFinished;
        const status = isWebSocket ? 101 : left && !reply.raw.headersSent ? CLIENT_LEFT : reply.statusCode;
        settle({ method, status, seconds: lasts ? null : ms / 1000, left, errorType: request[failure] });
        if (monitor.active)
          monitor.answered({
            method,
            endpoint: `/ext/${id}${endpoint === 'unmatched' ? '/…' : endpoint}`,
            status,
            errorCode: codeOfStatus(status),
            requestId: request.id,
            seconds: ms / 1000,
          });
        const level = status >= 500 ? 'error' : status >= 400 ? 'info' : 'debug';
        if (level === 'debug' && !logger.isLevelEnabled('debug')) return;
        const path = request.originalUrl.split('?', 1)[0];
        request.log[level]({ method, path, status, duration_ms: Math.round(ms * 10) / 10 }, 'request');
      });
      const isMissed = !isWebSocket && request.routeOptions.config.isWebSocketOnly === true;
      done(isMissed ? onlyWebSocket(shorten(request.originalUrl), { extension_id: id }) : undefined);
    });
    return { app, callerOf };
  };

/** Whether an answer goes on until somebody ends it. */
function isStream(reply: FastifyReply): boolean {
  const type = reply.getHeader('content-type');
  return typeof type === 'string' && type.startsWith('text/event-stream');
}

const endpoints = new Map<string, string>();
/** `/publish/:stream` as the documents write it; as many as there are routes. */
function endpointOf(pattern: string | undefined): string {
  if (pattern === undefined) return 'unmatched';
  let endpoint = endpoints.get(pattern);
  if (endpoint === undefined) {
    endpoint = pattern.replaceAll(/:(\w+)[^/]*/g, '{$1}');
    if (endpoints.size < 10_000) endpoints.set(pattern, endpoint);
  }
  return endpoint;
}

/** What a client is told of anything that an extension has thrown. */
function toExtensionError(
  error: unknown,
  about: { id: string; bodyLimit: number; path: string; showTraceback: boolean },
): ApiError {
  if (error instanceof Timeout) {
    return new ApiError('timeout', 'The extension took too long.', { details: { extension_id: about.id } });
  }
  if (kindOfError(error) === 'request') {
    const { code, message, details } = error as RequestError;
    return new ApiError(code, message, { details: { ...details }, cause: error });
  }
  const { validation, validationContext } = (error ?? {}) as Partial<FastifyError>;
  if (Array.isArray(validation)) {
    const where = validationContext === 'body' || validationContext === undefined ? '' : validationContext;
    return badRequest(toIssues(validation as Parameters<typeof toIssues>[0], where));
  }
  const known = toApiError(error, about.bodyLimit, shorten(about.path));
  if (known.code !== 'internal_error') return known;
  const thrown = error instanceof Error ? error : new Error(String(error));
  return new ApiError('internal_error', 'The extension failed.', {
    cause: error,
    details: {
      extension_id: about.id,
      error_type: thrown.constructor.name,
      ...(about.showTraceback ? { traceback: thrown.stack ?? '' } : {}),
    },
  });
}

function lazy<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
