import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Capability } from '@ordinaut/kit';
import { AlertService } from './alerts/alert-service.ts';
import { registerAlertTools } from './alerts/alert-tools.ts';
import { addApprovalMetrics } from './approvals/approval-metrics.ts';
import { ApprovalService } from './approvals/approval-service.ts';
import { requestApproval } from './approvals/request-approval.ts';
import { createCompiler } from './code/compile.ts';
import { isLoopback, isOpen } from './config/load-config.ts';
import type { Config } from './config/settings.ts';
import { Containment } from './containment/attribution.ts';
import { Watchdog } from './containment/watchdog.ts';
import { EventApi } from './events/event-api.ts';
import { eventRetention } from './events/event-retention.ts';
import { EventService } from './events/event-service.ts';
import { registerEventTools } from './events/event-tools.ts';
import { openStreams } from './events/open-streams.ts';
import type { OpenStreams } from './events/streams.ts';
import { extensionAdmin } from './extensions/admin.ts';
import { extensionTools } from './extensions/extension-tools.ts';
import { openExtensionHost } from './extensions/open-host.ts';
import { ReloadOnChange } from './extensions/reload-on-change.ts';
import type { HandlerBatch } from './handlers/handler-batch.ts';
import { HandlerCalls } from './handlers/handler-calls.ts';
import { handlerEventRetention } from './handlers/handler-event-retention.ts';
import { HandlerService } from './handlers/handler-service.ts';
import { buildApp } from './http/app.ts';
import { LiveConnections } from './http/door/live-connections.ts';
import { openDoor } from './http/door/open-door.ts';
import { extensionAppFactory } from './http/extension-app.ts';
import { healthServices } from './http/health-services.ts';
import { addPluginRoutes } from './http/plugin-routes.ts';
import { openRateRedis } from './http/rate-redis.ts';
import { toolServices } from './http/tool-services.ts';
import type { FirstAdmin } from './identity/first-admin.ts';
import { openIdentity } from './identity/open-identity.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { unavailable } from './kernel/errors.ts';
import { HealthBoard } from './kernel/health.ts';
import { newToken } from './kernel/ids.ts';
import { createLogger, type Logger } from './kernel/logger.ts';
import { type Service, startAll, stopAll } from './kernel/service.ts';
import { version } from './kernel/version.ts';
import { Metrics } from './metrics/metrics.ts';
import { GuardedHttpClient } from './outgoing/guarded-client.ts';
import { toEventBatch } from './plugins/event-batch.ts';
import { openPlugins } from './plugins/open-plugins.ts';
import { toPluginInfo } from './plugins/plugin-resource.ts';
import { PluginMonitor } from './plugins/request-monitor.ts';
import { Retention } from './runs/retention.ts';
import { Revisions } from './runs/revisions.ts';
import { RunFeed } from './runs/run-feed.ts';
import { addRunMetrics, executionStatus } from './runs/run-metrics.ts';
import { RunService } from './runs/run-service.ts';
import { registerRunTools } from './runs/run-tools.ts';
import { Worker } from './runs/worker.ts';
import { readPreview } from './schedule/read-preview.ts';
import { RewrapAtStart } from './secrets/rewrap-at-start.ts';
import { SecretStore } from './secrets/secret-store.ts';
import { IdempotencyKeys } from './storage/idempotency.ts';
import { openStore } from './storage/open-store.ts';
import type { Store } from './storage/store.ts';
import { EventTriggers } from './tasks/event-triggers.ts';
import { Scheduler } from './tasks/scheduler.ts';
import { addSchedulerMetrics } from './tasks/scheduler-metrics.ts';
import { TaskService } from './tasks/task-service.ts';
import { registerTaskTools } from './tasks/task-tools.ts';
import { registerBuiltinTools } from './tools/builtin/register.ts';
import { ToolRegistry } from './tools/registry.ts';

export interface RunningServer {
  /** Where it listens; null without the role `api`. */
  readonly url: string | null;
  /** Name of this process among those on one database. */
  readonly instance: string;
  readonly store: Store['kind'];
  /** The user that this start has made; null where there was somebody already. */
  readonly firstAdmin: FirstAdmin | null;
  /** Resolves when it has stopped. */
  readonly closed: Promise<void>;
  /** A line of a stack with the place in the files of an extension's author, where it is code of one that is loaded. */
  localize(frame: string): string;
  /** Drains and stops; a second call waits for the first. */
  stop(): Promise<void>;
}

/** What a caller may put in place of the real thing; for tests and embedding. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly random?: () => number;
  /** What extensions get at most, by id; default: what manifest and settings say. */
  readonly grants?: Readonly<Record<string, readonly Capability[]>>;
  /** Hears of the events of each request to a handler, when it is answered. */
  readonly onHandlerEvents?: (batch: HandlerBatch) => void;
  /** Hears of each use of a capability that is not granted. */
  readonly onRefused?: (extensionId: string, capability: Capability) => void;
}

