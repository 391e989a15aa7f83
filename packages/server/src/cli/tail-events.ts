import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { text } from './output.ts';
import { messagesOf } from './sse-messages.ts';

/** Attempts to get a broken stream back before giving up, a second apart. */
const RECONNECTS = 30;

/**
 * Writes events as they come. A stream that breaks is taken up again after the last event.
 *
 * @throws CliError as the client; `unreachable` where the stream breaks again and again.
 */
export async function tailEvents(
  { topic, after = null }: { topic?: string; after?: string | null },
  { client, output }: CommandContext,
): Promise<void> {
  let lastEventId = after;
  let connected = false;
  for (let failures = 0; failures <= RECONNECTS; failures += 1) {
    if (failures > 0) await delay(1000);
    try {
      const response = await client.open('/events/stream', {
        query: { topic },
        headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
        signal: new AbortController().signal,
      });
      connected = true;
      for await (const message of messagesOf(response)) {
        failures = 0;
        lastEventId = message.id ?? lastEventId;
        const data: unknown = JSON.parse(message.data);
        if (!isRecord(data)) continue;
        if (message.event === 'gap') {
          output.event({ gap: true, ...data }, () =>
            output.color.yellow(`Events after ${text(data.after)} are no longer kept.`),
          );
        }
        if (message.event === 'event') output.event(data, () => eventLine(data, output.color));
      }
    } catch (error) {
      // The first connection tells what is wrong; a later one is tried again.
      if (error instanceof CliError && (!connected || error.exitCode !== exitCodes.unreachable)) throw error;
    }
  }
  throw new CliError(exitCodes.unreachable, `The connection to ${client.url} broke while watching events.`);
}

const eventLine = (event: Record<string, unknown>, color: CommandContext['output']['color']): string =>
  `${color.dim(text(event.published_at))}  ${color.bold(text(event.topic))}  ${JSON.stringify(event.data)}  ${color.dim(text(event.source))}`;
