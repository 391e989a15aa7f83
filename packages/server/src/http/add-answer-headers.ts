import type { FastifyInstance } from 'fastify';
import { answerHeaders } from './answer-headers.ts';
import { documentHeaders, securityHeaders } from './security-headers.ts';

const data = /^(application\/([\w.-]+\+)?json|text\/event-stream|text\/plain)\b/;

/**
 * Sets the headers on every response of an application. What a route has set itself stays. Those of documents are looked at when
 * the type is known, because six headers on each answer take a fifth of the time of a small one.
 */
export function addAnswerHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(answerHeaders(request.raw));
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // What a browser has kept has its own, in whose place this would come (RFC 9111 section 3.2).
    if (reply.statusCode === 304) reply.removeHeader('content-security-policy');
    const type = reply.getHeader('content-type');
    if (typeof type === 'string' && !data.test(type)) {
      for (const [name, value] of Object.entries(documentHeaders)) {
        const present = reply.getHeader(name);
        if (present === undefined || present === securityHeaders[name]) reply.header(name, value);
      }
    }
    done();
  });
}
