import { Fatal, kindOfError } from '@ordinaut/kit';
import type { StreamEvent } from '../events/streams.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { ActivationDeps } from './activation.ts';
import { ActivationError, type Phase } from './activation-error.ts';
import type { RequestOutcome } from './app-factory.ts';
import type { Culprit, Escape } from './attribution.ts';
import type { BootJournal } from './boot-journal.ts';
import { Breaker } from './breaker.ts';
import { readConfigValues } from './context/config-values.ts';
import { CrashBudget } from './crash-budget.ts';
import type { FoundExtension } from './discovery.ts';
import { escapeType, type Generation } from './generation.ts';
import type { ResolvedManifest } from './resolved-manifest.ts';

/** How long somebody waits for an activation before the answer is 503, in milliseconds. */
const WAIT_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export type ExtensionState =
  | 'discovered'
  | 'activating'
  | 'loaded'
  | 'draining'
  | 'unloaded'
  | 'invalid'
  | 'disabled'
  | 'error'
  | 'quarantined';

/** Why an extension does not run. */
export interface ExtensionProblem {
  readonly message: string;
  readonly phase: Phase | null;
  /** Class of the error, for example `TypeError`. */
  readonly type: string;
  readonly at: number;
}

export interface ExtensionDeps {
  readonly activation: ActivationDeps;
  readonly clock: Clock;
  readonly journal: BootJournal;
  readonly watchdog: Service;
  /** The operator's configuration of this extension. */
  readonly config: unknown;
  readonly logger: Logger;
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
 * Everybody who comes while it is activating shares the one activation. Changes of state (reload, disable, …) are made one after
 * another.
 */
export class Extension implements Culprit {
  readonly extensionId: string;
  readonly #deps: ExtensionDeps;
  readonly #logger: Logger;
  readonly #breaker: Breaker;
  readonly #crashes: CrashBudget;
  #found: FoundExtension;
  #enabled: boolean;
  #quarantine: string | null;
  #current: Generation | null = null;
  #activating: Promise<Generation> | null = null;
  #leaving: Promise<void> | null = null;
  #ending = new Set<Promise<void>>();
  #problem: ExtensionProblem | null = null;
  #retryAt = 0;
  #retryMs = FIRST_RETRY_MS;
  #generations = 0;
  #wasLoaded = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    found: FoundExtension,
    decided: { readonly enabled: boolean | null; readonly quarantine: string | null },
    deps: ExtensionDeps,
  ) {
    this.extensionId = found.id;
    this.#found = found;
    this.#deps = deps;
    this.#logger = deps.logger.child({ extension: found.id });
    this.#breaker = new Breaker(deps.clock);
    this.#crashes = new CrashBudget(deps.clock);
    this.#enabled = decided.enabled ?? found.manifest?.enabled ?? true;
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

  get problem(): ExtensionProblem | null {
    return this.#problem;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get breaker(): Breaker['state'] {
    return this.#breaker.state;
  }

  get state(): ExtensionState {
    if (this.#found.manifest === null) return 'invalid';
    if (this.#leaving !== null) return 'draining';
    if (this.#quarantine !== null) return 'quarantined';
    if (!this.#enabled) return 'disabled';
    if (this.#current !== null) return 'loaded';
    if (this.#activating !== null) return 'activating';
    if (this.#problem !== null) return 'error';
    return this.#wasLoaded ? 'unloaded' : 'discovered';
  }

  /** The sentence that goes with the state; null where all is well. */
  get reason(): string | null {
    if (this.#found.manifest === null) return this.#found.problem ?? 'The manifest cannot be used.';
    if (this.#quarantine !== null) return this.#quarantine;
    return this.#problem?.message ?? null;
  }

  /**
   * The generation that serves, activating it where there is none. Loaded, it is given at once and not as a promise.
   *
   * @throws ApiError `unavailable` or `not_found`, with the reason.
   */
  ensure(): Generation | Promise<Generation> {
    if (this.#current !== null && this.#quarantine === null) return this.#current;
    return this.#ensureLater();
  }

  async #ensureLater(): Promise<Generation> {
    this.#assertUsable();
    if (this.#activating === null) {
      const wait = this.#retryAt - this.#deps.clock.monotonic();
      if (this.#problem !== null && wait > 0) throw this.#unavailable(this.#problem.message, wait);
      this.#begin();
    }
    const enough = new AbortController();
    const late = this.#deps.clock.sleep(WAIT_MS, enough.signal).then(
      () => {
        throw this.#unavailable('It is still being activated.', 2_000);
      },
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([this.#activating!, late]);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw this.#unavailable(messageOf(error), Math.max(1, this.#retryAt - this.#deps.clock.monotonic()));
    } finally {
      enough.abort();
    }
  }

  /** Milliseconds until the breaker lets a request in; 0: come in. */
  admit(): number {
    return this.#breaker.enter();
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
      await generation.call(() => generation.topics.deliver(declared, event));
    } catch (error) {
      if (!signal.aborted) this.failed(`event ${declared}`, error);
      throw error;
    }
  }

  /** Enables or disables it; disabling lets what is under way finish. */
  setEnabled(enabled: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#enabled = enabled;
      if (!enabled) await this.#leave();
    });
  }

  /** Out of quarantine, with everything counted forgotten. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      this.#quarantine = null;
      this.#problem = null;
      this.#retryAt = 0;
      this.#retryMs = FIRST_RETRY_MS;
      this.#crashes.reset();
      this.#breaker.reset();
      this.#deps.activation.metrics.extensionQuarantine(this.extensionId, false);
    });
  }

  /**
   * Takes the manifest and the code as they are now. Where it is loaded, the next generation is activated beside this one, asked
   * for its health, and swapped in; this one drains. When anything of that fails this one goes on.
   *
   * @returns whether a generation was swapped; false: it was not loaded, and its manifest was taken.
   * @throws ActivationError, or Error where the new manifest cannot be used.
   */
  reload(found: FoundExtension): Promise<boolean> {
    return this.#inTurn(async () => {
      if (found.manifest === null) {
        // What runs goes on; what does not run cannot begin any more.
        if (this.#current === null) this.#found = found;
        throw new Error(found.problem ?? 'The manifest cannot be used.');
      }
      await this.#activating?.catch(() => undefined);
      const previous = this.#current;
      if (previous === null) {
        this.#found = found;
        this.#problem = null;
        this.#retryAt = 0;
        return false;
      }
      const { metrics } = this.#deps.activation;
      try {
        const next = await this.#activate(found);
        const { status, checks } = await next.health();
        if (status === 'unhealthy') {
          await next.end();
          throw new Error(`The new generation is unhealthy: ${JSON.stringify(checks)}`);
        }
        this.#found = found;
        this.#current = next;
        this.#problem = null;
        this.#breaker.reset();
        metrics.extensionReload({ extension: this.extensionId, outcome: 'succeeded' });
        this.#logger.info({ generation: next.number, ms: next.setupMs }, 'extension reloaded');
        this.#retire(previous);
        return true;
      } catch (error) {
        metrics.extensionReload({ extension: this.extensionId, outcome: 'failed' });
        this.#logger.warn({ err: error }, 'an extension could not be reloaded; the old generation serves on');
        throw error;
      }
    });
  }

  /** Stops it for good: with the server, or because it was removed. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      this.#enabled = false;
      await this.#leave();
      await Promise.all(this.#ending);
    });
  }

  #opened(endpoint: string): () => void {
    const { metrics } = this.#deps.activation;
    const connection = { extension: this.extensionId, endpoint };
    metrics.connectionOpened(connection);
    return () => metrics.connectionClosed(connection);
  }

  /** A request has been answered. */
  settled({ method, endpoint, status, seconds, errorType }: RequestOutcome): void {
    const { metrics } = this.#deps.activation;
    metrics.extensionRequest({ extension: this.extensionId, endpoint, method, status, seconds });
    const wasClosed = this.#breaker.state === 'closed';
    this.#breaker.settle(errorType !== null);
    if (errorType !== null) metrics.extensionError({ extension: this.extensionId, endpoint, errorType });
    const isClosed = this.#breaker.state === 'closed';
    if (wasClosed === isClosed) return;
    metrics.extensionBreaker(this.extensionId, !isClosed);
    if (!isClosed) this.#logger.error({ endpoint }, 'an extension fails every request; it is spared for a while');
  }

  /** The same error with the author's files and lines in its stack. */
  localized(error: unknown): unknown {
    if (error instanceof Error && error.stack !== undefined && this.#current !== null)
      error.stack = this.#current.localize(error.stack);
    return error;
  }

  /** Something of it failed outside of a request: counted, and logged by whoever noticed. */
  failed(endpoint: string, error: unknown): void {
    const errorType = error instanceof Error ? error.constructor.name : typeof error;
    this.#deps.activation.metrics.extensionError({ extension: this.extensionId, endpoint, errorType });
  }

  escaped(error: unknown, how: Escape): void {
    this.#logger.error(
      { err: this.localized(error), how },
      'an error of an extension that nothing caught; the server goes on',
    );
    this.#deps.activation.metrics.extensionError({
      extension: this.extensionId,
      endpoint: '',
      errorType: escapeType(error, how),
    });
    if (this.#crashes.spend())
      void this.quarantine(`It crashed three times within five minutes; the last time: ${messageOf(error)}`);
  }

  /** Stops it until an operator resets it. */
  quarantine(reason: string): Promise<void> {
    if (this.#quarantine !== null) return Promise.resolve();
    this.#quarantine = reason;
    this.#logger.error({ reason }, 'an extension is quarantined; "ordinaut ext reset" lets it run again');
    this.#deps.activation.metrics.extensionQuarantine(this.extensionId, true);
    this.#deps.quarantined(reason);
    return this.#inTurn(() => this.#leave());
  }

  #assertUsable(): void {
    switch (this.state) {
      case 'invalid':
        throw this.#unavailable(this.reason ?? '', LONGEST_RETRY_MS);
      case 'quarantined':
        throw this.#unavailable(`It is quarantined: ${this.#quarantine}`, LONGEST_RETRY_MS);
      case 'disabled':
        throw this.#unavailable('It is disabled; "ordinaut ext enable" lets it run.', LONGEST_RETRY_MS);
      case 'draining':
        throw this.#unavailable('It is being stopped.', 1_000);
    }
  }

  #begin(): void {
    const activating = this.#activate(this.#found);
    this.#activating = activating;
    activating.then(
      (generation) => {
        this.#activating = null;
        if (!this.#enabled || this.#quarantine !== null) {
          this.#retire(generation);
          return;
        }
        this.#current = generation;
        this.#wasLoaded = true;
        this.#problem = null;
        this.#retryMs = FIRST_RETRY_MS;
        this.#logger.info({ generation: generation.number, ms: generation.setupMs }, 'extension loaded');
      },
      (error: unknown) => {
        this.#activating = null;
        this.#notRunning(error);
      },
    );
  }

  #notRunning(error: unknown): void {
    const { clock } = this.#deps;
    const cause = error instanceof ActivationError ? error.cause : error;
    const fatal = kindOfError(cause) === 'fatal';
    const waitMs = fatal ? Number.POSITIVE_INFINITY : this.#retryMs;
    this.#retryAt = clock.monotonic() + waitMs;
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
    const phase = error instanceof ActivationError ? error.phase : null;
    const type = cause instanceof Error ? cause.constructor.name : 'Error';
    this.#problem = { message: messageOf(error), phase, type, at: clock.now() };
    this.failed(phase ?? 'setup', cause);
    this.#logger.error(
      { err: cause, phase, ...(fatal ? {} : { retry_in_ms: waitMs }) },
      fatal
        ? 'an extension cannot run as it is installed'
        : 'an extension could not be activated; the next use tries again',
    );
  }

  async #activate(found: FoundExtension): Promise<Generation> {
    const { activation, journal, watchdog, config } = this.#deps;
    const manifest = found.manifest!;
    const values = readConfigValues(manifest, config);
    if (!values.ok) throw new ActivationError('setup', new Fatal(values.problem));
    const begun = activation.clock.monotonic();
    const extension = this.extensionId;
    journal.begin(extension);
    try {
      // What only activations need is loaded by the first: the start of the server goes without it.
      const { activate } = await import('./activation.ts');
      await watchdog.start();
      const generation = await activate(
        {
          manifest,
          directory: found.directory,
          number: ++this.#generations,
          config: values.config,
          culprit: this,
          logger: this.#logger,
          localize: (error) => this.localized(error),
          onOpened: (endpoint) => this.#opened(endpoint),
          onSettled: (outcome) => this.settled(outcome),
          onBackgroundFailure: (error) => this.failed('background', error),
        },
        activation,
      );
      activation.metrics.extensionSetup({ extension, outcome: 'succeeded', seconds: generation.setupMs / 1000 });
      return generation;
    } catch (error) {
      const seconds = (activation.clock.monotonic() - begun) / 1000;
      activation.metrics.extensionSetup({ extension, outcome: 'failed', seconds });
      throw error;
    } finally {
      journal.end(extension);
    }
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
