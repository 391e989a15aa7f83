import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** `Luna-Request-Id` of a request to a handler; null elsewhere. */
    lunaRequestId: string | null;
  }
  interface FastifyContextConfig {
    /** Whether requests have a `Luna-Request-Id`. */
    hasLunaRequestId?: boolean;
  }
}

const form = /^\d{10},[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id that was sent, where it is seconds since 1970 and a UUID; otherwise a new one. */
export function lunaRequestIdOf(given: string | string[] | undefined, now: number): string {
  if (typeof given === 'string' && form.test(given)) return given;
  return `${String(Math.floor(now / 1000)).padStart(10, '0')},${randomUUID()}`;
}

/** Gives requests to handlers their id, and every answer to them. Before anything can be refused. */
export function addLunaRequestId(app: FastifyInstance): void {
  app.decorateRequest('lunaRequestId', null);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.hasLunaRequestId === true) {
      request.lunaRequestId = lunaRequestIdOf(request.headers['luna-request-id'], Date.now());
      reply.header('luna-request-id', request.lunaRequestId);
    }
    done();
  });
}
