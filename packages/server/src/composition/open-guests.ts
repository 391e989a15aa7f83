import { join } from 'node:path';
import type { Capability } from '@ordinaut/kit';
import { createCompiler } from '../code/compile.ts';
import { Containment } from '../containment/attribution.ts';
import { Watchdog } from '../containment/watchdog.ts';
import type { AppFactory } from '../extensions/app-factory.ts';
import { extensionTools } from '../extensions/extension-tools.ts';
import { openExtensionHost } from '../extensions/open-host.ts';
import type { HandlerBatch } from '../handlers/handler-batch.ts';
import { HandlerCalls } from '../handlers/handler-calls.ts';
import { toEventBatch } from '../plugins/event-batch.ts';
import { openPlugins } from '../plugins/open-plugins.ts';
import { PluginMonitor } from '../plugins/request-monitor.ts';
import type { Core } from './open-core.ts';
import type { Room } from './room.ts';

export interface GuestParts {
  /** What extensions get at most, by id. */
  readonly grants: Readonly<Record<string, readonly Capability[]>>;
  onRefused(extensionId: string, capability: Capability): void;
  onHandlerEvents(batch: HandlerBatch): void;
}

/** Code that others have written: plugins now, extensions as soon as there are applications for them. */
export function openGuests({ config, clock, random, logger }: Room, core: Core, parts: GuestParts) {
  const { store, secrets, tools, http, events, metrics, identity } = core;
  const containment = new Containment({ logger });
  const compiler = createCompiler({ cacheDir: join(config.storage.dataDir, 'extensions', 'compiled'), logger });
  const host = { compiler, watchdog: new Watchdog({ logger }), containment, streams: events, metrics, clock, logger };
  const plugins = openPlugins(config, { ...host, http, random });
  const handlerCalls = new HandlerCalls({
    store,
    tools,
    clock,
    random,
    logger,
    deliver(batch) {
      if (plugins.hears('sending_event')) plugins.tell('sending_event', toEventBatch(batch));
      parts.onHandlerEvents(batch);
    },
  });
  const openExtensions = (newApp: AppFactory) => {
    const { audit } = identity;
    const { grants, onRefused } = parts;
    const extensions = openExtensionHost(config, {
      ...host,
      store,
      secrets,
      registry: tools,
      newApp,
      audit,
      grants,
      onRefused,
    });
    for (const tool of extensionTools(extensions)) tools.register(tool);
    return extensions;
  };
  return { containment, plugins, monitor: new PluginMonitor(plugins, clock), handlerCalls, openExtensions };
}

export type Guests = ReturnType<typeof openGuests>;
