import { defineExtension, RequestError } from '@ordinaut/kit';
import { openData } from './data.ts';

/** The page is in `static/`; what it shows comes from here. */
export default defineExtension({
  grants: ['ROUTES', 'TOOLS', 'STATIC'],
  setup({ routes, tools }) {
    const data = openData(tools);
    routes.get('/api/tasks', () => data.tasks());
    routes.post('/api/tasks', async ({ body }, reply) => {
      if (typeof body !== 'object' || body === null || Array.isArray(body)) {
        const issue = 'must be a JSON object, the task';
        throw new RequestError('bad_request', `The body ${issue}.`, { field: '', issue });
      }
      return reply.code(201).send(await data.createTask(body as Record<string, unknown>));
    });
    routes.get('/api/runs', () => data.runs());
    routes.get('/api/extensions', () => data.extensions());
  },
});
