import { join } from 'node:path';
import type { Compiler } from '../code/compile.ts';
import type { Config } from '../config/settings.ts';
import type { Containment } from '../containment/attribution.ts';
import { BootJournal } from '../containment/boot-journal.ts';
import type { Watchdog } from '../containment/watchdog.ts';
import type { EventStreams } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { GuardedHttpClient } from '../outgoing/guarded-client.ts';
import { PluginHost } from './plugin-host.ts';
import { addPluginMetrics } from './plugin-metrics.ts';

/** The plugins as the settings want them. */
export function openPlugins(
  { plugins, storage, extensions }: Pick<Config, 'plugins' | 'storage' | 'extensions'>,
  parts: {
    readonly compiler: Compiler;
    readonly watchdog: Watchdog;
    readonly containment: Containment;
    readonly streams: EventStreams;
    readonly http: GuardedHttpClient;
    readonly metrics: Metrics;
    readonly clock: Clock;
    readonly random: () => number;
    readonly logger: Logger;
  },
): PluginHost {
  const logger = parts.logger.child({ component: 'plugins' });
  const host = new PluginHost({
    ...parts,
    logger,
    folder: plugins.dir,
    active: extensions.safeMode ? [] : plugins.active,
    configs: plugins.config,
    mustLoad: plugins.mustLoad,
    journal: new BootJournal(join(storage.dataDir, 'plugins', 'starting'), 'plugin', logger),
  });
  addPluginMetrics(parts.metrics, host);
  if (extensions.safeMode && plugins.active.length > 0)
    logger.warn({ plugins: plugins.active }, 'safe mode: no plugin is started');
  return host;
}
