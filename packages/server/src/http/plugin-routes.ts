import type { BackgroundRequest, PluginRoute } from '@ordinaut/kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestBody } from '../handlers/request-body.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { RouteAnswer } from '../plugins/route-answer.ts';
import { addAnyBody } from './any-body.ts';
import { callerOf } from './door/entry.ts';
import { codeOfStatus, toApiError } from './error-body.ts';
import { isHarmless } from './harmless-methods.ts';
import { requestCaller } from './request-caller.ts';

interface PluginRouteOptions {
  readonly plugins: readonly Plugin[];
  /** Hears of every request that may change something, before it is answered. */
  readonly audit: Pick<AuditLog, 'record'>;
  /** Whether they need the scope `plugins:<name>:routes`. */
  readonly requireScopes: boolean;
  readonly bodyLimit: number;
}

/** Serves the routes of plugins below `/plugins/{name}`. Before the application listens, and after the plugins have started. */
export function addPluginRoutes(app: FastifyInstance, options: PluginRouteOptions): void {
  app.register((scope, _options, done) => {
    addAnyBody(scope);
    for (const plugin of options.plugins) {
      try {
        for (const route of plugin.routes.list) addRoute(scope, plugin, route, options);
      } catch (error) {
        // What the router does not take is no reason for the server not to start.
        void plugin.fail(error);
      }
    }
    done();
  });
}

function addRoute(
  scope: FastifyInstance,
  plugin: Plugin,
  route: PluginRoute,
  { audit, requireScopes, bodyLimit }: PluginRouteOptions,
): void {
  const url = `/plugins/${plugin.name}${route.path === '/' ? '' : route.path}`;
  const access = requireScopes ? (`plugins:${plugin.name}:routes` as const) : 'authenticated';
  const record = async (request: FastifyRequest, status: number, error: string | null) => {
    if (isHarmless(request)) return;
    const action = `plugins.${plugin.name}.request`;
    await audit.record({ action, target: `${request.method} ${url}`, caller: callerOf(request.raw), status, error });
  };
  scope.route({
    method: route.methods.map((method) => method.toUpperCase()),
    url,
    config: { destination: { access, shown: requireScopes, rate: 'general' } },
    async handler(request, reply) {
      let answer: RouteAnswer;
      try {
        answer = await plugin.answer(route, requestOf(request, reply));
      } catch (error) {
        const { status, code } = toApiError(error, bodyLimit);
        await record(request, status, code);
        throw error;
      }
      await record(request, answer.status, codeOfStatus(answer.status));
      return reply
        .code(answer.status)
        .headers(answer.headers)
        .send(answer.body ?? undefined);
    },
  });
}

function requestOf(request: FastifyRequest, reply: FastifyReply): BackgroundRequest {
  const left = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) left.abort(new Error('The client has left.'));
  });
  const { pathname } = new URL(request.url, 'http://localhost');
  return {
    // The routes of GET answer HEAD too.
    method: request.method === 'HEAD' ? 'GET' : request.method,
    // After `/plugins/{name}`, however that was spelled.
    path: `/${pathname.split('/').slice(3).join('/')}`,
    params: request.params as BackgroundRequest['params'],
    query: request.query as BackgroundRequest['query'],
    headers: request.headers,
    body: bodyOf(request),
    id: request.id,
    caller: requestCaller(callerOf(request.raw)),
    signal: left.signal,
  };
}

/** As `addAnyBody` has read it; bytes as they came. */
function bodyOf({ body, rawBody }: FastifyRequest): unknown {
  const read = body as RequestBody | undefined;
  return read?.encoding === 'base64' ? rawBody : read?.value;
}
