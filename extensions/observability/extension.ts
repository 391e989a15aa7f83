import { defineExtension } from '@ordinaut/kit';

/** `GET /ext/observability/metrics`: everything the server measures, in the Prometheus text format 0.0.4. */
export default defineExtension({
  grants: ['ROUTES'],
  setup({ routes, metrics }) {
    routes.get('/metrics', async (_request, reply) => {
      const { contentType, text } = await metrics.render();
      return reply.header('content-type', contentType).header('cache-control', 'no-store').send(text);
    });
  },
});
