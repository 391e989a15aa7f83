import type { IncomingHttpHeaders } from 'node:http';
import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Caller } from '../identity/caller.ts';
import { badRequest } from '../kernel/errors.ts';
import type { PointNotes } from '../plugins/monitored-request.ts';
import type { StoredAnswer } from '../storage/idempotency.ts';
import { answerOnce, readKey, requestHash } from './answer-once.ts';
import { addAnyBody } from './any-body.ts';
import { checkParameters } from './check-parameters.ts';
import type { Destination } from './door/door.ts';
import { callerOf, entryOf } from './door/entry.ts';
import type { LiveConnections } from './door/live-connections.ts';
import { readSessionCookie } from './door/session-cookie.ts';
import { errorBody, errorHeaders, toApiError } from './error-body.ts';
import { noteMonitoring } from './monitoring-notes.ts';
import type { OpenRequests } from './open-requests.ts';
import { routePath } from './openapi.ts';
import { OperationAudit } from './operation-audit.ts';
import type { HttpServices } from './services.ts';
import { openStream, type SseMessage, sseHeaders } from './sse.ts';

type PartOf<Id extends OperationId, Part extends 'params' | 'query'> = (typeof operations)[Id] extends {
  readonly [P in Part]: infer Schema extends TSchema;
}
  ? Static<Schema>
  : Record<string, never>;

/** What a handler gets: path and query values checked and typed, the body as it arrived. */
export interface OperationRequest<Id extends OperationId> {
  readonly params: PartOf<Id, 'params'>;
  readonly query: PartOf<Id, 'query'>;
  /** Of an operation with `anyBody` a `RequestBody`. */
  readonly body: unknown;
  /** By names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  /** What the cookie of the session holds; null without one. */
  readonly cookie: string | null;
  /** Whether the request came encrypted. */
  readonly secure: boolean;
  /** Sets a header of the answer. */
  setHeader(name: string, value: string): void;
  /** Says for the audit log who it is, where that comes out only now: at a login. */
  noteName(name: string): void;
  /** Aborted when nobody waits for the answer any more: the client has left, or the server has to stop. */
  readonly signal: AbortSignal;
  readonly lastEventId: string | null;
  /** `Luna-Request-Id` of an operation on handlers; null elsewhere. */
  readonly lunaRequestId: string | null;
  /** Runs work when the answer is written, or its client has gone. */
  afterAnswer(work: () => void): void;
  /** Adds to the monitoring point of the request. */
  notePoint(notes: PointNotes): void;
}

/** The result together with its status, where an operation has two ways to succeed. */
export type WithStatus<Id extends OperationId> = (typeof operations)[Id] extends {
  readonly success: infer One;
  readonly alsoSuccess: infer Other;
}
  ? AnswerAs<One> | AnswerAs<Other>
  : never;
type AnswerAs<Success> = Success extends {
  readonly status: infer Status;
  readonly schema: infer Schema extends TSchema;
}
  ? { readonly status: Status; readonly result: Static<Schema> }
  : never;

type Answer<Id extends OperationId> = (typeof operations)[Id] extends { readonly stream: true }
  ? AsyncIterable<SseMessage>
  : (typeof operations)[Id] extends { readonly alsoSuccess: object }
    ? Promise<WithStatus<Id>>
    : (typeof operations)[Id]['success'] extends { readonly schema: infer Schema extends TSchema }
      ? Static<Schema> | Promise<Static<Schema>>
      : never;

export type OperationHandler<Id extends OperationId> = (request: OperationRequest<Id>) => Answer<Id>;

/** A handler for each of these operations; one that is forgotten does not compile. */
export type OperationHandlers<Id extends OperationId = OperationId> = { readonly [K in Id]: OperationHandler<K> };

export type IdsOf<Prefix extends string> = Extract<OperationId, `${Prefix}.${string}`>;

export interface RouteContext {
  readonly idempotency: HttpServices['idempotency'];
  readonly openRequests: OpenRequests;
  readonly connections: LiveConnections;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly bodyLimit: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may come in, and by which rate they are counted; absent: by the path. */
    destination?: Destination;
    /** Id of the operation where it changes something; absent otherwise. */
    changes?: OperationId;
  }
}

/** Serves every operation of the table. */
export function addOperations(app: FastifyInstance, handlers: OperationHandlers, context: RouteContext): void {
  const ids = Object.keys(operations) as OperationId[];
  const takesAny = (id: OperationId) => (operations[id] as Operation).anyBody === true;
  addRoutes(
    app,
    ids.filter((id) => !takesAny(id)),
    handlers,
    context,
  );
  app.register(async (scope) => {
    addAnyBody(scope);
    addRoutes(scope, ids.filter(takesAny), handlers, context);
  });
}

function addRoutes(
  app: FastifyInstance,
  ids: readonly OperationId[],
  handlers: OperationHandlers,
  context: RouteContext,
): void {
  for (const id of ids) {
    // The table and the handlers are keyed alike; TypeScript cannot follow one key through both.
    const handler = handlers[id] as OperationHandler<OperationId>;
    const operation: Operation = operations[id];
    app.route({
      method: operation.method,
      url: routePath(operation),
      config: {
        destination: { access: operation.access, rate: rateOf(operation) },
        ...(operation.repeat !== 'safe' && { changes: id }),
        ...(operation.tag === 'handlers' && { hasLunaRequestId: true }),
        ...(isProbe(operation) && { pressureHandler: () => undefined }),
      },
      handler: (request, reply) => answer(request, reply, id, handler, context),
    });
  }
}

