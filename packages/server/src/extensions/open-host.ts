import { join } from 'node:path';
import type { Config } from '../config/settings.ts';
import type { EventStreams } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { AppFactory } from './app-factory.ts';
import { BootJournal } from './boot-journal.ts';
import { builtinDirectory } from './builtin-directory.ts';
import { createCompiler } from './compile.ts';
import { discover } from './discovery.ts';
import { ExtensionRecords } from './extension-records.ts';
import { ExtensionHost } from './host.ts';
import { Watchdog } from './watchdog.ts';

/** How often processes on one database look for each other's decisions, in milliseconds. */
const FOLLOW_MS = 2_000;

/** The extension host as the settings want it. */
export function openExtensionHost(
  config: Config,
  parts: {
    readonly store: Store;
    readonly registry: ToolRegistry;
    readonly streams: EventStreams;
    readonly metrics: Metrics;
    readonly newApp: AppFactory;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): ExtensionHost {
  const { store, registry, streams, metrics, newApp, clock } = parts;
  const { paths, packageGrants, config: values, safeMode } = config.extensions;
  const logger = parts.logger.child({ component: 'extensions' });
  const place = join(config.storage.dataDir, 'extensions');
  const compiler = createCompiler({ cacheDir: join(place, 'compiled'), logger });
  return new ExtensionHost({
    activation: { compiler, newApp, registry, streams, metrics, clock },
    records: new ExtensionRecords(store),
    journal: new BootJournal(join(place, 'activating'), logger),
    watchdog: new Watchdog(),
    clock,
    logger,
    discover: () =>
      discover({
        builtinDir: builtinDirectory(),
        paths,
        packagesFrom: process.cwd(),
        packageGrants,
      }),
    config: values,
    safeMode,
    followMs: store.kind === 'postgres' ? FOLLOW_MS : null,
  });
}
