import type { ExtensionState } from '@ordinaut/contract';
import type { Culprit, Escape } from '../containment/attribution.ts';
import { CrashBudget } from '../containment/crash-budget.ts';
import type { StreamEvent } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Activator, type ActivatorDeps } from './activator.ts';
import { Attempts } from './containment/attempts.ts';
import { ExtensionMeter } from './containment/extension-meter.ts';
import type { FoundExtension } from './discovery/discovery.ts';
import type { ConfigChange } from './extension-configs.ts';
import type { Generation } from './generation.ts';
import type { ResolvedManifest } from './manifest/resolved-manifest.ts';

/** How long somebody waits for an activation before the answer is 503, in milliseconds. */
const WAIT_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

export interface ExtensionDeps extends ActivatorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Why it may not run whatever else is decided; null: it may. */
  readonly held: string | null;
  /** Stores that it is quarantined, and why. */
  quarantined(reason: string): void;
}

/**
 * One extension: its states, its one current generation, and what it may still do.
 *
 *   discovered --first use--> activating --> loaded --reload--> loaded (next generation; the old one drains)
 *        ^                        |             |
 *        |                        v             +--disable / stop--> draining --> unloaded
 *        +------- error <--failed, retried with backoff
 *
 *   invalid: the manifest cannot be used.   disabled: by manifest or operator.   quarantined: crashed too often.
 *
 * Everybody who comes while it is activating shares that activation. Changes of state are made one after another.
 */
