import type { Core } from '../core.ts';
import { TimeoutError, UnexpectedAnswerError } from '../errors.ts';
import { type ErrorFacts, isOrdinautError } from '../ordinaut-error.ts';
import type { CallInfo } from '../telemetry/events.ts';
import { answerError } from '../transport/answer-error.ts';
import { connectionError } from '../transport/connection-error.ts';
import type { OutgoingRequest } from '../transport/outgoing-request.ts';
import { requestHeaders } from '../transport/request-headers.ts';
import { retryAfterOf } from '../transport/retry-after.ts';
import type { Scope } from '../transport/scope.ts';
import { urlOf, withoutCookies } from '../transport/send-once.ts';

export interface StreamRequest {
  readonly request: OutgoingRequest;
  readonly call: CallInfo;
  readonly lastEventId: string | null;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Milliseconds until the headers of the answer. */
  readonly timeoutMs: number;
}

/**
 * Opens a stream, with other credentials once if those there are were refused.
 *
 * @param connection lives as long as the stream: its end ends the connection.
 * @throws OrdinautError where it cannot be had.
 */
export async function openStream(
  core: Core,
  stream: StreamRequest,
  connection: Scope,
): Promise<ReadableStream<Uint8Array>> {
  const { request, timeoutMs } = stream;
  const facts = { operation: request.name };
  const stopTimer = core.options.clock.setTimer(
    () =>
      connection.end(
        new TimeoutError(`${request.name} did not open within ${timeoutMs} ms.`, {
          ...facts,
          of: 'attempt',
          retryable: true,
        }),
      ),
    timeoutMs,
  );
  // What a function of the caller throws, as a provider of tokens, is none of the connection. The connection ends by its time, too.
  const broken = (error: unknown): never => {
    throw isOrdinautError(error) || connection.isOver ? error : connectionError(error, core.options.base, facts);
  };
  try {
    for (let isRenewed = false; ; isRenewed = true) {
      const grant = request.open ? null : await connection.within(core.credentials.current());
      const response = await ask(core, stream, connection, grant, facts).catch(broken);
      if (response.ok) return bodyOf(core, response, facts);
      const text = await connection.within(response.text()).catch(broken);
      if (response.status === 401 && grant !== null && !isRenewed) {
        if (await connection.within(core.credentials.refused(grant))) continue;
      }
      throw answerError(response, text, { ...facts, retryAfterMs: retryAfterOf(response.headers, core.serverNow) });
    }
  } finally {
    stopTimer();
  }
}

async function ask(
  core: Core,
  { request, call, lastEventId, headers }: StreamRequest,
  connection: Scope,
  grant: Parameters<typeof requestHeaders>[1]['grant'],
  facts: ErrorFacts,
): Promise<Response> {
  const passage = core.circuits.enter(request.resource, () => facts);
  try {
    const own = { ...headers, ...(lastEventId !== null && { 'last-event-id': lastEventId }) };
    const response = await connection.within(
      core.options.fetch(urlOf(core, request), {
        headers: requestHeaders(core, { request, call, grant, own, accept: 'text/event-stream' }),
        signal: connection.signal,
        redirect: 'manual',
        ...withoutCookies,
      }),
    );
    if (response.status === 503) passage.failed(undefined, retryAfterOf(response.headers, core.serverNow));
    else passage.worked();
    return response;
  } catch (error) {
    if (connection.isOver || isOrdinautError(error)) passage.unknown();
    else passage.unreachable();
    throw error;
  }
}

function bodyOf(core: Core, { headers, body, status }: Response, facts: ErrorFacts): ReadableStream<Uint8Array> {
  if (body !== null && headers.get('content-type')?.startsWith('text/event-stream')) return body;
  throw new UnexpectedAnswerError(
    `${core.options.base.origin} answers, but not with a stream of events: "${headers.get('content-type') ?? ''}".`,
    { ...facts, status },
  );
}
