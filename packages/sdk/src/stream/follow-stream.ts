import type { Core } from '../core.ts';
import { ConnectionError } from '../errors.ts';
import type { StreamItem, StreamOptions } from '../event-stream.ts';
import { isOrdinautError, type OrdinautError } from '../ordinaut-error.ts';
import type { CallInfo } from '../telemetry/events.ts';
import { isRecord } from '../transport/answer-error.ts';
import type { OutgoingRequest } from '../transport/outgoing-request.ts';
import { backoffMs } from '../transport/retry-rule.ts';
import { Scope } from '../transport/scope.ts';
import { timeoutOf } from '../transport/timeouts.ts';
import { type Message, MessageParser } from './message-parser.ts';
import { openStream } from './open-stream.ts';

/** Three times what the server lets pass without a word. */
const SILENCE_MS = 45_000;
/** Milliseconds after which a connection counts as one that works: before, the waits between connections still grow. */
const SETTLED_MS = 5_000;

export interface FollowOptions extends StreamOptions {
  /** Ends it like `signal`; for `streamOf`. */
  readonly left?: AbortSignal | undefined;
  /** Whether each connection begins with how things are, so that nothing is lost where there is no id to go on from. */
  readonly beginsWithState?: boolean;
  /** Whether an event is the last one, after which the stream is over. */
  readonly isLast?: (item: StreamItem) => boolean;
  /** Attempts in a row that may fail. Default: those of the client until it is connected for the first time, any number after that. */
  readonly mostFailures?: number;
}

/**
 * The items of a stream, over as many connections as it takes.
 *
 * A connection that ends, breaks or says nothing for too long is made again after the last id. 401 makes the credentials new once;
 * 429 and 503 are waited for as long as they ask, unless that is longer than it is tried at all; what asking again cannot help is thrown.
 */
export async function* followStream(
  core: Core,
  request: OutgoingRequest,
  options: FollowOptions = {},
): AsyncGenerator<StreamItem> {
  const { clock, base, retry, random, timeouts } = core.options;
  const call: CallInfo = {
    operation: request.name,
    method: request.method,
    template: request.template,
    host: base.host,
  };
  const scope = new Scope({
    clock,
    signals: [{ signal: options.signal }, { signal: options.left }, { signal: core.closed }],
  });
  const report = (state: 'connected' | 'broken', reason?: string) =>
    core.telemetry.emit({ type: 'stream', call, state, reason, lastEventId });
  const { attemptTimeoutMs, timeoutMs: openingMs } = timeoutOf(request.name, 'stream', timeouts);
  // An empty id means, as in the standard, that there is none to go on from.
  let lastEventId = options.lastEventId || null;
  let wasConnected = false;
  let failures = 0;
  /** Since when it has tried; null while messages come. */
  let brokenAt: number | null = clock.monotonic();
  try {
    await scope.within(core.checker.checkRequest(request, () => ({ operation: request.name })));
    for (;;) {
      const connection = new Scope({ clock, signals: [{ signal: scope.signal }] });
      let failure: OrdinautError | undefined;
      let connectedAt: number | null = null;
      try {
        const body = await openStream(
          core,
          { request, call, lastEventId, headers: options.headers, timeoutMs: attemptTimeoutMs },
          connection,
        );
        report('connected');
        connectedAt = clock.monotonic();
        if (wasConnected && lastEventId === null && !options.beginsWithState) {
          yield { type: 'gap', after: null, oldest: null };
        }
        wasConnected = true;
        for await (const message of readMessages(core, body, connection, options.silenceMs ?? SILENCE_MS)) {
          brokenAt = null;
          if (message.id !== null) lastEventId = message.id || null;
          const item = itemOf(message);
          if (item === null) continue;
          yield item;
          if (options.isLast?.(item)) return;
        }
      } catch (error) {
        if (scope.isOver) return;
        if (!isOrdinautError(error)) throw error;
        failure = error;
      } finally {
        connection.end(undefined);
        connection.dispose();
      }
      report('broken', failure?.message ?? 'The server has ended the connection.');
      if (failure !== undefined && !failure.retryable) throw failure;
      const now = clock.monotonic();
      // One that ends right after its first event would otherwise be made again without a pause.
      if (connectedAt !== null && brokenAt === null && now - connectedAt >= SETTLED_MS) failures = 0;
      failures += 1;
      brokenAt ??= now;
      const waitMs = failure?.retryAfterMs ?? 0;
      const most = options.mostFailures ?? (wasConnected ? Number.POSITIVE_INFINITY : retry.attempts);
      const patienceMs = Math.min(
        options.giveUpAfterMs ?? Number.POSITIVE_INFINITY,
        wasConnected ? Number.POSITIVE_INFINITY : openingMs,
      );
      const isTooLong = !wasConnected && waitMs > retry.maxRetryAfterMs;
      // To wait for what cannot be had in time would only make the news late.
      if (failures >= most || isTooLong || now - brokenAt + waitMs >= patienceMs) {
        throw (
          failure ??
          new ConnectionError(`${request.name} is ended by the server again and again.`, {
            operation: request.name,
            retryable: true,
          })
        );
      }
      await scope.sleep(waitMs + backoffMs(failures - 1, retry, random));
    }
  } catch (error) {
    if (!scope.isOver) throw error;
  } finally {
    scope.dispose();
  }
}

/** The messages of one connection; it fails where no sign of life comes for too long. */
async function* readMessages(
  { options: { clock, base } }: Core,
  body: ReadableStream<Uint8Array>,
  connection: Scope,
  silenceMs: number,
): AsyncGenerator<Message> {
  const ready: Message[] = [];
  // It runs only while the server is waited for: a caller who takes long over an event does not make the connection dead.
  let stopWatch: (() => void) | null = null;
  const sawLife = () => {
    stopWatch?.();
    stopWatch = null;
  };
  const watch = () => {
    stopWatch ??= clock.setTimer(
      () =>
        connection.end(
          new ConnectionError(`${base.origin} has said nothing for ${silenceMs} ms.`, { retryable: true }),
        ),
      silenceMs,
    );
  };
  const parser = new MessageParser((message) => {
    sawLife();
    ready.push(message);
  }, sawLife);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      watch();
      const { done, value } = await connection.within(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } catch (error) {
    if (connection.isOver) throw connection.signal.reason;
    throw new ConnectionError(`The stream from ${base.origin} broke.`, { retryable: true, cause: error });
  } finally {
    sawLife();
    // A stream that has failed already rejects this.
    reader.cancel().catch(() => undefined);
  }
}

/** An item as the caller gets it; null for what only tells of the connection. */
function itemOf({ name, id, data: text }: Message): StreamItem | null {
  if (name === 'heartbeat' || name === 'connected') return null;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = text;
  }
  if (name !== 'gap') return { type: 'event', name, id: id || null, data };
  const { after = null, oldest = null } = isRecord(data) ? data : {};
  return { type: 'gap', after: after === null ? null : String(after), oldest: oldest === null ? null : String(oldest) };
}
