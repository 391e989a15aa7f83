import { Fatal } from '@ordinaut/kit';
import type { Culprit } from '../containment/attribution.ts';
import type { BootJournal } from '../containment/boot-journal.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { ActivationDeps } from './activation.ts';
import { ActivationError } from './activation-error.ts';
import type { ExtensionMeter } from './containment/extension-meter.ts';
import { readConfigValues } from './context/config-values.ts';
import type { FoundExtension } from './discovery/discovery.ts';
import type { ExtensionConfigs, NewConfig } from './extension-configs.ts';
import type { Generation } from './generation.ts';
import type { ResolvedManifest } from './manifest/resolved-manifest.ts';

export interface ActivatorDeps {
  readonly activation: ActivationDeps;
  readonly journal: BootJournal;
  readonly watchdog: Service;
  /** What operators have configured. */
  readonly configs: Pick<ExtensionConfigs, 'read'>;
}

/** Makes the generations of one extension, one after another. */
export class Activator {
  readonly #deps: ActivatorDeps;
  readonly #culprit: Culprit;
  readonly #meter: ExtensionMeter;
  readonly #logger: Logger;
  readonly #localize: (error: unknown) => unknown;
  #generations = 0;

  /** @param of.localize gives the same error with the author's files and lines in its stack. */
  constructor(
    deps: ActivatorDeps,
    of: { culprit: Culprit; meter: ExtensionMeter; logger: Logger; localize(error: unknown): unknown },
  ) {
    this.#deps = deps;
    this.#culprit = of.culprit;
    this.#meter = of.meter;
    this.#logger = of.logger;
    this.#localize = of.localize;
  }

  /**
   * @param found with a manifest that can be used.
   * @param next a configuration to try in place of the one that counts.
   * @throws ActivationError
   */
  async activate(found: FoundExtension, next?: NewConfig): Promise<Generation> {
    const { activation, journal, watchdog } = this.#deps;
    const manifest = found.manifest!;
    const config = await this.#config(manifest, next);
    const begun = activation.clock.monotonic();
    journal.begin(manifest.id);
    try {
      // What only activations need is loaded by the first: the start of the server goes without it.
      const { activate } = await import('./activation.ts');
      await watchdog.start();
      const generation = await activate(
        {
          manifest,
          directory: found.directory,
          number: ++this.#generations,
          config,
          culprit: this.#culprit,
          logger: this.#logger,
          localize: this.#localize,
          onOpened: (endpoint) => this.#meter.opened(endpoint),
          onBackgroundFailure: (error) => this.#meter.failed('background', error),
        },
        activation,
      );
      this.#meter.activated('succeeded', generation.setupMs);
      return generation;
    } catch (error) {
      this.#meter.activated('failed', activation.clock.monotonic() - begun);
      throw error;
    } finally {
      journal.end(manifest.id);
    }
  }

  async #config(manifest: ResolvedManifest, next: NewConfig | undefined): Promise<Readonly<Record<string, unknown>>> {
    let given: unknown;
    try {
      given = next === undefined ? await this.#deps.configs.read(manifest) : next.given;
    } catch (error) {
      // The database is away, or the key is missing: that passes.
      throw new ActivationError('setup', error);
    }
    const values = readConfigValues(manifest, given);
    if (!values.ok) throw new ActivationError('setup', new Fatal(values.problem));
    return values.config;
  }
}
