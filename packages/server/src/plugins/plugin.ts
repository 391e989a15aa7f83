import type { BackgroundRequest, BackgroundResponse, BasePlugin, PluginApp, PluginRoute } from '@ordinaut/kit';
import * as kit from '@ordinaut/kit';
import type { Compiled, Compiler } from '../code/compile.ts';
import { loadModule } from '../code/load-module.ts';
import { mapStack } from '../code/map-stack.ts';
import { type Culprit, type Escape, runAs } from '../containment/attribution.ts';
import type { BootJournal } from '../containment/boot-journal.ts';
import { CrashBudget } from '../containment/crash-budget.ts';
import type { EventStreams, Unsubscribe } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import type { GuardedHttpClient } from '../outgoing/guarded-client.ts';
import { ClassRunner } from './class-runner.ts';
import { findPlugin } from './find-plugin.ts';
import { pluginApp } from './plugin-app.ts';
import { pluginClasses } from './plugin-classes.ts';

const STEP_MS = 10_000;
/** Longest a route may take. */
const ROUTE_MS = 30_000;

export interface PluginDeps {
  readonly folder: string;
  readonly compiler: Compiler;
  readonly journal: BootJournal;
  readonly streams: Pick<EventStreams, 'publish' | 'subscribe'>;
  readonly http: Pick<GuardedHttpClient, 'request'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly plugin: PluginApp['plugin'];
}

export type PluginStatus = 'starting' | 'running' | 'failed' | 'stopped';

/**
 * One plugin: the classes of one file.
 *
 *   starting ──initialize(), start()──> running ──> stopped
 *      └──────── throws, hangs, crashes three times ────> failed
 *
 * One that is failed gets no events, and its routes answer that it is; the others do not notice.
 */
export class Plugin implements Culprit {
  readonly name: string;
  readonly mark: Culprit['mark'];
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #deps: PluginDeps;
  readonly #logger: Logger;
  readonly #crashes: CrashBudget;
  readonly #stop = new AbortController();
  readonly #subscriptions = new Set<Unsubscribe>();
  #compiled: Compiled | null = null;
  #app: PluginApp | null = null;
  #runners: readonly ClassRunner[] = [];
  #status: PluginStatus = 'starting';
  #error: string | null = null;
  #crashCount = 0;

  constructor(name: string, config: Readonly<Record<string, unknown>>, deps: PluginDeps) {
    this.name = name;
    this.mark = { plugin: name };
    this.#deps = deps;
    this.#logger = deps.logger.child({ plugin: name });
    this.#crashes = new CrashBudget(deps.clock);
    this.#config = config;
  }

  get status(): PluginStatus {
    return this.#status;
  }

  /** Why it is failed; null otherwise. */
  get error(): string | null {
    return this.#error;
  }

  /** Its classes, in the order of their names. */
  get runners(): readonly ClassRunner[] {
    return this.#runners;
  }

  /** Errors that nothing caught. */
  get crashes(): number {
    return this.#crashCount;
  }

  get routes(): readonly PluginRoute[] {
    return this.#runners.flatMap(({ routes }) => routes);
  }

  instance(className: string | null): BasePlugin | null {
    const found =
      className === null
        ? this.#runners.length === 1
          ? this.#runners[0]
          : undefined
        : this.#runners.find(({ name }) => name === className);
    return found?.instance ?? null;
  }

