import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import { auditEntry } from './audit-entry.ts';
import type { World } from './call.ts';
import type { Caller } from './caller.ts';
import { checkValue } from './check-value.ts';
import { authorize, identify, Refused } from './credentials.ts';
import { type Exchange, type ExchangeRequest, type Outcome, pathOf } from './exchange.ts';
import { findOperation, methodsOf, withoutPrefix } from './find-operation.ts';
import { type KeptAnswer, KeyedAnswers, readKey } from './keyed-answers.ts';
import { newId } from './new-id.ts';
import { handlerOf } from './operations/handlers.ts';
import { RateCounter, type TestRate } from './rate.ts';
import { checkBody, parseBody } from './read-body.ts';
import { readTexts } from './read-texts.ts';
import { type SseMessage, sseBody, sseHeaders } from './sse.ts';
import { badRequest, errorBody, notFound, TestError } from './test-error.ts';

export interface AnswerSettings {
  /** Whether everybody has to log in. */
  readonly auth: 'required' | 'off';
  readonly rateLimit: TestRate | null;
  readonly authRateLimit: TestRate | null;
  readonly heartbeatMs: number;
}

type MutableHeaders = Record<string, string>;

/**
 * Answers every operation of the contract, by way of the same questions as the server:
 *
 *   which operation? ──> who? ──> how often? ──> may they? ──> does it fit? ──> answered before? ──> its handler
 */
