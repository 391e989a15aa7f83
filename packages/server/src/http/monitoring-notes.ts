import type { PointNotes } from '../plugins/request-monitor.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route adds to the monitoring points of the request. */
    monitoring?: PointNotes;
  }
}
