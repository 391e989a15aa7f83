import type { BackgroundRequest, BasePlugin, PluginApp, PluginRoute } from '@ordinaut/kit';
import * as kit from '@ordinaut/kit';
import type { Compiled, Compiler } from '../code/compile.ts';
import { loadModule } from '../code/load-module.ts';
import { mapStack } from '../code/map-stack.ts';
import { type Culprit, type Escape, runAs } from '../containment/attribution.ts';
import type { BootJournal } from '../containment/boot-journal.ts';
import { CrashBudget } from '../containment/crash-budget.ts';
import type { EventStreams } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import type { GuardedHttpClient } from '../outgoing/guarded-client.ts';
import { ClassRunner } from './class-runner.ts';
import { findPlugin } from './find-plugin.ts';
import { pluginApp } from './plugin-app.ts';
import { pluginClasses } from './plugin-classes.ts';
import { PluginRoutes } from './plugin-routes.ts';
import { PluginSubscriptions } from './plugin-subscriptions.ts';
import type { RouteAnswer } from './route-answer.ts';

const STEP_MS = 10_000;

export interface PluginDeps {
  readonly folder: string;
  readonly compiler: Compiler;
  readonly journal: BootJournal;
  readonly streams: Pick<EventStreams, 'publish' | 'subscribe'>;
  readonly http: Pick<GuardedHttpClient, 'request'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Another plugin, by name, as one of them sees it. */
  find(name: string, asking: Plugin): BasePlugin | null;
  /** Hears that one has failed while it was running. */
  onFailed(): void;
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
  readonly #subscriptions: PluginSubscriptions;
  readonly #routes = new PluginRoutes();
  #compiled: Compiled | null = null;
  #app: PluginApp | null = null;
  readonly #runners: ClassRunner[] = [];
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
    const { streams } = deps;
    this.#subscriptions = new PluginSubscriptions({ name, streams, culprit: this, signal: this.#stop.signal });
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

  get routes(): PluginRoutes {
    return this.#routes;
  }

  /** The instance of a class; of the only one where none is named. */
  instance(className: string | null): BasePlugin | null {
    if (this.#status === 'failed') return null;
    const [only, ...more] = this.#runners;
    if (className === null) return more.length === 0 ? (only?.instance ?? null) : null;
    return this.#runners.find(({ name }) => name === className)?.instance ?? null;
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
        const room = { culprit: this, clock, random, logger: this.#logger, localize: this.#localize };
        for (const found of pluginClasses(exports, place.module)) this.#runners.push(new ClassRunner(found, app, room));
        for (const runner of this.#runners) {
          await this.#step(`${runner.name}.initialize()`, () => runner.instance.initialize());
          // It may have crashed too often meanwhile.
          if (this.#status !== 'starting') return;
          this.#routes.take(runner);
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
      const { journal } = this.#deps;
      journal.begin(this.name);
      try {
        for (const runner of this.#runners) {
          const { name, kind, instance, topic } = runner;
          if (topic !== null) await this.#subscriptions.add(name, topic, (event) => runner.deliver(event));
          if (kind === 'background')
            await this.#step(`${name}.start()`, () => (instance as kit.BaseBackgroundPlugin).start());
          if (this.#status !== 'starting') return;
        }
      } finally {
        journal.end(this.name);
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
  async answer(route: PluginRoute, request: BackgroundRequest): Promise<RouteAnswer> {
    if (this.#status !== 'running' || this.#app === null)
      throw new ApiError('unavailable', `The plugin ${this.name} does not run.`, {
        details: { plugin: this.name, status: this.#status },
        retryAfterSeconds: 60,
      });
    const { name } = this;
    return this.#routes.answer(route, request, {
      name,
      app: this.#app,
      culprit: this,
      logger: this.#logger,
      localize: this.#localize,
    });
  }

  /** Takes no event any more, and empties the queues, at most for `ms`. */
  async flush(ms: number): Promise<void> {
    this.#stop.abort(new Error('The server stops.'));
    await this.#subscriptions.end();
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
      void this.fail(new Error(`It crashed three times within five minutes; the last time: ${messageOf(error)}`));
  }

  exited(): void {
    this.#logger.fatal('a plugin has ended the process with process.exit()');
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
      await this.fail(error);
    }
  }

  /** Leaves it out from now on, and closes its classes. */
  async fail(error: unknown): Promise<void> {
    if (this.#status === 'failed' || this.#status === 'stopped') return;
    this.#status = 'failed';
    this.#error = messageOf(error);
    // A stack of the server says nothing of why a name is not found.
    const reason = this.owns(String(Object(error).stack)) ? { err: this.#localize(error) } : { reason: this.#error };
    this.#logger.error(reason, 'a plugin has failed; the others go on');
    this.#deps.onFailed();
    this.#stop.abort(error);
    await this.#subscriptions.end();
    await Promise.all(this.#runners.map((runner) => runner.flush(0)));
    await this.#close();
  }

  /** @param what begins the sentence where it takes too long: `Mine.start()`. */
  async #step(what: string, work: () => unknown): Promise<void> {
    await runAs(this, () => within(STEP_MS, work, `${what} did not end`));
  }

  async #close(): Promise<void> {
    for (const { name, instance } of this.#runners.toReversed()) {
      try {
        await this.#step(`${name}.close()`, () => instance.close());
      } catch (error) {
        this.#logger.error({ err: this.#localize(error), class: name }, 'a plugin could not be closed');
      }
    }
  }

  #newApp(): PluginApp {
    const { streams, http, find } = this.#deps;
    return pluginApp({
      name: this.name,
      config: this.#config,
      logger: this.#logger,
      signal: this.#stop.signal,
      streams,
      http,
      plugin: <One extends object>(name: string) => find(name, this) as One | null,
      subscribe: (pattern, handler) => this.#subscriptions.add('', pattern, handler),
    });
  }

  readonly #localize = (error: unknown): unknown => {
    if (this.#compiled !== null && error instanceof Error && typeof error.stack === 'string')
      Reflect.set(error, 'stack', mapStack(error.stack, this.#compiled));
    return error;
  };
}