/** What orchestrators ask, again and again; turned away, they would end the server. */
const isProbe = ({ path }: Operation): boolean => path.startsWith('/health');

/** Whoever tries passwords and tokens is counted more strictly. */
function rateOf(operation: Operation): Destination['rate'] {
  if (isProbe(operation)) return 'unlimited';
  return operation.tag === 'auth' && operation.access === 'public' ? 'auth' : 'general';
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  id: OperationId,
  handler: OperationHandler<OperationId>,
  context: RouteContext,
): Promise<FastifyReply> {
  const operation: Operation = operations[id];
  const caller = callerOf(request.raw);
  const audit = operation.repeat === 'safe' ? null : new OperationAudit(id, caller, request, context.audit);
  try {
    return await perform(request, reply, { operation, handler, caller, audit }, context);
  } catch (error) {
    await audit?.failed(error, context.bodyLimit);
    throw error;
  }
}

interface Performance {
  readonly operation: Operation;
  readonly handler: OperationHandler<OperationId>;
  readonly caller: Caller;
  /** Null where nothing is changed. */
  readonly audit: OperationAudit | null;
}

async function perform(
  request: FastifyRequest,
  reply: FastifyReply,
  { operation, handler, caller, audit }: Performance,
  context: RouteContext,
): Promise<FastifyReply> {
  const issues = [
    ...checkParameters(operation.params, request.params),
    ...checkParameters(operation.query, request.query),
    ...checkBodyPresence(operation, request.body),
  ];
  if (issues.length > 0) throw badRequest(issues);

  const key = operation.repeat === 'keyed' ? readKey(request.headers['idempotency-key']) : null;
  // A keyed request is finished even if its client has left: the client asks again for the answer.
  const signal = context.openRequests.signalOf(reply.raw, {
    endsWithClient: key === null,
    kind: operation.stream ? 'stream' : 'call',
  });
  const { secure } = entryOf(request.raw);
  const given = {
    params: request.params,
    query: request.query,
    body: request.body,
    headers: request.headers,
    caller,
    cookie: caller.via === 'session' ? readSessionCookie(request.headers.cookie ?? '', secure) : null,
    secure,
    setHeader: (name: string, value: string) => void reply.header(name, value),
    noteName: (name: string) => audit?.isBy(name),
    signal,
    lastEventId: lastEventIdOf(request),
    lunaRequestId: request.lunaRequestId,
    afterAnswer: (work: () => void) => afterAnswer(request, reply, work),
    notePoint: (notes: PointNotes) => noteMonitoring(request, notes),
  } as OperationRequest<OperationId>;

  if (operation.stream) {
    context.connections.admit(request.raw, reply.raw);
    const stream = await openStream(handler(given) as AsyncIterable<SseMessage>, signal);
    return reply.headers(sseHeaders).send(stream);
  }

  const act = async (): Promise<StoredAnswer> => {
    let status: number = operation.success.status;
    let result: unknown;
    try {
      result = await handler(given);
      if (operation.alsoSuccess !== undefined) ({ status, result } = result as { status: number; result: unknown });
    } catch (error) {
      // Here, because with a key a refusal is an answer like any other further on.
      await audit?.failed(error, context.bodyLimit);
      throw error;
    }
    await audit?.succeeded(status, result);
    return { status, body: JSON.stringify(result), headers: {} };
  };
  const describe = (error: unknown): StoredAnswer => {
    const known = toApiError(error, context.bodyLimit);
    return { status: known.status, body: JSON.stringify(errorBody(known, request.id)), headers: errorHeaders(known) };
  };
  const result =
    key === null
      ? await act()
      : await answerOnce(
          {
            store: context.idempotency,
            key: `${caller.identity?.id ?? ''}:${key}`,
            hash: requestHash(
              operation.method,
              operation.query ? request.url : (request.url.split('?', 1)[0] ?? ''),
              request.rawBody,
              operation.tag === 'handlers' ? request.headers : null,
            ),
            logger: request.log,
          },
          act,
          describe,
        );
  return reply
    .code(result.status)
    .headers(result.headers)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(result.body);
}

function checkBodyPresence(operation: Operation, body: unknown): { field: string; issue: string }[] {
  if (operation.body) {
    if (body !== undefined || operation.bodyOptional) return [];
    return [{ field: '', issue: 'the body is missing; send a JSON object with `Content-Type: application/json`' }];
  }
  const isEmpty = body === undefined || body === null || (typeof body === 'object' && Object.keys(body).length === 0);
  return isEmpty ? [] : [{ field: '', issue: 'this operation takes no body' }];
}

/** What fails then is nobody's answer any more, and is logged. */
function afterAnswer(request: FastifyRequest, { raw }: FastifyReply, work: () => void): void {
  const act = () => {
    try {
      work();
    } catch (error) {
      request.log.error({ err: error }, 'what follows an answer failed');
    }
  };
  // Comes after the answer, and where the client leaves before it; of one that has left already it has come.
  if (raw.destroyed || raw.closed) setImmediate(act);
  else raw.once('close', act);
}

function lastEventIdOf({ headers }: FastifyRequest): string | null {
  const id = headers['last-event-id'];
  return typeof id === 'string' && /^[\x21-\x7e]{1,128}$/.test(id) ? id : null;
}
