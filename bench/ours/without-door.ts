import fastifyUnderPressure from '@fastify/under-pressure';
import { type OperationId, operations } from '@ordinaut/contract';
import { fastify, LogController } from 'fastify';
import { answerErrors } from '../../packages/server/src/http/answer-error.ts';
import { withoutPrefix } from '../../packages/server/src/http/api-prefix.ts';
import { entryOf } from '../../packages/server/src/http/door/entry.ts';
import { LiveConnections } from '../../packages/server/src/http/door/live-connections.ts';
import { addJsonBody } from '../../packages/server/src/http/json-body.ts';
import { noCompilers } from '../../packages/server/src/http/no-compilers.ts';
import { trackRequests } from '../../packages/server/src/http/open-requests.ts';
import { addOperations, type OperationHandlers } from '../../packages/server/src/http/operation-route.ts';
import { requestIdOf } from '../../packages/server/src/http/request-id.ts';
import { withRequestLoggers } from '../../packages/server/src/http/request-logger.ts';
import { addRequestMetrics } from '../../packages/server/src/http/request-metrics.ts';
import type { Caller } from '../../packages/server/src/identity/caller.ts';
import { createLogger } from '../../packages/server/src/kernel/logger.ts';
import { version } from '../../packages/server/src/kernel/version.ts';
import { Metrics } from '../../packages/server/src/metrics/metrics.ts';
import { Signals } from '../../packages/server/src/storage/signals.ts';

/**
 * The core with everything a request meets on its way but the door: no look at whose page, who and how often, and no headers beyond
 * the id of the request. Parsing, checking, metrics, logging and the operation itself are those of the server. The port is its first
 * argument.
 */
const BODY_LIMIT = 1_048_576;
const nobody: Caller = {
  principal: null,
  identity: null,
  scopes: ['*'],
  via: 'none',
  sessionId: null,
  address: '127.0.0.1',
  requestId: '',
};
const logger = createLogger('info');
const app = fastify({
  loggerInstance: withRequestLoggers(logger),
  logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
  genReqId: requestIdOf,
  bodyLimit: BODY_LIMIT,
  schemaController: noCompilers,
  rewriteUrl: withoutPrefix,
});
addRequestMetrics(app, new Metrics(), { active: false, answered() {} });
addJsonBody(app);
app.setErrorHandler(answerErrors(BODY_LIMIT));
app.addHook('onRequest', (request, reply, done) => {
  reply.header('x-request-id', request.id);
  entryOf(request.raw).caller = nobody;
  done();
});
// As the server has it for its end.
app.addHook('onSend', (_request, _reply, _payload, done) => done());
app.addHook('onResponse', (request, reply, done) => {
  const path = request.originalUrl.split('?', 1)[0];
  request.log.debug({ method: request.method, path, status: reply.statusCode }, 'request');
  done();
});
await app.register(fastifyUnderPressure, { maxEventLoopDelay: 1_000 });
const refuse = () => {
  throw new Error('Only system.mode is measured.');
};
const handlers: Record<OperationId, unknown> = {
  ...Object.fromEntries((Object.keys(operations) as OperationId[]).map((id) => [id, refuse])),
  'system.mode': () => ({
    version,
    node: process.version,
    store: 'sqlite',
    roles: ['api', 'scheduler', 'worker'],
    instance: 'bench:1:000000',
    server_time: new Date().toISOString(),
  }),
} as Record<OperationId, unknown>;
addOperations(app, handlers as OperationHandlers, {
  idempotency: { begin: refuse, complete: refuse, abandon: refuse },
  openRequests: trackRequests(),
  connections: new LiveConnections({ most: 1000, door: { mayStay: async () => true }, signals: new Signals(), logger }),
  audit: { record: refuse },
  bodyLimit: BODY_LIMIT,
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
