import type { WebSocket } from 'ws';
import { isUnavailable, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { HEARTBEAT_MS, type SseMessage } from './sse.ts';

/** What a client may take to answer a close, in milliseconds. */
const CLOSE_MS = 1000;
/** Status codes of RFC 6455 section 7.4.1 and of its registry. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

/**
 * Sends the messages of a source over a WebSocket as `{event, id, data}`, with a `heartbeat` message and a ping every 15 s. A client that
 * does not answer a ping until the next is gone; one that reads slowly is waited for, and the source with it. What clients send is
 * not looked at.
 *
 * @param open begins the source; its signal is aborted when nobody wants it any more.
 */
export async function feedSocket(
  socket: WebSocket,
  open: (signal: AbortSignal) => AsyncIterable<SseMessage>,
  logger: Logger,
): Promise<void> {
  const stop = new AbortController();
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
    socket.send(JSON.stringify({ event: 'heartbeat', data: { timestamp: new Date().toISOString() } }));
  }, HEARTBEAT_MS);
  const left = () => {
    clearInterval(timer);
    stop.abort(new Error('The client has left.'));
  };
  socket.on('error', () => socket.terminate());
  socket.once('close', left);
  try {
    for await (const message of open(stop.signal)) await send(socket, JSON.stringify(message));
  } catch (error) {
    if (stop.signal.aborted) return;
    logger.warn({ reason: messageOf(error) }, 'a WebSocket could not be served any further');
    socket.close(isUnavailable(error) ? TRY_AGAIN_LATER : INTERNAL_ERROR, 'The server failed; come again later.');
  }
}

/** Says good-bye to a client, and waits for its answer for a second. Whatever it answers, it does not fail. */
export async function dismiss(socket: WebSocket): Promise<void> {
  const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
  // Not `once` of Node: that rejects at an error of the socket, and its `close` follows even then.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.close(GOING_AWAY, 'The server is stopping.');
  await closed;
  clearTimeout(timer);
}

/** Resolves when the message is on its way, and does not fail where the client has left: its `close` says so. */
const send = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve) => socket.send(text, () => resolve()));