/** Builds everything, and starts it in order: store, tools, engine, HTTP. A failed start leaves nothing behind. */
export async function serve(config: Config, parts: ServerParts = {}): Promise<RunningServer> {
  const clock = parts.clock ?? systemClock;
  const logger = parts.logger ?? createLogger(config.log.level);
  const instance = `${hostname()}:${process.pid}:${newToken(3)}`;
  const { engine } = config;
  const store = await openConfiguredStore(config, clock, logger, instance);

  const metrics = new Metrics();
  addRunMetrics(metrics, store);
  addApprovalMetrics(metrics, store);
  const tools = new ToolRegistry();
  const http = new GuardedHttpClient({ allow: engine.httpAllow });
  const feed = new RunFeed();
  const revisions = new Revisions(store);
  const tasks = new TaskService({ store, tools, clock });
  const runs = new RunService({ store, revisions, feed, clock });
  registerTaskTools(tools, { tasks, clock });
  registerRunTools(tools, runs);
  tools.register(requestApproval({ store, clock }));
  registerBuiltinTools(tools, { clock, http, runTask: (id, params, key) => tasks.runOnce(id, params, key) });

  const secrets = new SecretStore({
    store,
    clock,
    key: config.security.encryptionKey,
    keyFile: join(config.storage.dataDir, 'encryption.key'),
  });
  const identity = openIdentity(config, { store, clock, logger });
  const alerts = new AlertService({ store, clock, onSubmitted: (outcome) => metrics.alert(outcome) });
  registerAlertTools(tools, { alerts, store });
  const handlers = new HandlerService({ store, tools, clock });

  const streams = await openStreams({
    store,
    redisUrl: config.storage.redisUrl,
    trigger: new EventTriggers({ store, clock, logger }),
    clock,
    logger,
    instance,
  });
  const events = new EventService(streams);
  const eventApi = new EventApi({ streams: events, clock });
  registerEventTools(tools, { events: eventApi, store });

  const containment = new Containment({ logger });
  const compiler = createCompiler({ cacheDir: join(config.storage.dataDir, 'extensions', 'compiled'), logger });
  const watchdog = new Watchdog({ logger });
  const random = parts.random ?? Math.random;
  const plugins = openPlugins(config, {
    compiler,
    watchdog,
    containment,
    streams: events,
    http,
    metrics,
    clock,
    random,
    logger,
  });
  const monitor = new PluginMonitor(plugins, clock);
  const handlerCalls = new HandlerCalls({
    store,
    tools,
    clock,
    random,
    logger,
    deliver(batch) {
      if (plugins.hears('sending_event')) plugins.tell('sending_event', toEventBatch(batch));
      parts.onHandlerEvents?.(batch);
    },
  });
  const health = new HealthBoard(clock);
  health.add('database', () => store.probe().then(() => store.kind), { vital: true });
  health.add('events', () => streamsState(streams), { vital: false });
  const { retentionDays: days } = config.storage;
  /** What the others need until their end, in the order of starting. */
  const lasting: readonly Service[] = [containment, store, streams, identity, plugins, handlerCalls];
  const services: Service[] = [
    ...lasting,
    new RewrapAtStart({ secrets, logger }),
    new Retention({ store, clock, logger, days }),
    eventRetention({ streams, clock, logger, days }),
    handlerEventRetention({ store, clock, logger, days }),
  ];
  if (engine.roles.includes('scheduler')) {
    const scheduler = new Scheduler({ store, clock, logger });
    health.add('scheduler', () => `last fire was ${scheduler.lateness()} ms late`, { vital: false });
    addSchedulerMetrics(metrics, scheduler);
    services.push(scheduler);
  }
  if (engine.roles.includes('worker')) {
    const worker = new Worker({
      store,
      tools,
      revisions,
      feed,
      clock,
      random,
      logger,
      owner: instance,
      concurrency: engine.workerConcurrency,
      drainMs: engine.drainSeconds * 1000,
      onFinished: (status) => metrics.taskExecution(executionStatus(status)),
    });
    health.add('worker', () => workerState(worker), { vital: false });
    services.push(worker);
  }
  const isApi = engine.roles.includes('api');
  const { redisUrl } = config.storage;
  const rates = isApi && redisUrl !== null ? await openRateRedis(redisUrl, logger) : null;
  if (rates !== null) services.push(rates.service);
  const door = openDoor(config, { authenticator: identity.authenticator, redis: rates?.redis ?? null });
  const connections = new LiveConnections({ most: config.http.maxStreams, door, signals: store.signals, logger });
  const extensions = openExtensionHost(config, {
    compiler,
    watchdog,
    containment,
    store,
    secrets,
    registry: tools,
    streams: events,
    metrics,
    newApp: extensionAppFactory({
      bodyLimit: config.http.bodyLimitBytes,
      showTraceback: config.extensions.dev,
      audit: identity.audit,
      connections,
      monitor,
    }),
    audit: identity.audit,
    clock,
    logger,
    grants: parts.grants ?? {},
    onRefused: parts.onRefused ?? (() => {}),
  });
  for (const tool of extensionTools(extensions)) tools.register(tool);
  services.push(extensions);
  if (config.extensions.dev)
    services.push(new ReloadOnChange({ host: extensions, logger, dataDir: config.storage.dataDir }));
  let url: string | null = null;
  if (isApi) {
    services.push(connections);
    const app = await buildApp({
      config,
      door,
      connections,
      logger,
      metrics,
      monitor,
      services: {
        tasks,
        runs,
        extensions: {
          status: (options) => extensions.status(options),
          health: (id) => extensions.health(id),
          find: (id) => extensions.find(id),
          ...extensionAdmin(extensions),
        },
        plugins: { list: () => ({ plugins: plugins.plugins.map(toPluginInfo) }) },
        events: eventApi,
        approvals: new ApprovalService({ store, clock }),
        alerts,
        streams: events,
        handlers,
        handlerCalls,
        auth: identity.auth,
        users: identity.users,
        agents: identity.agents,
        apiKeys: identity.apiKeys,
        audit: identity.audit,
        preview: (input) => readPreview(input, clock.now()),
        tools: toolServices(tools, { clock, logger }),
        health: healthServices(health, { clock, store, roles: engine.roles, instance }),
        idempotency: new IdempotencyKeys({ store, clock }),
      },
    });
    services.push({
      name: 'http',
      async start() {
        const { host, port, tlsCert } = config.http;
        const { requireScopes } = config.security;
        addPluginRoutes(app, { plugins: plugins.plugins, audit: identity.audit, requireScopes });
        const named = (address: string) => (tlsCert === null ? address : address.replace(/^http:/, 'https:'));
        url = named(
          await app.listen({ host, port, listenTextResolver: (address) => `listening at ${named(address)}` }),
        );
      },
      stop: () => app.close(),
    });
  }

  try {
    await startAll(services);
  } catch (error) {
    await http.close();
    throw error;
  }
  logger.info({ url, store: store.kind, roles: engine.roles, version, instance }, 'ordinaut is ready');
  if (store.kind === 'postgres' && config.security.jwtSecret === null)
    logger.info(
      'other processes on this database accept the tokens of this one only with the same ORDINAUT_JWT_SECRET',
    );
  if (
    url !== null &&
    !isLoopback(config.http.host) &&
    config.http.tlsCert === null &&
    config.http.trustProxy.length === 0
  )
    logger.warn(
      'passwords and tokens can be read on the way here: set ORDINAUT_TLS_CERT, or ORDINAUT_TRUST_PROXY behind one that has TLS',
    );
  if (url !== null && isOpen(config))
    logger.info('everybody who reaches this server may do everything, without a login: see ORDINAUT_AUTH');
  const closed = Promise.withResolvers<void>();
  const stopEverything = async () => {
    try {
      // Side by side, so that nobody goes on taking work while another drains.
      await Promise.all(services.filter((service) => !lasting.includes(service)).map((service) => service.stop()));
    } finally {
      await stopAll(lasting);
      await http.close();
      logger.info('ordinaut has stopped');
      closed.resolve();
    }
  };
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= stopEverything();
    return stopping;
  };
  const localize = (frame: string) => extensions.ownerOf(frame)?.generation?.localize(frame) ?? frame;
  const { firstAdmin } = identity;
  return { url, instance, store: store.kind, firstAdmin, closed: closed.promise, localize, stop };
}

/** Brings the schema of the configured store up to this program, and closes it again. */
export async function migrateStore(config: Config): Promise<{ store: Store['kind'] }> {
  const logger = createLogger(config.log.level);
  const store = await openConfiguredStore(config, systemClock, logger, 'ordinaut migrate');
  await store.start();
  await store.stop();
  return { store: store.kind };
}

const openConfiguredStore = ({ storage }: Config, clock: Clock, logger: Logger, name: string): Promise<Store> =>
  openStore({
    databaseUrl: storage.databaseUrl,
    directory: storage.dataDir,
    poolSize: storage.databasePool,
    name,
    clock,
    logger,
  });

function workerState(worker: Worker): string {
  if (!worker.healthy) throw unavailable('The worker cannot reach the queue.');
  return `${worker.executing} runs under way`;
}

function streamsState({ kind, failure }: OpenStreams): string {
  if (failure !== null) throw unavailable(`Events cannot be carried: ${failure}`);
  return kind;
}
