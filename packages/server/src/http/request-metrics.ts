import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.ts';
import type { RequestMonitor } from '../plugins/request-monitor.ts';
import { codeOfStatus } from './error-body.ts';
import './monitoring-notes.ts';

/** Counts every answer by its route, and tells monitoring plugins of it. What no route has answered has the endpoint `unknown`. */
export function addRequestMetrics(
  app: FastifyInstance,
  metrics: Pick<Metrics, 'httpRequest'>,
  monitor: RequestMonitor,
): void {
  const endpoints = new Map<string, string>();
  const endpointOf = (pattern: string | undefined): string => {
    if (pattern === undefined) return 'unknown';
    let endpoint = endpoints.get(pattern);
    if (endpoint === undefined) {
      // As the contract and the documents write it.
      endpoint = pattern.replaceAll(/:(\w+)/g, '{$1}');
      endpoints.set(pattern, endpoint);
    }
    return endpoint;
  };
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const endpoint = endpointOf(request.routeOptions.url);
    const status = reply.statusCode;
    const seconds = reply.elapsedTime / 1000;
    metrics.httpRequest({ method, endpoint, status, seconds });
    if (monitor.active) {
      const { id: requestId, monitoring: notes } = request;
      monitor.answered({ method, endpoint, status, errorCode: codeOfStatus(status), requestId, seconds, notes });
    }
    done();
  });
}
