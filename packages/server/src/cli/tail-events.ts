import type { PublishedEvent } from '@ordinaut/sdk';
import type { CommandContext } from './command-context.ts';
import { showGap, watching } from './live-view.ts';
import { type Output, text } from './output.ts';

/** Writes events as they come. @throws OrdinautError as the client. */
export async function tailEvents(
  { topic, after }: { topic?: string; after?: string },
  { client, output }: CommandContext,
): Promise<void> {
  for await (const item of client.events.subscribe(topic, watching(after))) {
    if (item.type === 'gap') showGap(item, 'events', output);
    else output.event(item.event, () => eventLine(item.event, output.color));
  }
}

const eventLine = ({ published_at, topic, data, source }: PublishedEvent, color: Output['color']): string =>
  `${color.dim(text(published_at))}  ${color.bold(text(topic))}  ${JSON.stringify(data)}  ${color.dim(text(source))}`;
