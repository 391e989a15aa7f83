import type { BasePlugin } from '@ordinaut/kit';
import type { CodeOwner, Containment, Culprit } from '../containment/attribution.ts';
import type { BootJournal } from '../containment/boot-journal.ts';
import type { Block, Watchdog } from '../containment/watchdog.ts';
import { unavailable } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { nearMatches } from '../kernel/near.ts';
import type { Service } from '../kernel/service.ts';
import type { ClassRunner, SizedBatch } from './class-runner.ts';
import type { TimedRequest } from './monitored-request.ts';
import { Plugin, type PluginDeps } from './plugin.ts';

/** Longest the queues are emptied at the stop, in milliseconds. */
const FLUSH_MS = 10_000;

export interface PluginHostDeps extends Omit<PluginDeps, 'find' | 'onFailed' | 'journal'> {
  /** Names of the plugins, in the order in which they are initialized. */
  readonly active: readonly string[];
  /** What operators have configured, by name. */
  readonly configs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether a plugin that fails stops the start of the server. */
  readonly mustLoad: boolean;
  readonly journal: BootJournal;
  readonly watchdog: Watchdog;
  readonly containment: Containment;
}

/**
 * The plugins of this process.
 *
 *   every initialize(), in the order of the setting ──> every start() ──> serving ──> queues emptied ──> every close(), the last first
 */
export class PluginHost implements Service, CodeOwner {
  readonly name = 'plugins';
  readonly plugins: readonly Plugin[];
  readonly #deps: PluginHostDeps;
  readonly #logger: Logger;
  /** The running classes that hear of an event of this process. Looked at for every request. */
  #hearing: Readonly<Record<keyof ProcessEvents, readonly ClassRunner[]>> = nobody;
  #running = false;

  constructor(deps: PluginHostDeps) {
    this.#deps = deps;
    this.#logger = deps.logger;
    const { active, configs, watchdog, containment } = deps;
    const find = (wanted: string, asking: Plugin) => this.#find(wanted, asking);
    const onFailed = () => this.#listen();
    this.plugins = [...new Set(active)].map(
      (name) => new Plugin(name, configs[name] ?? {}, { ...deps, find, onFailed }),
    );
    if (this.plugins.length === 0) return;
    containment.watch(this);
    watchdog.onBlock((block) => this.#blocked(block));
  }

  /** @throws Error where a plugin fails and all must load. */
  async start(): Promise<void> {
    if (this.#running || this.plugins.length === 0) return;
    this.#running = true;
    const { journal, watchdog } = this.#deps;
    this.#warn();
    for (const { id, reason } of journal.takeSuspects())
      this.plugins
        .find(({ name }) => name === id)
        ?.refuse(`${reason} It is left out of this start; the next one tries it again.`);
    await watchdog.start();
    for (const plugin of this.plugins) await plugin.initialize();
    for (const plugin of this.plugins) await plugin.start();
    this.#listen();
    if (!this.#deps.mustLoad) return;
    const failed = this.plugins.filter(({ status }) => status === 'failed');
    if (failed.length > 0)
      throw new Error(
        `${failed.map(({ name, error }) => `The plugin ${name} cannot run: ${error}`).join('\n')}\nORDINAUT_PLUGINS_MUST_LOAD asks for all of them.`,
      );
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#hearing = nobody;
    await Promise.all(this.plugins.map((plugin) => plugin.flush(FLUSH_MS)));
    for (const plugin of this.plugins.toReversed()) await plugin.close();
    await this.#deps.watchdog.stop();
  }

  /** Whether anybody hears of an event of this process: if not, it need not be made. */
  hears(event: keyof ProcessEvents): boolean {
    return this.#hearing[event].length > 0;
  }

  /** Queues an event for every class that hears of it. */
  tell<Name extends keyof ProcessEvents>(event: Name, payload: ProcessEvents[Name]): void {
    for (const runner of this.#hearing[event]) runner.push(payload);
  }

  /** A sentence for the health of the server. @throws ApiError `unavailable` where a plugin has failed. */
  health(): string {
    const failed = this.plugins.filter(({ status }) => status === 'failed');
    if (failed.length > 0)
      throw unavailable(failed.map(({ name, error }) => `${name} has failed: ${error}`).join('; '));
    return `${this.plugins.length} run`;
  }

  culpritOf(stack: string): Culprit | null {
    return this.plugins.find((plugin) => plugin.owns(stack)) ?? null;
  }

  /** A class of the plugin that asks goes before one of the same name elsewhere. */
  #find(wanted: string, asking: Plugin): BasePlugin | null {
    const own = asking.instance(wanted);
    if (own !== null) return own;
    const byFile = this.plugins.find(({ name }) => name === wanted)?.instance(null);
    if (byFile) return byFile;
    for (const plugin of this.plugins) {
      const byClass = plugin.instance(wanted);
      if (byClass !== null) return byClass;
    }
    return null;
  }

  #listen(): void {
    if (!this.#running) return;
    const of = (event: string) =>
      this.plugins.flatMap(({ status, runners }) =>
        status === 'running' ? runners.filter((one) => one.event === event) : [],
      );
    this.#hearing = { sending_event: of('sending_event'), monitoring_event: of('monitoring_event') };
  }

  #blocked({ ms, frames }: Block): boolean {
    const frame = frames.find((one) => this.culpritOf(one) !== null);
    const plugin = frame === undefined ? undefined : this.plugins.find((one) => one.owns(frame));
    if (frame === undefined || plugin === undefined) return false;
    const fields = { ...plugin.mark, blocked_ms: Math.round(ms), where: plugin.localizeFrame(frame) };
    this.#logger.error(fields, 'a plugin blocked the event loop');
    return true;
  }

  /** A configuration of a plugin that is not active is most likely a name written wrong. */
  #warn(): void {
    const { configs, active } = this.#deps;
    for (const name of Object.keys(configs)) {
      if (active.includes(name)) continue;
      const [near] = nearMatches(name, active);
      this.#logger.warn(
        { plugin: name, ...(near === undefined ? {} : { near }) },
        'ORDINAUT_PLUGIN_CONFIG configures a plugin that is not active',
      );
    }
  }
}

/** The events of this process, and what is queued for each. */
export interface ProcessEvents {
  readonly sending_event: SizedBatch;
  readonly monitoring_event: TimedRequest;
}

const nobody = { sending_event: [], monitoring_event: [] } as const;
