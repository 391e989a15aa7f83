import fastifyUnderPressure from '@fastify/under-pressure';
import { ALERT_SOCKET_PATH } from '@ordinaut/contract';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import type { Config } from '../config/settings.ts';
import { ApiError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { version } from '../kernel/version.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RequestMonitor } from '../plugins/request-monitor.ts';
import { addAnswerHeaders } from './add-answer-headers.ts';
import { AlertSocket } from './alert-socket.ts';
import { answerErrors } from './answer-error.ts';
import { API_PREFIX, withoutPrefix } from './api-prefix.ts';
import { answerClientErrors } from './client-error.ts';
import { addDocsPage } from './docs-page.ts';
import type { Door } from './door/door.ts';
import type { LiveConnections } from './door/live-connections.ts';
import { Entrance } from './entrance.ts';
import { codeOfStatus, shorten } from './error-body.ts';
import { extensionGate } from './extension-gate.ts';
import { httpServerFactory, type MakeServer, plainServer } from './http-server.ts';
import { InFlight } from './in-flight.ts';
import { addJsonBody } from './json-body.ts';
import { addLunaRequestId } from './luna-request-id.ts';
import { noCompilers } from './no-compilers.ts';
import { onlyWebSocket } from './only-web-socket.ts';
import { trackRequests } from './open-requests.ts';
import { openApiDocument } from './openapi.ts';
import { addOperations } from './operation-route.ts';
import { requestIdOf } from './request-id.ts';
import { withRequestLoggers } from './request-logger.ts';
import { addRequestMetrics } from './request-metrics.ts';
import { alertRoutes } from './routes/alerts.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { authRoutes } from './routes/auth.ts';
import { eventRoutes } from './routes/events.ts';
import { extensionRoutes } from './routes/extensions.ts';
import { handlerRoutes } from './routes/handlers.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { agentRoutes, auditRoutes, userRoutes } from './routes/principals.ts';
import { runRoutes } from './routes/runs.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { systemRoutes } from './routes/system.ts';
import { taskRoutes } from './routes/tasks.ts';
import { toolRoutes } from './routes/tools.ts';
import type { HttpServices } from './services.ts';
import { answerUnknownPaths } from './unknown-path.ts';

export interface AppOptions {
  readonly services: HttpServices;
  readonly config: Pick<Config, 'http' | 'engine' | 'security'>;
  readonly door: Door;
  readonly connections: LiveConnections;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'httpRequest'>;
  readonly monitor: RequestMonitor;
}

/** Mean delay of the event loop over a second, in milliseconds, at which requests are turned away. */
const MAX_EVENT_LOOP_DELAY_MS = 1_000;

/**
 * The HTTP application. `listen` opens it; `close` ends streams at once, lets requests under way finish for
 * `engine.drainSeconds` and then closes what is left.
 */
export async function buildApp({
  services,
  config,
  door,
  connections,
  logger,
  metrics,
  monitor,
}: AppOptions): Promise<FastifyInstance> {
  const log = logger.child({ component: 'http' });
  const bodyLimit = config.http.bodyLimitBytes;
  const openRequests = trackRequests();
  const entrance = new Entrance({ door, audit: services.audit, security: config.security });
  let closing = false;

  const inFlight = new InFlight();
  const { maxConnections, maxRequests } = config.http;

  /** Turns requests away before there are more than can be answered. Streams are counted for themselves. */
  const assertRoom = (): void => {
    if (inFlight.count - connections.streams > maxRequests) refuseForPressure();
  };

  /** Whether anything can be done at all at the moment. */
  const check = (): void => {
    if (closing) throw new ApiError('unavailable', 'The server is stopping.', { retryAfterSeconds: 5 });
  };
  const alertSocket = new AlertSocket({ entrance, connections, streams: services.streams, logger: log });
  const gate = extensionGate({
    find: services.extensions.find,
    bodyLimit,
    logger: log,
    refused({ method = '', url = '' }, status, requestId, { endpoint, seconds }) {
      metrics.httpRequest({ method, endpoint, status, seconds: null });
      if (monitor.active)
        monitor.answered({ method, endpoint, status, errorCode: codeOfStatus(status), requestId, seconds });
      log.info({ method, path: url.split('?', 1)[0], status }, 'request');
    },
    check() {
      check();
      if (app.isUnderPressure()) refuseForPressure();
      assertRoom();
    },
    admit: (request, target, requestId) => entrance.toExtension(request, target, requestId),
    connections,
    ownSocket: alertSocket,
  });
  const fail = answerErrors(bodyLimit);
  const app = fastify({
    loggerInstance: withRequestLoggers(log),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    bodyLimit,
    serverFactory: httpServerFactory(gate, {
      makeServer: await serverMaker(config.http, log),
      maxConnections,
      inFlight,
    }),
    forceCloseConnections: 'idle',
    // Closing is answered by a hook below, with the error body.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void fail(error, request, reply),
    clientErrorHandler: answerClientErrors(log),
    schemaController: noCompilers,
    rewriteUrl: withoutPrefix,
  });

  addRequestMetrics(app, metrics, monitor);
  addJsonBody(app);
  app.setErrorHandler(fail);
  answerUnknownPaths(app);
  addLunaRequestId(app);

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    check();
    const destination = entrance.destinationOf(request);
    if (destination.rate !== 'unlimited') assertRoom();
    // Whoever has left meanwhile wants nothing done.
    entrance.toCore(request, destination).then(() => (reply.raw.destroyed ? undefined : done()), done);
  });
  addAnswerHeaders(app);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // What is answered while closing gives its connection back, so that nothing waits for the next request on it.
    if (closing) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode;
    const level = status >= 500 ? 'error' : status >= 400 ? 'info' : 'debug';
    request.log[level](
      {
        method: request.method,
        // Without the query, which may carry what does not belong into a log.
        path: request.originalUrl.split('?', 1)[0],
        status,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
    done();
  });

  let lastResort: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    closing = true;
    openRequests.end('stream');
    alertSocket.close().catch((error: unknown) => log.error({ err: error }, 'WebSockets could not be closed'));
    lastResort = setTimeout(() => {
      openRequests.end('call');
      app.server.closeAllConnections();
    }, config.engine.drainSeconds * 1000);
    done();
  });
  app.addHook('onClose', (_instance, done) => {
    clearTimeout(lastResort);
    done();
  });

  await app.register(fastifyUnderPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    pressureHandler: refuseForPressure,
  });
  addOperations(
    app,
    {
      ...taskRoutes(services),
      ...runRoutes(services),
      ...eventRoutes(services),
      ...scheduleRoutes(services),
      ...toolRoutes(services),
      ...approvalRoutes(services),
      ...alertRoutes(services),
      ...handlerRoutes(services),
      ...extensionRoutes(services),
      ...pluginRoutes(services),
      ...authRoutes(services),
      ...userRoutes(services),
      ...agentRoutes(services),
      ...auditRoutes(services),
      ...systemRoutes(services),
    },
    { idempotency: services.idempotency, openRequests, connections, audit: services.audit, bodyLimit },
  );
  app.get(ALERT_SOCKET_PATH, ({ originalUrl }) => {
    throw onlyWebSocket(shorten(originalUrl));
  });
  addIndex(app);
  addDocsPage(app, fail);
  return app;
}

/** HTTP, or HTTPS where the settings name a certificate. What that needs is loaded only then. */
async function serverMaker({ tlsCert, tlsKey }: Config['http'], logger: Logger): Promise<MakeServer> {
  if (tlsCert === null || tlsKey === null) return plainServer;
  const { tlsServer } = await import('./tls-server.ts');
  return tlsServer({ cert: tlsCert, key: tlsKey }, logger);
}

function refuseForPressure(): never {
  throw new ApiError('unavailable', 'The server has more to do than it can. Try again later.', {
    retryAfterSeconds: 10,
  });
}

function addIndex(app: FastifyInstance): void {
  app.get('/', ({ originalUrl }) => {
    const prefix = originalUrl.startsWith(API_PREFIX) ? API_PREFIX : '';
    return {
      name: 'Ordinaut',
      version,
      docs: '/docs',
      openapi: `${prefix}/openapi.json`,
      health: `${prefix}/health`,
    };
  });
  app.get('/openapi.json', () => openApiDocument());
}
