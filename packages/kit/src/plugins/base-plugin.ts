import type { Logger } from '../context.ts';
import type { PluginApp } from './plugin-app.ts';

/** The server knows the base classes by this, so that a plugin which brings its own copy of the kit is understood too. */
export const pluginBrand = Symbol.for('ordinaut.kit.plugin');

/** Which of the base classes a plugin extends. */
export type PluginKind = 'sending' | 'monitoring' | 'event' | 'background';

/**
 * What all plugins have. Extend one of `BaseEventSendingPlugin`, `BaseRequestMonitoringPlugin`, `BaseEventPlugin` and
 * `BaseBackgroundPlugin`.
 *
 *   new → initialize() → [start()] → serving → close()
 */
export abstract class BasePlugin {
  static readonly [pluginBrand]: PluginKind | null = null;
  protected readonly app: PluginApp;

  /** One instance is made in each process. Do nothing here but set fields. */
  constructor(app: PluginApp) {
    this.app = app;
  }

  protected get logger(): Logger {
    return this.app.logger;
  }

  /** Opens what the plugin needs, before the server answers; it has 10 s. A plugin that throws here is `failed`, the others run. */
  initialize(): void | Promise<void> {}

  /** Closes what the plugin has opened, after its queue is empty; it has 10 s. Also called after a failed `initialize()`. */
  close(): void | Promise<void> {}
}
