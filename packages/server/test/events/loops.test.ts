import type { Page, RunSummary } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { extensionFolder, setup } from '../support/extensions.ts';
import { pluginFolder } from '../support/plugins.ts';
import { privateRedis } from '../support/redis.ts';
import { startServer } from '../support/server.ts';
import { newPlace } from '../support/stores.ts';
import { describeStreams } from './stream-places.ts';

/** So many runs that start each other are taken for a loop. */
const MAX_CHAIN = 8;

const handlers = {
  'in the handler': 'await again()',
  'in a timer that it sets': 'await new Promise((done) => void setTimeout(() => again().then(done), 1))',
  'in a timer of the context': 'await new Promise((done) => void ctx.setTimeout(() => again().then(done), 1))',
};

describeStreams('loops', (kind) => {
  /** A task that `loop.again` starts, and what somebody publishes whenever a run has succeeded. */
  async function loop(environment: Record<string, string>, told: string): Promise<[runs: number, chains: number[]]> {
    const place = await newPlace(kind === 'redis' ? 'sqlite' : kind);
    // One of its own: servers share what they find in Redis.
    const redis = kind === 'redis' ? await privateRedis() : null;
    const api = await startServer(place, {
      environment: { ...(redis !== null && { REDIS_URL: redis.url }), ...environment },
    });
    const task = await api.createTask({
      schedule_kind: 'event',
      schedule_expr: null,
      event_topic: 'loop.again',
      payload: { pipeline: [] },
    });
    await api.call('POST', '/events', { topic: 'loop.again', payload: null });
    // Answered when it has heard of so many runs, and published for each of them.
    const { body: chains } = await api.call<number[]>('GET', told);
    const { body } = await api.call<Page<RunSummary>>('GET', `/runs?task_id=${task.id}`);
    await api.server.stop();
    await redis?.stop();
    await place.remove();
    return [body.total, chains];
  }
  const counted = [1, 2, 3, 4, 5, 6, 7, 8];

  test.each(Object.entries(handlers))(
    'an extension that publishes %s ends one after eight runs',
    async (_where, code) => {
      const folder = extensionFolder();
      folder.write('echo', {
        manifest: {
          grants: ['ROUTES', 'EVENTS_PUB', 'EVENTS_SUB'],
          eager: true,
          contributes: { events: { subscribe: ['run.succeeded'], publish: ['loop.again'] } },
        },
        code: setup(`
        const chains = [];
        const told = Promise.withResolvers();
        await ctx.events.subscribe('run.succeeded', async ({ chain }) => {
          const again = () => ctx.events.publish('loop.again', null);
          ${code};
          if (chains.push(chain) === ${MAX_CHAIN}) told.resolve();
        });
        ctx.routes.get('/told', () => told.promise.then(() => chains));`),
      });
      expect(await loop({ ORDINAUT_EXT_PATHS: folder.path }, '/ext/echo/told')).toEqual([MAX_CHAIN, counted]);
      folder.remove();
    },
  );

  test('so does a plugin', async () => {
    const folder = pluginFolder();
    folder.write(
      'echo',
      `const chains = [];
      const told = Promise.withResolvers();
      export class Echo extends BaseEventPlugin {
        eventName = 'run.succeeded';
        async handleEvent({ chain }) {
          await this.app.events.publish('loop.again', null);
          if (chains.push(chain) === ${MAX_CHAIN}) told.resolve();
        }
      }
      export class Told extends BaseBackgroundPlugin {
        initialize() {
          this.addRoute('/told', () => told.promise.then(() => ({ body: chains })), { methods: ['get'] });
        }
      }`,
    );
    const environment = { ORDINAUT_PLUGINS_DIR: folder.path, ORDINAUT_ACTIVE_PLUGINS: 'echo' };
    expect(await loop(environment, '/plugins/echo/told')).toEqual([MAX_CHAIN, counted]);
    folder.remove();
  });
});
