import { fileURLToPath } from 'node:url';
import type { EventList, PublishedEvent } from '@ordinaut/contract';
import type { TestApi } from './server.ts';

const folder = fileURLToPath(new URL('../../../../plugins', import.meta.url));

/** The settings that start one of the plugins that come with the server. */
export const shipped = (name: string, config: Record<string, unknown> = {}): Record<string, string> => ({
  ORDINAUT_PLUGINS_DIR: folder,
  ORDINAUT_ACTIVE_PLUGINS: name,
  ORDINAUT_PLUGIN_CONFIG: JSON.stringify({ [name]: config }),
});

/** What a plugin shows of itself. */
export const statusOf = async <Status>(api: Pick<TestApi, 'call'>, name: string): Promise<Status> =>
  (await api.call<Status>('GET', `/plugins/${name}/status`)).body;

/** The newest thousand events of a topic, or of all below it, the oldest first. */
export async function publishedOn<Data>(
  api: Pick<TestApi, 'call'>,
  topic: string,
): Promise<(PublishedEvent & { data: Data })[]> {
  const { body } = await api.call<EventList>('GET', '/events/stream/recent?count=1000');
  const fits = (event: PublishedEvent) => event.topic === topic || event.topic.startsWith(`${topic}.`);
  return body.items.filter(fits).toReversed() as (PublishedEvent & { data: Data })[];
}

/** Looks until there is something; the time of the test bounds it. */
export async function until<Found>(look: () => Found | Promise<Found>): Promise<NonNullable<Exclude<Found, false>>> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found as NonNullable<Exclude<Found, false>>;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