export class Extension implements Culprit {
  readonly extensionId: string;
  readonly mark: Culprit['mark'];
  readonly #deps: ExtensionDeps;
  readonly #logger: Logger;
  readonly meter: ExtensionMeter;
  readonly #activator: Activator;
  readonly #attempts: Attempts;
  readonly #crashes: CrashBudget;
  #found: FoundExtension;
  /** What an operator has said; null: what the manifest says. */
  #decided: boolean | null;
  #quarantine: string | null;
  #current: Generation | null = null;
  #activating: Promise<Generation> | null = null;
  #leaving: Promise<void> | null = null;
  #ending = new Set<Promise<void>>();
  #wasLoaded = false;
  /** Why the last reload failed, while the generation before it serves. */
  #reloadFailure: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    found: FoundExtension,
    decided: { readonly enabled: boolean | null; readonly quarantine: string | null },
    deps: ExtensionDeps,
  ) {
    this.extensionId = found.id;
    this.mark = { extension: found.id };
    this.#found = found;
    this.#deps = deps;
    this.#logger = deps.logger.child({ extension: found.id });
    const { metrics } = deps.activation;
    this.meter = new ExtensionMeter(found.id, { metrics, clock: deps.clock, logger: this.#logger });
    this.#activator = new Activator(deps, {
      culprit: this,
      meter: this.meter,
      logger: this.#logger,
      localize: this.localized,
    });
    this.#attempts = new Attempts(deps.clock);
    this.#crashes = new CrashBudget(deps.clock);
    this.#decided = decided.enabled;
    this.#quarantine = decided.quarantine;
  }

  get found(): FoundExtension {
    return this.#found;
  }

  get manifest(): ResolvedManifest | null {
    return this.#found.manifest;
  }

  get generation(): Generation | null {
    return this.#current;
  }

  get enabled(): boolean {
    return this.#decided ?? this.#found.manifest?.enabled ?? true;
  }

  get state(): ExtensionState {
    if (this.#found.manifest === null) return 'invalid';
    if (this.#leaving !== null) return 'draining';
    if (this.#quarantine !== null) return 'quarantined';
    if (!this.enabled) return 'disabled';
    if (this.#current !== null) return 'loaded';
    if (this.#activating !== null) return 'activating';
    if (this.#attempts.failure !== null) return 'error';
    return this.#wasLoaded ? 'unloaded' : 'discovered';
  }

  /** The sentence that goes with the state; null where all is well. */
  get reason(): string | null {
    if (this.#found.manifest === null) return this.#found.problem ?? 'The manifest cannot be used.';
    if (this.#quarantine !== null) return this.#quarantine;
    if (this.#deps.held !== null) return this.#deps.held;
    if (this.#current !== null && this.#reloadFailure !== null)
      return `The last reload failed, and generation ${this.#current.number} serves on: ${this.#reloadFailure}`;
    return this.#attempts.failure?.message ?? null;
  }

  /** The generation that serves; null where there is none at the moment. */
  get serving(): Generation | null {
    return this.#quarantine === null ? this.#current : null;
  }

  /**
   * The generation that serves, activating it where there is none.
   *
   * @throws ApiError `unavailable`, with the reason.
   */
  async ensure(): Promise<Generation> {
    if (this.serving !== null) return this.serving;
    this.#assertUsable();
    if (this.#activating === null) {
      const { failure, waitMs } = this.#attempts;
      if (failure !== null && waitMs > 0) throw this.#unavailable(failure.message, waitMs);
      this.#begin();
    }
    const enough = new AbortController();
    const late = this.#deps.clock.sleep(WAIT_MS, enough.signal).then(
      () => Promise.reject(this.#unavailable('It is still being activated.', 2_000)),
      () => new Promise<never>(() => {}),
    );
    try {
      const generation = await Promise.race([this.#activating!, late]);
      // It was disabled or quarantined meanwhile: then this says so.
      return generation.ended ? await this.ensure() : generation;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw this.#unavailable(messageOf(error), this.#attempts.waitMs);
    } finally {
      enough.abort();
    }
  }

  /** Waits until it can run and gives the generation, however long that takes; for events, which can wait. */
  async whenUsable(signal: AbortSignal): Promise<Generation> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.ensure();
      } catch (error) {
        const wait = error instanceof ApiError ? (error.retryAfterSeconds ?? 60) * 1000 : LONGEST_RETRY_MS;
        await this.#deps.clock.sleep(Math.min(wait, LONGEST_RETRY_MS), signal);
      }
    }
  }

  /** An event for one of the patterns of the manifest. */
  async deliver(declared: string, event: StreamEvent, signal: AbortSignal): Promise<void> {
    const generation = await this.whenUsable(signal);
    try {
      await generation.deliver(declared, event, signal);
    } catch (error) {
      if (!signal.aborted) this.meter.failed(`event ${declared}`, error);
      throw error;
    }
  }

  /** Enables or disables it; disabling lets what is under way finish. */
  setEnabled(enabled: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#decided = enabled;
      if (!enabled) await this.#leave();
    });
  }

  /** Out of quarantine, with everything counted forgotten. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      this.#quarantine = null;
      this.#attempts.reset();
      this.#crashes.reset();
      this.meter.reset();
      this.meter.quarantined(false);
    });
  }

  /**
   * Takes the manifest and the code as they are now. Where it is loaded, the next generation is activated beside this one, asked
   * for its health, and swapped in; this one drains. When anything of that fails this one goes on.
   *
   * @param change another configuration, which is kept where the next generation can run with it, or where none runs.
   * @returns whether a generation was swapped; false: it was not loaded, and its manifest was taken.
   * @throws ActivationError, or Error where the new manifest cannot be used; ApiError where the change cannot be made.
   */
  reload(found: FoundExtension, change?: ConfigChange): Promise<boolean> {
    return this.#inTurn(async () => {
      if (found.manifest === null) {
        // What runs goes on; what does not run cannot begin any more.
        if (this.#current === null) this.#found = found;
        this.#reloadFailure = found.problem ?? 'The manifest cannot be used.';
        throw new Error(this.#reloadFailure);
      }
      const config = await change?.prepare(found.manifest);
      // Until there is none: somebody may begin the next while the end of one is awaited.
      while (this.#activating !== null) await this.#activating.catch(() => undefined);
      const previous = this.#current;
      if (previous === null || !(this.#decided ?? found.manifest.enabled)) {
        await config?.keep();
        this.#found = found;
        this.#attempts.reset();
        await this.#leave();
        return false;
      }
      try {
        const next = await this.#activator.activate(found, config);
        try {
          const { status, checks } = await next.health();
          if (status === 'unhealthy') throw new Error(`The new generation is unhealthy: ${JSON.stringify(checks)}`);
          await config?.keep();
        } catch (error) {
          await next.end();
          throw error;
        }
        this.#found = found;
        this.#current = next;
        this.#attempts.reset();
        this.meter.reset();
        this.meter.reloaded('succeeded');
        this.#reloadFailure = null;
        this.#logger.info({ generation: next.number, ms: next.setupMs }, 'extension reloaded');
        this.#retire(previous);
        return true;
      } catch (error) {
        this.meter.reloaded('failed');
        // A configuration that is not kept leaves nothing behind.
        if (config === undefined) this.#reloadFailure = messageOf(error);
        this.#logger.warn({ err: error }, 'an extension could not be reloaded; the old generation serves on');
        throw error;
      }
    });
  }

  /** Stops it for good: with the server, or because it was removed. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      this.#decided = false;
      await this.#leave();
      await Promise.all(this.#ending);
    });
  }

  /** The same error with the author's files and lines in its stack. */
  readonly localized = (error: unknown): unknown => this.#current?.localized(error) ?? error;

  escaped(error: unknown, how: Escape): void {
    this.#logger.error(
      { err: this.localized(error), how },
      'an error of an extension that nothing caught; the server goes on',
    );
    this.meter.failed('', error);
    if (this.#crashes.spend())
      void this.quarantine(`It crashed three times within five minutes; the last time: ${messageOf(error)}`);
  }

  exited(): void {
    this.#deps.journal.exited(this.extensionId);
  }

  /** Stops it until an operator resets it. */
  quarantine(reason: string): Promise<void> {
    if (this.#quarantine !== null) return Promise.resolve();
    this.#quarantine = reason;
    this.#logger.error({ reason }, 'an extension is quarantined; "ordinaut ext reset" lets it run again');
    this.meter.quarantined(true);
    this.#deps.quarantined(reason);
    return this.#inTurn(() => this.#leave());
  }

  #assertUsable(): void {
    switch (this.state) {
      case 'invalid':
        throw this.#unavailable(this.reason ?? '', LONGEST_RETRY_MS);
      case 'quarantined':
        throw this.#unavailable(`It is quarantined until "ordinaut ext reset": ${this.#quarantine}`, LONGEST_RETRY_MS);
      case 'disabled':
        throw this.#unavailable(
          this.#deps.held ?? 'It is disabled; "ordinaut ext enable" lets it run.',
          LONGEST_RETRY_MS,
        );
      case 'draining':
        throw this.#unavailable('It is being stopped.', 1_000);
    }
  }

  #begin(): void {
    const activating = this.#activator.activate(this.#found);
    this.#activating = activating;
    activating.then(
      (generation) => {
        this.#activating = null;
        if (!this.enabled || this.#quarantine !== null) {
          this.#retire(generation);
          return;
        }
        this.#current = generation;
        this.#wasLoaded = true;
        this.#reloadFailure = null;
        this.#attempts.reset();
        this.#logger.info({ generation: generation.number, ms: generation.setupMs }, 'extension loaded');
      },
      (error: unknown) => {
        this.#activating = null;
        this.#notRunning(error);
      },
    );
  }

  #notRunning(error: unknown): void {
    const { cause, phase, fatal, retryMs } = this.#attempts.failed(error);
    this.meter.failed(phase ?? 'setup', cause);
    this.#logger.error(
      { err: cause, phase, ...(fatal ? {} : { retry_in_ms: retryMs }) },
      fatal
        ? 'an extension cannot run as it is installed'
        : 'an extension could not be activated; the next use tries again',
    );
  }

  async #leave(): Promise<void> {
    await this.#activating?.catch(() => undefined);
    const generation = this.#current;
    if (generation === null) return;
    this.#current = null;
    this.#leaving = this.#retire(generation);
    await this.#leaving;
    this.#leaving = null;
    this.#logger.info({ generation: generation.number }, 'extension unloaded');
  }

  /** Lets a generation end in the background. */
  #retire(generation: Generation): Promise<void> {
    const ending = generation.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #unavailable(reason: string, retryMs: number): ApiError {
    return new ApiError('unavailable', `The extension ${this.extensionId} cannot be used: ${reason}`, {
      details: { extension_id: this.extensionId, state: this.state },
      retryAfterSeconds: Math.max(1, Math.ceil(Math.min(retryMs, LONGEST_RETRY_MS) / 1000)),
    });
  }
}