export function answerOperations(world: World, settings: AnswerSettings): Exchange {
  const { clock, closed } = world;
  const general = new RateCounter(settings.rateLimit, clock);
  const logins = new RateCounter(settings.authRateLimit, clock);
  const keyed = new KeyedAnswers(clock);

  return async (request) => {
    const id = request.headers['x-request-id'] ?? newId(clock.now());
    const headers: MutableHeaders = {
      'x-request-id': id,
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    };
    try {
      return { kind: 'answer', ...(await answer(request, id, headers)) };
    } catch (error) {
      const known = error instanceof TestError ? error : brokenHere(error);
      const body = JSON.stringify(errorBody(known, id, clock.now()));
      return { kind: 'answer', status: known.status, headers: { ...headers, ...known.headers }, body };
    }
  };

  async function answer(
    request: ExchangeRequest,
    requestId: string,
    headers: MutableHeaders,
  ): Promise<Omit<Extract<Outcome, { kind: 'answer' }>, 'kind'>> {
    const path = withoutPrefix(pathOf(request));
    const found = findOperation(request.method, path);
    const caller = enter(request, found?.operation ?? null, headers);
    if (found === null) throw unknownPath(request.method, path);
    const { operation } = found;
    const operationId = found.id as OperationId;
    let audited = false;
    const audit = (status: number, error: string | null): void => {
      if (operation.repeat === 'safe' || audited) return;
      audited = true;
      const target = Object.values(found.params)[0] ?? null;
      world.state.audit.push(auditEntry(world, { operationId, caller, requestId, status, error, target }));
    };
    try {
      authorize(caller, operation, request.headers, settings.auth === 'off');
    } catch (error) {
      // Strangers are not noted: there is no end of them.
      if (caller.principal !== null && error instanceof TestError) audit(error.status, error.code);
      throw error;
    }
    try {
      const call = read(request, found, caller, headers);
      if (operation.stream === true) {
        const open = (await perform(operationId, call)) as (signal: AbortSignal) => AsyncIterator<SseMessage>;
        const signal = AbortSignal.any([request.signal, closed]);
        const body = sseBody(open, { clock, heartbeatMs: settings.heartbeatMs, signal });
        return { status: 200, headers: { ...headers, ...sseHeaders }, body };
      }
      const act = async (): Promise<KeptAnswer> => {
        try {
          const { status, result } = successOf(operation, await perform(operationId, call));
          audit(status, null);
          return { status, headers: {}, body: JSON.stringify(result) };
        } catch (error) {
          if (!(error instanceof TestError) || key === null) throw error;
          audit(error.status, error.code);
          const body = JSON.stringify(errorBody(error, requestId, clock.now()));
          return { status: error.status, headers: error.headers, body };
        }
      };
      const key = operation.repeat === 'keyed' ? readKey(request.headers['idempotency-key']) : null;
      const whole = `${request.method} ${path}\n${new TextDecoder().decode(request.body ?? new Uint8Array())}`;
      const kept = key === null ? await act() : await keyed.answer(`${caller.principal?.id ?? ''}:${key}`, whole, act);
      return { ...kept, headers: { ...headers, ...kept.headers } };
    } catch (error) {
      const known = error instanceof TestError ? error : brokenHere(error);
      audit(known.status, known.code);
      throw known;
    }
  }

  /** Who asks, and how often: counted by what they are, or all strangers together. */
  function enter(request: ExchangeRequest, operation: Operation | null, headers: MutableHeaders): Caller {
    const nobody = {
      principal: null,
      scopes: settings.auth === 'off' ? ['*'] : [],
      via: 'none',
      session: null,
    } as const;
    const isProbe = operation?.path.startsWith('/health') === true;
    const isLogin = operation?.tag === 'auth' && operation.access === 'public';
    const count = ({ principal }: Caller) => {
      const counter = isLogin ? logins : general;
      Object.assign(headers, isProbe ? counter.note('nobody') : counter.take(principal?.id ?? 'nobody'));
    };
    if (operation === null || operation.access === 'public') {
      count(nobody);
      return nobody;
    }
    try {
      const caller = identify(request.headers, world) ?? nobody;
      count(caller);
      return caller;
    } catch (error) {
      // Whoever has something that counts for nothing is a stranger, and is counted as one.
      if (error instanceof Refused) count(nobody);
      throw error;
    }
  }

  function read(
    request: ExchangeRequest,
    { operation, params: texts }: { operation: Operation; params: Record<string, string> },
    caller: Caller,
    headers: MutableHeaders,
  ) {
    const [, search = ''] = request.target.split('?', 2);
    const params = readTexts(operation.params, texts);
    const query = readTexts(operation.query, Object.fromEntries(new URLSearchParams(search)));
    const issues = [
      ...(operation.params === undefined ? [] : checkValue(operation.params, params)),
      ...(operation.query === undefined
        ? Object.keys(query).map((field) => ({ field, issue: 'is not a known field.' }))
        : checkValue(operation.query, query)),
    ];
    if (issues.length > 0) throw badRequest(issues);
    const lastEventId = request.headers['last-event-id'] ?? '';
    return {
      world,
      params,
      query,
      body: parseBody(operation, request),
      caller,
      lastEventId: /^[\x21-\x7e]{1,128}$/.test(lastEventId) ? lastEventId : null,
      setHeader: (name: string, value: string) => {
        headers[name] = value;
      },
    };
  }

  async function perform(id: OperationId, call: ReturnType<typeof read>): Promise<unknown> {
    const handler = handlerOf(id);
    if (handler === undefined)
      throw new TestError('internal_error', `The test server of the SDK does not know ${id} yet.`);
    checkBody(operations[id], call.body);
    return handler(call);
  }
}

/** Where an operation has two ways to succeed, its handler says which it was. */
const successOf = (operation: Operation, result: unknown): { status: number; result: unknown } =>
  'alsoSuccess' in operation
    ? (result as { status: number; result: unknown })
    : { status: operation.success.status, result };

/** The operations of the contract that a test server does not know. */
export const unknownOperations = (): OperationId[] =>
  (Object.keys(operations) as OperationId[]).filter((id) => handlerOf(id) === undefined);

function unknownPath(method: string, path: string): TestError {
  const allowed = methodsOf(path);
  if (allowed.length === 0) return notFound('path', path);
  const allow = [...allowed, 'OPTIONS'].join(', ');
  return new TestError(
    'method_not_allowed',
    `${path} does not answer ${method}; it answers ${allowed.join(', ')}.`,
    { method, allowed },
    { allow },
  );
}

/** A fault of the test server itself must not look like one of the program under test. */
function brokenHere(error: unknown): TestError {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new TestError('internal_error', `The test server of the SDK has failed: ${message}`);
}
