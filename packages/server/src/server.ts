import { hostname } from 'node:os';
import type { Capability } from '@ordinaut/kit';
import { openConfiguredStore, openCore } from './composition/open-core.ts';
import { openEngine } from './composition/open-engine.ts';
import { openGuests } from './composition/open-guests.ts';
import { openEntry, openHttp } from './composition/open-http.ts';
import type { Room } from './composition/room.ts';
import { isLoopback, isOpen } from './config/load-config.ts';
import type { Config } from './config/settings.ts';
import { eventRetention } from './events/event-retention.ts';
import type { OpenStreams } from './events/streams.ts';
import { ReloadOnChange } from './extensions/reload-on-change.ts';
import type { HandlerBatch } from './handlers/handler-batch.ts';
import { handlerEventRetention } from './handlers/handler-event-retention.ts';
import { extensionAppFactory } from './http/extension-app.ts';
import type { FirstAdmin } from './identity/first-admin.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { unavailable } from './kernel/errors.ts';
import { HealthBoard } from './kernel/health.ts';
import { newToken } from './kernel/ids.ts';
import { createLogger, type Logger } from './kernel/logger.ts';
import { inTurn, type Service, startAll, stopAll, stopTogether } from './kernel/service.ts';
import { version } from './kernel/version.ts';
import { Retention } from './runs/retention.ts';
import { RewrapAtStart } from './secrets/rewrap-at-start.ts';
import type { Store } from './storage/store.ts';

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
  const { clock = systemClock, logger = createLogger(config.log.level), random = Math.random } = parts;
  const room: Room = { config, clock, random, logger, instance: `${hostname()}:${process.pid}:${newToken(3)}` };
  const core = await openCore(room);
  const { store, streams, identity } = core;
  const { grants = {}, onRefused = () => {}, onHandlerEvents = () => {} } = parts;
  const guests = openGuests(room, core, { grants, onRefused, onHandlerEvents });
  const entry = await openEntry(room, core);
  const { connections } = entry;
  const extensions = guests.openExtensions(
    extensionAppFactory({
      bodyLimit: config.http.bodyLimitBytes,
      showTraceback: config.extensions.dev,
      audit: identity.audit,
      connections,
      monitor: guests.monitor,
    }),
  );
  const health = new HealthBoard(clock);
  health.add('database', () => store.probe().then(() => store.kind), { vital: true });
  health.add('events', () => streamsState(streams), { vital: false });
  if (guests.plugins.plugins.length > 0) health.add('plugins', () => guests.plugins.health(), { vital: false });
  const http = config.engine.roles.includes('api')
    ? await openHttp(room, core, { guests, extensions, entry, health })
    : null;

  /** What the others need until their end, in the order of starting. */
  const lasting: readonly Service[] = [
    guests.containment,
    store,
    streams,
    identity,
    guests.plugins,
    guests.handlerCalls,
  ];
  const { retentionDays: days, dataDir } = config.storage;
  const working: readonly Service[] = [
    new RewrapAtStart({ secrets: core.secrets, logger }),
    new Retention({ store, clock, logger, days }),
    eventRetention({ streams, clock, logger, days }),
    handlerEventRetention({ store, clock, logger, days }),
    ...openEngine(room, core, health),
    ...entry.services,
    extensions,
    ...(config.extensions.dev ? [new ReloadOnChange({ host: extensions, logger, dataDir })] : []),
    ...(http === null ? [] : [connections, http]),
  ];
  try {
    await startAll([...lasting, ...working]);
  } catch (error) {
    await core.http.close();
    throw error;
  }
  const url = http?.url ?? null;
  tellReady(room, { url, store: store.kind });

  const closed = Promise.withResolvers<void>();
  const stopEverything = async () => {
    try {
      await inTurn([
        // Side by side, so that nobody goes on taking work while another drains.
        () => stopTogether(working),
        () => stopAll(lasting),
        () => core.http.close(),
      ]);
    } catch (error) {
      logger.error({ err: error }, 'not everything could be stopped as it should');
      throw error;
    } finally {
      logger.info('ordinaut has stopped');
      closed.resolve();
    }
  };
  let stopping: Promise<void> | null = null;
  return {
    url,
    instance: room.instance,
    store: store.kind,
    firstAdmin: identity.firstAdmin,
    closed: closed.promise,
    localize: (frame) => extensions.ownerOf(frame)?.generation?.localize(frame) ?? frame,
    stop() {
      stopping ??= stopEverything();
      return stopping;
    },
  };
}

/** Says where it is, and what operators should know of their settings. */
function tellReady(
  { config, logger, instance }: Room,
  { url, store }: { url: string | null; store: Store['kind'] },
): void {
  const { http, engine, security } = config;
  logger.info({ url, store, roles: engine.roles, version, instance }, 'ordinaut is ready');
  if (store === 'postgres' && security.jwtSecret === null)
    logger.info(
      'other processes on this database accept the tokens of this one only with the same ORDINAUT_JWT_SECRET',
    );
  if (url === null) return;
  if (!isLoopback(http.host) && http.tlsCert === null && http.trustProxy.length === 0)
    logger.warn(
      'passwords and tokens can be read on the way here: set ORDINAUT_TLS_CERT, or ORDINAUT_TRUST_PROXY behind one that has TLS',
    );
  if (isOpen(config))
    logger.info('everybody who reaches this server may do everything, without a login: see ORDINAUT_AUTH');
}

/** Brings the schema of the configured store up to this program, and closes it again. */
export async function migrateStore(config: Config): Promise<{ store: Store['kind'] }> {
  const logger = createLogger(config.log.level);
  const store = await openConfiguredStore(config, { clock: systemClock, logger, name: 'ordinaut migrate' });
  await store.start();
  await store.stop();
  return { store: store.kind };
}

function streamsState({ kind, failure }: OpenStreams): string {
  if (failure !== null) throw unavailable(`Events cannot be carried: ${failure}`);
  return kind;
}
