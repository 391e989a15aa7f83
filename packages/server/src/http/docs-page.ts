import { type FastifyInstance, fastify } from 'fastify';
import { notFound } from '../kernel/errors.ts';
import { addAnswerHeaders } from './add-answer-headers.ts';
import type { answerErrors } from './answer-error.ts';
import { shorten } from './error-body.ts';
import { noCompilers } from './no-compilers.ts';
import { openApiDocument } from './openapi.ts';
import { requestIdOf } from './request-id.ts';

/**
 * The page at `/docs`; everything it loads comes from this server.
 *
 * It lives in an application of its own, built when somebody opens the page: what serves its files costs as much to load as
 * the rest of the HTTP part, and Fastify takes no plugins once it listens.
 */
export function addDocsPage(app: FastifyInstance, fail: ReturnType<typeof answerErrors>): void {
  let page: Promise<FastifyInstance> | undefined;
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, async (request, reply) => {
      page ??= buildPage(fail);
      page.catch(() => {
        page = undefined;
      });
      const { routing } = await page;
      // The page answers under the id that this request already has.
      request.raw.headers['x-request-id'] = request.id;
      reply.hijack();
      routing(request.raw, reply.raw);
    });
  }
  app.addHook('onClose', async () => {
    const built = await page?.catch(() => undefined);
    await built?.close();
  });
}

async function buildPage(fail: ReturnType<typeof answerErrors>): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const page = fastify({
    schemaController: noCompilers,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: 200 },
  });
  page.setErrorHandler(fail);
  page.setNotFoundHandler((request) => {
    throw notFound('path', shorten(request.url));
  });
  addAnswerHeaders(page);
  page.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // A copy: the plugin may change what it is given.
  await page.register(swagger, {
    mode: 'static',
    specification: { document: JSON.parse(JSON.stringify(await openApiDocument())) },
  });
  await page.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Ordinaut API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, tryItOutEnabled: true, displayRequestDuration: true },
  });
  await page.ready();
  return page;
}
