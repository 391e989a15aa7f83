import type { FastifyInstance } from 'fastify';
import { ApiError, notFound } from '../kernel/errors.ts';
import { collectMethods } from './allowed-methods.ts';
import { shorten } from './error-body.ts';

/**
 * Answers what no route does: 404, or 405 and `Allow` where the path answers other methods. Before the routes are added.
 *
 * @param details what the details of the error say besides.
 */
export function answerUnknownPaths(app: FastifyInstance, details: Readonly<Record<string, unknown>> = {}): void {
  const methodsOf = collectMethods(app);
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(pathOf(request.url));
    const asked = shorten(pathOf(request.originalUrl));
    // A route that fits and has passed the request on, as the one for static files does: there is no such file.
    const isPassedOn = methods.includes(request.method);
    if (methods.length === 0 || isPassedOn) {
      const { code, message, details: known } = notFound('path', asked);
      throw new ApiError(code, message, { details: { ...known, ...details } });
    }
    const allow = [...methods, 'OPTIONS'].join(', ');
    reply.header('allow', allow);
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new ApiError(
      'method_not_allowed',
      `${asked} does not answer ${request.method}; it answers ${methods.join(', ')}.`,
      {
        details: { method: request.method, allowed: methods, ...details },
      },
    );
  });
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
