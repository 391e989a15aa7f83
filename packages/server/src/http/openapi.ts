import {
  ErrorBody,
  type HttpErrorCode,
  httpErrors,
  type Operation,
  operations,
  type Success,
} from '@ordinaut/contract';
import { type FastifySchema, fastify } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { version } from '../kernel/version.ts';
import { noCompilers } from './no-compilers.ts';

/** Codes that any operation may answer. */
const everywhere = ['rate_limit_exceeded', 'internal_error', 'unavailable'] as const satisfies HttpErrorCode[];

/** Any one of them will do; where the server listens on loopback only, none is needed. */
const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of `POST /auth/token`, or an API key',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key of `POST /auth/api-keys`' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'ordinaut_session',
    description:
      'The cookie of `POST /auth/session`, over HTTPS `__Host-ordinaut`; changes need the header `X-CSRF-Token` besides',
  },
} as const;

let document: Promise<object> | undefined;

/**
 * The OpenAPI 3.1 document of the table of operations, built when it is first asked for.
 *
 * It is made in an application of its own, which is thrown away: what writes it costs 35 ms to load, and the start of the
 * server does not have them.
 */
export function openApiDocument(): Promise<object> {
  document ??= buildDocument();
  return document;
}

async function buildDocument(): Promise<object> {
  const { default: fastifySwagger } = await import('@fastify/swagger');
  const app = fastify({ schemaController: noCompilers, exposeHeadRoutes: false });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ordinaut',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description:
          'Durable scheduled pipelines of tools. Every path is also served under `/api/v1`. Every error has the same body; its `error` is a stable code.',
      },
      servers: [{ url: '/', description: 'This server' }],
      components: { securitySchemes },
      tags: [
        { name: 'tasks', description: 'What is to be done, and when' },
        { name: 'runs', description: 'What was done, step by step' },
        { name: 'approvals', description: 'What runs ask, and who has answered' },
        { name: 'events', description: 'What has happened, and who is told' },
        { name: 'schedules', description: 'What an expression means' },
        { name: 'tools', description: 'What a step can use' },
        { name: 'alerts', description: 'What somebody should look at' },
        { name: 'handlers', description: 'What makes events of requests' },
        { name: 'extensions', description: 'What adds to the server' },
        { name: 'plugins', description: 'What is called on requests and events, or works beside them' },
        { name: 'auth', description: 'How to come in' },
        { name: 'users', description: 'People who may come in' },
        { name: 'agents', description: 'Programs that may come in' },
        { name: 'audit', description: 'Who has done what' },
        { name: 'system', description: 'How the server is' },
      ],
    },
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => (typeof $id === 'string' ? $id : `def-${index}`),
    },
  });
  app.addSchema(ErrorBody);
  for (const [id, operation] of Object.entries(operations)) {
    app.route({
      method: operation.method,
      url: routePath(operation),
      schema: routeSchema(id, operation),
      handler: () => null,
    });
  }
  await app.ready();
  const built = app.swagger();
  await app.close();
  markOptionalBodies(built);
  return built;
}

/** The plugin calls every body required, and takes no word for it that one is not. */
function markOptionalBodies(built: { paths?: object }): void {
  const optional = Object.values<Operation>(operations).filter(({ bodyOptional }) => bodyOptional);
  for (const { path, method } of optional) {
    const item: unknown = Reflect.get(built.paths ?? {}, path);
    const described: unknown = Reflect.get(Object(item), method.toLowerCase());
    const body: unknown = Reflect.get(Object(described), 'requestBody');
    Reflect.set(Object(body), 'required', false);
  }
}

/** The path of an operation as routers write it: `/tasks/:id`. */
export const routePath = ({ path }: Pick<Operation, 'path'>): string => path.replace(/\{(\w+)\}/g, ':$1');

/** An operation as a route schema. It documents; the checks are made by the route and the services. */
function routeSchema(id: string, operation: Operation): FastifySchema {
  const { success, params, query, body, tag, summary, anyBody } = operation;
  return {
    operationId: id.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    tags: [tag],
    ...securityOf(operation),
    ...(params ? { params } : {}),
    ...(query ? { querystring: query } : {}),
    ...(body ? { body: anyBody ? anyContent(body) : body } : {}),
    ...headersOf(operation),
    response: {
      ...(operation.alsoSuccess && jsonResponse(operation.alsoSuccess)),
      ...(operation.stream
        ? {
            [success.status]: {
              description: success.description,
              content: { 'text/event-stream': { schema: { type: 'string' } } },
            },
          }
        : jsonResponse(success)),
      ...errorResponses(operation),
    },
  };
}

const jsonResponse = ({ status, schema = Type.Unknown(), description }: Success) => ({
  [status]: { description, content: { 'application/json': { schema } } },
});

/** A body of any content type; these stand for the three ways in which it is read. */
const anyContent = (schema: TSchema) => ({
  content: {
    'application/json': { schema },
    'text/plain': { schema: { type: 'string' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
});

/** Who may: in the words of OpenAPI, and the scope where it is more than being known. */
function securityOf({ access }: Operation): FastifySchema {
  if (access === 'public') return { security: [] };
  const security = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
  if (access === 'authenticated') return { security };
  return { security, description: `Needs the scope \`${access}\`.`, 'x-required-scopes': [access] } as FastifySchema;
}

const idempotencyKey = {
  'Idempotency-Key': {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    description: 'Makes it safe to send the request again: the same key gives the same answer for 24 hours.',
  },
};

function headersOf({ headers, repeat }: Operation): { headers?: object } {
  if (headers === undefined && repeat !== 'keyed') return {};
  return {
    headers: { type: 'object', properties: { ...(repeat === 'keyed' && idempotencyKey), ...headers?.properties } },
  };
}

function errorResponses(operation: Operation): Record<string, unknown> {
  const codes = new Set<HttpErrorCode>([...operation.errors, ...everywhere]);
  if (operation.params || operation.query || operation.body) codes.add('bad_request');
  if (operation.access !== 'public') codes.add('unauthorized').add('forbidden');
  if (operation.repeat === 'keyed') codes.add('bad_request').add('conflict');
  if (operation.body) codes.add('payload_too_large').add('unsupported_media_type');
  return Object.fromEntries(
    [...codes]
      .sort((a, b) => httpErrors[a].status - httpErrors[b].status)
      .map((code) => [
        httpErrors[code].status,
        {
          description: `\`${code}\`: ${httpErrors[code].sentence}`,
          content: { 'application/json': { schema: { $ref: 'Error#' } } },
        },
      ]),
  );
}
