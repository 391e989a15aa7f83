import type { Handler } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { pluginFolder } from '../support/plugins.ts';
import { listen, startServer } from '../support/server.ts';
import { newPlace } from '../support/stores.ts';

interface Point {
  readonly series: string;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

test('the monitoring points of a call tell the handler, and how many events it has made', async () => {
  const heard: Point[] = [];
  const all = Promise.withResolvers<void>();
  const peer = await listen((request, response) => {
    const point = JSON.parse(request.text) as Point;
    if (point.tags.handler_id !== undefined) heard.push(point);
    response.end();
    if (heard.length === 4) all.resolve();
  });
  const folder = pluginFolder();
  folder.write(
    'points',
    `export class P extends BaseRequestMonitoringPlugin {
      async flushPointToMonitoring(point) { await this.app.http.request(this.app.config.url, { json: point }); }
    }`,
  );
  const place = await newPlace('sqlite');
  const api = await startServer(place, {
    environment: {
      ORDINAUT_PLUGINS_DIR: folder.path,
      ORDINAUT_ACTIVE_PLUGINS: 'points',
      ORDINAUT_PLUGIN_CONFIG: JSON.stringify({ points: { url: peer.url } }),
    },
  });
  const step = { id: 'all', uses: 'core.transform', with: { expression: '@', data: '${event.body.list}' } };
  const { body } = await api.call<Handler>('POST', '/handlers', { pipeline: [step] });
  await api.call('POST', `/handlers/${body.id}/events`, { list: [1, null, 2] });
  await api.call('POST', `/handlers/${body.id}/events/raw`, { events: [{ data: 1 }] });
  await api.call('POST', `/handlers/${body.id}/events`, { list: [], pipeline: [] });
  await all.promise;
  const shown = heard.map(({ series, tags, fields }) => [series, tags.route, tags.status_code, fields.events]);
  const route = 'POST:/handlers/{id}/events';
  expect(shown.toSorted()).toEqual(
    [
      ['requests', route, 201, 2],
      ['requests', `${route}/raw`, 201, 1],
      ['requests', route, 400, undefined],
      ['errors', route, 400, undefined],
    ].toSorted(),
  );
  expect(heard.every(({ tags }) => tags.handler_id === body.id)).toBe(true);
  expect(heard.find(({ fields }) => fields.events === 2)?.fields).toMatchObject({ filtered: 1 });
  await api.server.stop();
  await place.remove();
  await peer.close();
  folder.remove();
});
