import { join } from 'node:path';
import type { Capability } from '@ordinaut/kit';
import type { Compiler } from '../code/compile.ts';
import type { Config } from '../config/settings.ts';
import type { Containment } from '../containment/attribution.ts';
import { BootJournal } from '../containment/boot-journal.ts';
import type { Watchdog } from '../containment/watchdog.ts';
import type { EventStreams } from '../events/streams.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Store } from '../storage/store.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { AppFactory } from './app-factory.ts';
import { builtinDirectory } from './discovery/builtin-directory.ts';
import { discover, type FoundExtension } from './discovery/discovery.ts';
import { ExtensionConfigs } from './extension-configs.ts';
import { ExtensionRecords } from './extension-records.ts';
import { ExtensionHost } from './host.ts';
import { withAllowed } from './manifest/resolve-manifest.ts';

/** How often processes on one database look for each other's decisions, in milliseconds. */
const FOLLOW_MS = 2_000;

/** The extension host as the settings want it. */
export function openExtensionHost(
  config: Config,
  parts: {
    readonly store: Store;
    readonly secrets: SecretStore;
    readonly registry: ToolRegistry;
    readonly streams: EventStreams;
    readonly metrics: Metrics;
    readonly compiler: Compiler;
    readonly watchdog: Watchdog;
    readonly containment: Containment;
    readonly newApp: AppFactory;
    readonly audit: Pick<AuditLog, 'record'>;
    readonly clock: Clock;
    readonly logger: Logger;
    /** What extensions get at most, by id. */
    readonly grants: Readonly<Record<string, readonly Capability[]>>;
    onRefused(extensionId: string, capability: Capability): void;
  },
): ExtensionHost {
  const { store, secrets, registry, streams, metrics, newApp, audit, clock, grants, onRefused } = parts;
  const { compiler, watchdog, containment } = parts;
  const { paths, packageGrants, config: environment, safeMode } = config.extensions;
  const drainMs = config.engine.drainSeconds * 1000;
  const logger = parts.logger.child({ component: 'extensions' });
  const place = join(config.storage.dataDir, 'extensions');
  return new ExtensionHost({
    activation: { compiler, newApp, registry, streams, metrics, audit, clock, drainMs, onRefused },
    records: new ExtensionRecords(store),
    journal: new BootJournal(join(place, 'activating'), 'extension', logger),
    watchdog,
    containment,
    clock,
    logger,
    discover: async () => {
      const packagesFrom = process.cwd();
      const discovery = await discover({ builtinDir: builtinDirectory(), paths, packagesFrom, packageGrants });
      const most = new Map(Object.entries(grants));
      return { ...discovery, found: discovery.found.map((one) => withGrants(one, most.get(one.id))) };
    },
    configs: new ExtensionConfigs({ environment, secrets }),
    safeMode,
    followMs: store.kind === 'postgres' ? FOLLOW_MS : null,
  });
}

const withGrants = (found: FoundExtension, most: readonly Capability[] | undefined): FoundExtension =>
  found.manifest === null || most === undefined ? found : { ...found, manifest: withAllowed(found.manifest, most) };
