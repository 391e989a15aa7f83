import type { BackgroundRequest, BackgroundResponse, PluginRoute } from '@ordinaut/kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Plugin } from '../plugins/plugin.ts';
import { callerOf } from './door/entry.ts';
import { codeOfStatus } from './error-body.ts';
import { isHarmless } from './harmless-methods.ts';
import { requestCaller } from './request-caller.ts';

interface PluginRouteOptions {
  readonly plugins: readonly Plugin[];
  /** Hears of every request that may change something, before it is answered. */
  readonly audit: Pick<AuditLog, 'record'>;
  /** Whether they need the scope `plugins:<name>:routes`. */
  readonly requireScopes: boolean;
}

/** Serves the routes of plugins below `/plugins/{name}`. Before the application listens, and after the plugins have started. */
export function addPluginRoutes(app: FastifyInstance, { plugins, audit, requireScopes }: PluginRouteOptions): void {
  app.register((scope, _options, done) => {
    scope.addContentTypeParser(/^text\//, { parseAs: 'string' }, (_request, body, parsed) => parsed(null, body));
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    for (const plugin of plugins) {
      for (const route of plugin.routes) {
        const url = `/plugins/${plugin.name}${route.path === '/' ? '' : route.path}`;
        const access = requireScopes ? (`plugins:${plugin.name}:routes` as const) : 'authenticated';
        scope.route({
          method: route.methods.map((method) => method.toUpperCase()),
          url,
          config: { destination: { access, shown: requireScopes, rate: 'general' } },
          onSend: (request, reply, _payload, sent) => {
            if (isHarmless(request)) return sent();
            const action = `plugins.${plugin.name}.request`;
            const { statusCode: status } = reply;
            const entry = { caller: callerOf(request.raw), status, error: codeOfStatus(status) };
            audit.record({ action, target: `${request.method} ${url}`, ...entry }).then(() => sent(), sent);
          },
          handler: async (request, reply) =>
            send(reply, await plugin.answer(route, requestOf(request, reply, plugin, route))),
        });
      }
    }
    done();
  });
}

function requestOf(
  request: FastifyRequest,
  reply: FastifyReply,
  plugin: Plugin,
  route: PluginRoute,
): BackgroundRequest {
  const left = new AbortController();
  reply.raw.on('close', () => left.abort(new Error('The client has left.')));
  const { pathname } = new URL(request.url, 'http://localhost');
  return {
    // The routes of GET answer HEAD too.
    method: request.method === 'HEAD' ? 'GET' : request.method,
    path: pathname.slice(`/plugins/${plugin.name}`.length) || route.path,
    params: request.params as BackgroundRequest['params'],
    query: request.query as BackgroundRequest['query'],
    headers: request.headers,
    body: request.body,
    id: request.id,
    caller: requestCaller(callerOf(request.raw)),
    signal: left.signal,
  };
}

function send(reply: FastifyReply, { body, headers = {}, statusCode }: BackgroundResponse): FastifyReply {
  reply.code(statusCode ?? (body === undefined ? 204 : 200));
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type') && body !== undefined)
    reply.type(typeOf(body));
  reply.headers(headers);
  const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  return reply.send(isPlain ? body : JSON.stringify(body));
}

function typeOf(body: unknown): string {
  if (typeof body === 'string') return 'text/plain; charset=utf-8';
  return body instanceof Uint8Array ? 'application/octet-stream' : 'application/json; charset=utf-8';
}
