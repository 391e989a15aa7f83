import type { FastifyRequest } from 'fastify';
import type { PointNotes } from '../plugins/monitored-request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route adds to the monitoring points of the request. */
    monitoring?: PointNotes;
  }
}

/** Adds to what was noted before; a later value of the same name counts. */
export function noteMonitoring(request: FastifyRequest, { tags, fields }: PointNotes): void {
  const noted = request.monitoring;
  request.monitoring = { tags: { ...noted?.tags, ...tags }, fields: { ...noted?.fields, ...fields } };
}