  /** Compiles it, makes its classes and calls their `initialize()`. What goes wrong is its state. */
  initialize(): Promise<void> {
    return this.#attempt(async () => {
      const { folder, compiler, journal, clock, random } = this.#deps;
      const place = await findPlugin(folder, this.name);
      const compiled = await compiler.compile(place);
      this.#compiled = compiled;
      journal.begin(this.name);
      try {
        const exports = await runAs(this, () => loadModule(compiled, { kit }));
        const app = this.#newApp();
        this.#app = app;
        this.#runners = pluginClasses(exports, place.module).map(
          (found) =>
            new ClassRunner(found, app, {
              culprit: this,
              clock,
              random,
              logger: this.#logger,
              localize: this.#localize,
            }),
        );
        for (const runner of this.#runners) {
          await runAs(this, () =>
            within(STEP_MS, () => runner.instance.initialize(), `${runner.name}.initialize() did not end`),
          );
          runner.takeRoutes();
        }
      } finally {
        journal.end(this.name);
      }
    });
  }

  /** Calls `start()` of its background classes, and lets events in. */
  start(): Promise<void> {
    if (this.#status !== 'starting') return Promise.resolve();
    return this.#attempt(async () => {
      for (const runner of this.#runners) {
        const { instance, topic } = runner;
        if (topic !== null) await this.#app!.events.subscribe(topic, (event) => runner.deliver(event));
        if (runner.kind === 'background')
          await runAs(this, () =>
            within(STEP_MS, () => (instance as kit.BaseBackgroundPlugin).start(), `${runner.name}.start() did not end`),
          );
      }
      this.#status = 'running';
      this.#logger.info({ classes: this.#runners.map(({ name }) => name) }, 'plugin runs');
    });
  }

  /**
   * Answers a request to one of its routes.
   *
   * @throws ApiError
   */
  async answer(route: PluginRoute, request: BackgroundRequest): Promise<BackgroundResponse> {
    if (this.#status !== 'running' || this.#app === null)
      throw new ApiError('unavailable', `The plugin ${this.name} does not run.`, {
        details: { plugin: this.name, status: this.#status },
        retryAfterSeconds: 60,
      });
    const runner = this.#runners.find(({ routes }) => routes.includes(route));
    return runner!.answer(route, request, this.#app, ROUTE_MS);
  }

  /** Takes no event any more, and empties the queues, at most for `ms`. */
  async flush(ms: number): Promise<void> {
    this.#stop.abort(new Error('The server stops.'));
    await this.#unsubscribe();
    await Promise.all(this.#runners.map((runner) => runner.flush(ms)));
  }

  /** Closes its classes, the last first. */
  async close(): Promise<void> {
    if (this.#status === 'failed' || this.#status === 'stopped') return;
    this.#status = 'stopped';
    await this.#close();
  }

  escaped(error: unknown, how: Escape): void {
    this.#crashCount += 1;
    this.#logger.error(
      { err: this.#localize(error), how },
      'an error of a plugin that nothing caught; the server goes on',
    );
    if (this.#crashes.spend())
      void this.#fail(new Error(`It crashed three times within five minutes; the last time: ${messageOf(error)}`));
  }

  exited(): void {
    this.#deps.journal.exited(this.name);
  }

  /** Whether a stack, or a line of one, is of its code. */
  owns(stack: string): boolean {
    return this.#compiled !== null && stack.includes(this.#compiled.file);
  }

  /** A line of a stack with the author's file and line. */
  localizeFrame(frame: string): string {
    return this.#compiled === null ? frame : mapStack(frame, this.#compiled);
  }

  /** Marks it as failed without running anything of it. */
  refuse(reason: string): void {
    this.#status = 'failed';
    this.#error = reason;
    this.#logger.error({ reason }, 'a plugin is left out');
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#status === 'failed') return;
    try {
      await work();
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#status === 'failed' || this.#status === 'stopped') return;
    this.#status = 'failed';
    this.#error = messageOf(error);
    this.#logger.error({ err: this.#localize(error) }, 'a plugin has failed; the others go on');
    this.#stop.abort(error);
    await this.#unsubscribe();
    await Promise.all(this.#runners.map((runner) => runner.flush(0)));
    await this.#close();
  }

  async #close(): Promise<void> {
    for (const { name, instance } of this.#runners.toReversed()) {
      try {
        await runAs(this, () => within(STEP_MS, () => instance.close(), `${name}.close() did not end`));
      } catch (error) {
        this.#logger.error({ err: this.#localize(error), class: name }, 'a plugin could not be closed');
      }
    }
  }

  async #unsubscribe(): Promise<void> {
    const ending = [...this.#subscriptions];
    this.#subscriptions.clear();
    await Promise.allSettled(ending.map((end) => end()));
  }

  #newApp(): PluginApp {
    const { streams, http, plugin } = this.#deps;
    return pluginApp({
      name: this.name,
      config: this.#config,
      logger: this.#logger,
      culprit: this,
      signal: this.#stop.signal,
      streams,
      http,
      plugin,
      keep: (unsubscribe) => void this.#subscriptions.add(unsubscribe),
    });
  }

  readonly #localize = (error: unknown): unknown => {
    if (this.#compiled !== null && error instanceof Error && typeof error.stack === 'string')
      Reflect.set(error, 'stack', mapStack(error.stack, this.#compiled));
    return error;
  };
}
