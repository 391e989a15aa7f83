import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.ts';

/** Counts every answer by its route. What no route has answered has the endpoint `unknown`. */
export function addRequestMetrics(app: FastifyInstance, metrics: Pick<Metrics, 'httpRequest'>): void {
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
    metrics.httpRequest({
      method: request.method,
      endpoint: endpointOf(request.routeOptions.url),
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
    done();
  });
}
