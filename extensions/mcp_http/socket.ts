import { RequestError, type WebSocket } from '@ordinaut/kit';
import type { ToolDoor } from './tool-door.ts';

/** Bytes of a message. */
const MAX_MESSAGE = 1_048_576;
/** Calls of one connection under way at a time. */
const MAX_CALLS = 32;

/**
 * Serves one WebSocket: `{id?, method, params}` in, `{id, result}` or `{id, error: {code, message, details}}` out. Answers come
 * as they are ready, not in the order of the questions.
 */
export function serveSocket(socket: WebSocket, door: ToolDoor): void {
  const gone = new AbortController();
  let calls = 0;
  const send = (answer: object) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(answer));
  };
  socket.on('close', () => gone.abort());
  // The close event follows.
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    let id: unknown = null;
    const work = async (): Promise<unknown> => {
      const message = parse(data, isBinary);
      if ('id' in message) ({ id } = message);
      if (calls > MAX_CALLS) throw new RequestError('unavailable', `At most ${MAX_CALLS} calls at a time.`);
      return perform(message, door, gone.signal);
    };
    calls += 1;
    work()
      .then(
        (result) => send({ id, result }),
        (error: unknown) => send({ id, error: errorOf(error) }),
      )
      .finally(() => {
        calls -= 1;
      });
  });
}

function perform({ method, params }: Record<string, unknown>, door: ToolDoor, signal: AbortSignal): Promise<unknown> {
  switch (method) {
    case 'handshake':
      return door.handshake(params);
    case 'list_tools':
      return door.listTools();
    case 'invoke':
      return door.invoke(params, signal);
    case 'schema':
      return door.schema(params);
    default: {
      const issue = `is ${JSON.stringify(method) ?? 'missing'}; allowed: handshake, list_tools, invoke, schema`;
      throw new RequestError('bad_request', `method: ${issue}`, { field: 'method', issue });
    }
  }
}

function parse(data: Buffer, isBinary: boolean): Record<string, unknown> {
  if (isBinary) throw new RequestError('bad_request', 'Send text messages that hold JSON.');
  if (data.length > MAX_MESSAGE) throw new RequestError('payload_too_large', 'A message has at most 1 MiB.');
  let message: unknown;
  try {
    message = JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw new RequestError('bad_request', `The message is no JSON: ${(error as Error).message}`);
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
    return message as Record<string, unknown>;
  }
  throw new RequestError('bad_request', 'The message must be an object: {"id": 1, "method": "list_tools"}.');
}

function errorOf(error: unknown): object {
  if (error instanceof RequestError) return { code: error.code, message: error.message, details: error.details };
  return { code: 'internal_error', message: 'The server failed to answer; the log has the reason.', details: {} };
}
