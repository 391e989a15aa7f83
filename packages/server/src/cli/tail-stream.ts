import { setTimeout as delay } from 'node:timers/promises';
import type { EventSourceMessage } from 'eventsource-parser';
import { isRecord } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { text } from './output.ts';
import { messagesOf } from './sse-messages.ts';

/** Attempts to get a broken stream back before giving up, a second apart. */
const RECONNECTS = 30;

export interface TailedStream {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Id of the message to begin after; null: with what comes. */
  readonly after: string | null;
  /** What is watched, for sentences: `events`. */
  readonly what: string;
  /** Hears of each message with data that is neither a heartbeat nor a gap. */
  show(message: EventSourceMessage, data: Record<string, unknown>): void;
}

/**
 * Shows the messages of a live view as they come. A stream that breaks is taken up again after the last message.
 *
 * @throws CliError as the client; `unreachable` where the stream breaks again and again.
 */
export async function tailStream(
  { path, query, after, what, show }: TailedStream,
  { client, output }: CommandContext,
): Promise<never> {
  let lastEventId = after;
  let connected = false;
  for (let failures = 0; failures <= RECONNECTS; failures += 1) {
    if (failures > 0) await delay(1000);
    try {
      const response = await client.open(path, {
        query,
        headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
        signal: new AbortController().signal,
      });
      connected = true;
      for await (const message of messagesOf(response)) {
        failures = 0;
        lastEventId = message.id ?? lastEventId;
        const data: unknown = JSON.parse(message.data);
        if (!isRecord(data) || message.event === 'heartbeat') continue;
        if (message.event === 'gap') {
          output.event({ gap: true, ...data }, () =>
            output.color.yellow(`The ${what} after ${text(data.after)} are no longer kept.`),
          );
        } else show(message, data);
      }
    } catch (error) {
      // The first connection tells what is wrong; a later one is tried again.
      if (error instanceof CliError && (!connected || error.exitCode !== exitCodes.unreachable)) throw error;
    }
  }
  throw new CliError(exitCodes.unreachable, `The connection to ${client.url} broke while watching ${what}.`);
}
