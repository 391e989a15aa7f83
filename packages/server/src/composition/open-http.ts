import type { FastifyInstance } from 'fastify';
import { ApprovalService } from '../approvals/approval-service.ts';
import { extensionAdmin } from '../extensions/admin.ts';
import type { ExtensionHost } from '../extensions/host.ts';
import { buildApp } from '../http/app.ts';
import { LiveConnections } from '../http/door/live-connections.ts';
import { openDoor } from '../http/door/open-door.ts';
import { healthServices } from '../http/health-services.ts';
import { addPluginRoutes } from '../http/plugin-routes.ts';
import { openRateRedis } from '../http/rate-redis.ts';
import type { HttpServices } from '../http/services.ts';
import { toolServices } from '../http/tool-services.ts';
import type { HealthBoard } from '../kernel/health.ts';
import type { Service } from '../kernel/service.ts';
import { toPluginInfo } from '../plugins/plugin-resource.ts';
import { readPreview } from '../schedule/read-preview.ts';
import { IdempotencyKeys } from '../storage/idempotency.ts';
import type { Core } from './open-core.ts';
import type { Guests } from './open-guests.ts';
import type { Room } from './room.ts';

export type Entry = Awaited<ReturnType<typeof openEntry>>;

/** The door that every request comes through, and the connections that last. */
export async function openEntry({ config, logger }: Room, { identity, store }: Core) {
  const { redisUrl } = config.storage;
  const isApi = config.engine.roles.includes('api');
  const rates = isApi && redisUrl !== null ? await openRateRedis(redisUrl, logger) : null;
  const door = openDoor(config, { authenticator: identity.authenticator, redis: rates?.redis ?? null });
  const connections = new LiveConnections({ most: config.http.maxStreams, door, signals: store.signals, logger });
  return { door, connections, services: rates === null ? [] : [rates.service] };
}

/** The HTTP server. */
export interface HttpServer extends Service {
  /** Where it listens; null while it does not. */
  readonly url: string | null;
}

export async function openHttp(
  room: Room,
  core: Core,
  parts: { guests: Guests; extensions: ExtensionHost; entry: Entry; health: HealthBoard },
): Promise<HttpServer> {
  const { config, logger } = room;
  const { plugins, monitor } = parts.guests;
  const { door, connections } = parts.entry;
  const services = httpServices(room, core, parts);
  const app = await buildApp({ config, door, connections, logger, metrics: core.metrics, monitor, services });
  let url: string | null = null;
  return {
    name: 'http',
    get url() {
      return url;
    },
    async start() {
      const { requireScopes } = config.security;
      const { bodyLimitBytes: bodyLimit } = config.http;
      addPluginRoutes(app, { plugins: plugins.plugins, audit: core.identity.audit, requireScopes, bodyLimit });
      url = await listen(app, config.http);
    },
    stop: () => app.close(),
  };
}

async function listen(app: FastifyInstance, { host, port, tlsCert }: Room['config']['http']): Promise<string> {
  const named = (address: string) => (tlsCert === null ? address : address.replace(/^http:/, 'https:'));
  return named(await app.listen({ host, port, listenTextResolver: (address) => `listening at ${named(address)}` }));
}

function httpServices(
  { config, clock, logger, instance }: Room,
  core: Core,
  { guests, extensions, health }: { guests: Guests; extensions: ExtensionHost; health: HealthBoard },
): HttpServices {
  const { store, tasks, runs, alerts, handlers, events, eventApi, identity, tools } = core;
  return {
    tasks,
    runs,
    extensions: {
      status: (options) => extensions.status(options),
      health: (id) => extensions.health(id),
      find: (id) => extensions.find(id),
      ...extensionAdmin(extensions),
    },
    plugins: { list: () => ({ plugins: guests.plugins.plugins.map(toPluginInfo) }) },
    events: eventApi,
    approvals: new ApprovalService({ store, clock }),
    alerts,
    streams: events,
    handlers,
    handlerCalls: guests.handlerCalls,
    auth: identity.auth,
    users: identity.users,
    agents: identity.agents,
    apiKeys: identity.apiKeys,
    audit: identity.audit,
    preview: (input) => readPreview(input, clock.now()),
    tools: toolServices(tools, { clock, logger }),
    health: healthServices(health, { clock, store, roles: config.engine.roles, instance }),
    idempotency: new IdempotencyKeys({ store, clock }),
  };
}
