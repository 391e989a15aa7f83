import type { ExtensionHealth, ExtensionsStatus } from '@ordinaut/contract';
import type { Containment } from '../containment/attribution.ts';
import type { BootJournal } from '../containment/boot-journal.ts';
import type { Block, Watchdog } from '../containment/watchdog.ts';
import { type Clock, toIso } from '../kernel/clock.ts';
import { ended } from '../kernel/ended.ts';
import { ApiError, conflict, messageOf, unavailable } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { didYouMean } from '../kernel/near.ts';
import type { Service } from '../kernel/service.ts';
import type { ActivationDeps } from './activation.ts';
import { Contributions } from './contributions.ts';
import type { Discovery, FoundExtension } from './discovery/discovery.ts';
import { Extension } from './extension.ts';
import type { ConfigChange, ExtensionConfigs } from './extension-configs.ts';
import type { ExtensionRecord, ExtensionRecords } from './extension-records.ts';
import { type StatusOptions, statusOf } from './status.ts';

export interface ExtensionHostDeps {
  readonly activation: ActivationDeps;
  readonly records: ExtensionRecords;
  readonly journal: BootJournal;
  readonly watchdog: Watchdog;
  readonly containment: Containment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Looks for extensions; again at a reload of one that is not known, or gone. */
  discover(): Promise<Discovery>;
  readonly configs: ExtensionConfigs;
  /** Only the built-in ones. */
  readonly safeMode: boolean;
  /** How often the decisions of other processes are looked for, in milliseconds; null: there are no others. */
  readonly followMs: number | null;
}

/** What an admin action has done, in words. */
export interface AdminResult {
  readonly message: string;
  readonly state: Extension['state'] | 'removed';
}

/**
 * All extensions of this server: found, listed, started at their first use, reloaded, stopped.
 *
 *   discover ──> manifest ──> contributions (tools, subscriptions) are there ──first use──> code runs
 *
 * Nothing an extension does or is can keep the server from starting.
 */
export class ExtensionHost implements Service {
  readonly name = 'extensions';
  readonly configs: ExtensionConfigs;
  readonly #deps: ExtensionHostDeps;
  readonly #extensions = new Map<string, Extension>();
  readonly #contributions: Contributions;
  readonly #reloads = new Map<string, number>();
  /** Those the database is known to hold as quarantined: only of these it can say that one was reset by another process. */
  readonly #quarantines = new Set<string>();
  #sources: readonly string[] = [];
  #follow: NodeJS.Timeout | null = null;
  #following: Promise<void> = Promise.resolve();
  #pending = new Set<Promise<void>>();
  #running = false;

  constructor(deps: ExtensionHostDeps) {
    this.#deps = deps;
    this.configs = deps.configs;
    this.#contributions = new Contributions(deps.activation, deps.logger);
    deps.watchdog.onBlock((block) => this.#blocked(block));
    deps.containment.watch({ culpritOf: (stack) => this.ownerOf(stack) });
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { journal, records, clock, logger, followMs } = this.#deps;
    for (const { id, reason } of journal.takeSuspects()) {
      logger.error({ extension: id, reason }, 'an extension is quarantined: it ended the process the last time');
      await records.setQuarantine(id, reason, clock.now());
    }
    const [{ found, sources }, decided] = await Promise.all([this.#deps.discover(), records.all()]);
    this.#sources = sources;
    for (const one of found) this.#add(one, decided.get(one.id));
    await Promise.all([...this.#extensions.values()].map((extension) => this.#contributions.offer(extension)));
    for (const extension of this.#extensions.values()) this.#activateIfEager(extension);
    this.#warn();
    if (followMs !== null) this.#follow = setInterval(() => this.#followOthers(), followMs);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    if (this.#follow !== null) clearInterval(this.#follow);
    this.#follow = null;
    await this.#following;
    await this.#contributions.withdrawAll();
    await Promise.all([...this.#extensions.values()].map((extension) => extension.stop()));
    await Promise.all(this.#pending);
    this.#extensions.clear();
    await this.#deps.activation.compiler.stop();
    await this.#deps.watchdog.stop();
  }

  get(id: string): Extension | null {
    return this.#extensions.get(id) ?? null;
  }

  /** @throws ApiError `not_found` with the extension id and the names like it. */
  find(id: string): Extension {
    const extension = this.#extensions.get(id);
    if (extension) return extension;
    const hint = didYouMean(id, this.#extensions.keys());
    throw new ApiError('not_found', `There is no extension ${id.slice(0, 100)}.${hint}`, {
      details: { extension_id: id.slice(0, 100) },
    });
  }

  /** @param options.effects shows what each extension holds. */
  status(options: StatusOptions): ExtensionsStatus {
    return statusOf([...this.#extensions], this.#sources, this.#deps.activation.metrics, options);
  }

  list(): Extension[] {
    return [...this.#extensions.values()];
  }

  /** The standard body; an extension that is not loaded is not loaded by it. */
  async health(id: string): Promise<ExtensionHealth> {
    const extension = this.find(id);
    const { generation, manifest, state, reason } = extension;
    const { status, checks } =
      generation !== null
        ? await generation.health()
        : {
            status: reason === null ? ('healthy' as const) : ('unhealthy' as const),
            checks: { [state]: reason ?? '' },
          };
    const timestamp = toIso(this.#deps.clock.now());
    return { status, timestamp, version: manifest?.version ?? '', checks: { ...checks } };
  }

  /**
   * Takes manifest and code as they are on the disk now; also for one that was added or removed since the start.
   *
   * @param change another configuration for it, which is kept unless the new code is activated and cannot run with it.
   * @throws ApiError `conflict` with the reason when the new code cannot run; the old one serves on.
   */
  async reload(id: string, change?: ConfigChange): Promise<AdminResult> {
    const result = await this.#reloadHere(id, change);
    this.#reloads.set(id, await this.#deps.records.countReload(id, this.#deps.clock.now()));
    return result;
  }

  /** @throws ApiError `conflict` in safe mode, for any but the built-in ones. */
  async enable(id: string): Promise<AdminResult> {
    const extension = this.find(id);
    if (this.#isHeld(extension.found))
      throw conflict(`The server runs in safe mode, which holds ${id}: start it without ORDINAUT_SAFE_MODE.`, {
        extension_id: id,
        state: extension.state,
      });
    await this.#deps.records.setEnabled(id, true, this.#deps.clock.now());
    await this.#enableHere(extension, true);
    return { message: `The extension ${id} is enabled${stillHeld(extension)}.`, state: extension.state };
  }

  async disable(id: string): Promise<AdminResult> {
    const extension = this.find(id);
    await this.#deps.records.setEnabled(id, false, this.#deps.clock.now());
    await this.#enableHere(extension, false);
    return { message: `The extension ${id} is disabled; enabling it brings it back.`, state: extension.state };
  }

  /** Out of quarantine, with the count of its crashes at zero. */
  async reset(id: string): Promise<AdminResult> {
    const extension = this.find(id);
    await this.#deps.records.setQuarantine(id, null, this.#deps.clock.now());
    await this.#resetHere(extension);
    return { message: `The extension ${id} is out of quarantine${next(extension)}.`, state: extension.state };
  }

  #add(found: FoundExtension, decided: ExtensionRecord | undefined): Extension {
    const { activation, clock, journal, watchdog, configs, logger } = this.#deps;
    if (found.problem !== null)
      logger.error({ extension: found.id, problem: found.problem }, 'an extension cannot be used');
    const held = this.#isHeld(found);
    const extension = new Extension(
      found,
      { enabled: held ? false : (decided?.enabled ?? null), quarantine: decided?.quarantine ?? null },
      {
        activation,
        clock,
        journal,
        watchdog,
        configs,
        logger,
        held: held ? 'Safe mode holds it: see ORDINAUT_SAFE_MODE.' : null,
        quarantined: (reason) => this.#quarantined(extension, reason),
      },
    );
    this.#extensions.set(found.id, extension);
    this.#reloads.set(found.id, decided?.reloads ?? 0);
    if (decided?.quarantine) {
      extension.meter.quarantined(true);
      this.#quarantines.add(found.id);
    }
    return extension;
  }

  /** Safe mode: only the built-in ones run. */
  #isHeld(found: FoundExtension): boolean {
    return this.#deps.safeMode && found.source !== 'builtin';
  }

  async #reloadHere(id: string, change?: ConfigChange): Promise<AdminResult> {
    // Both before the look at what is known: two who add the same one at a time would make it twice.
    const [{ found }, decided] = await Promise.all([this.#deps.discover(), this.#deps.records.all()]);
    if (!this.#running) throw unavailable('The server is stopping.');
    const fresh = found.find((one) => one.id === id) ?? null;
    const known = this.#extensions.get(id);
    if (!known && (!fresh || change)) this.find(id);
    if (!fresh) {
      if (change)
        throw conflict(`The folder of ${id} is gone; "ordinaut ext reload ${id}" removes it.`, { extension_id: id });
      await this.#contributions.withdraw(known!);
      this.#extensions.delete(id);
      await known!.stop();
      return { message: `The extension ${id} is gone from its folder, and was removed.`, state: 'removed' };
    }
    if (!known) {
      const added = this.#add(fresh, decided.get(id));
      await this.#contributions.offer(added);
      if (fresh.problem !== null) throw conflict(fresh.problem, { extension_id: id, state: added.state });
      this.#activateIfEager(added);
      return { message: `The extension ${id} was added.`, state: added.state };
    }
    try {
      const swapped = await known.reload(fresh, change);
      await this.#contributions.offer(known);
      if (!swapped) this.#activateIfEager(known);
      if (change)
        return {
          message: `${change.done}${swapped ? `: generation ${known.generation?.number ?? 0} serves with it` : next(known)}.`,
          state: known.state,
        };
      const message = swapped
        ? `The extension ${id} was reloaded: generation ${known.generation?.number ?? 0} serves.`
        : `The manifest of ${id} was read again${next(known)}.`;
      return { message, state: known.state };
    } catch (error) {
      // What does not run has taken the manifest all the same, also one that cannot be used.
      await this.#contributions.offer(known);
      if (error instanceof ApiError) throw error;
      const what = change?.refused ?? `The extension ${id} could not be reloaded`;
      const serving = known.generation === null ? '' : ` Generation ${known.generation.number} serves on.`;
      throw conflict(`${what}: ${serving === '' ? messageOf(error) : ended(messageOf(error))}${serving}`, {
        extension_id: id,
        state: known.state,
        ...(error instanceof Error && 'phase' in error ? { phase: error.phase } : {}),
      });
    }
  }

  async #enableHere(extension: Extension, enabled: boolean): Promise<void> {
    if (!enabled) await this.#contributions.withdraw(extension);
    await extension.setEnabled(enabled);
    if (!enabled) return;
    await this.#contributions.offer(extension);
    this.#activateIfEager(extension);
  }

  async #resetHere(extension: Extension): Promise<void> {
    this.#quarantines.delete(extension.extensionId);
    await extension.reset();
    await this.#contributions.offer(extension);
    this.#activateIfEager(extension);
  }

  #quarantined(extension: Extension, reason: string): void {
    const { extensionId } = extension;
    const stored = Promise.all([
      this.#deps.records
        .setQuarantine(extensionId, reason, this.#deps.clock.now())
        .then(() => this.#quarantines.add(extensionId)),
      this.#contributions.pause(extension),
    ]);
    this.#track(
      stored.catch((error: unknown) =>
        this.#deps.logger.error({ err: error }, 'a quarantine could not be stored; it ends with this process'),
      ),
    );
  }

  /** What operators should know of their settings. */
  #warn(): void {
    const { configs, logger, safeMode } = this.#deps;
    if (safeMode) logger.warn('safe mode: only the built-in extensions run; the others are listed as disabled');
    for (const { extensionId, manifest } of this.#extensions.values()) {
      const refused = manifest?.requested.filter((capability) => !manifest.grants.includes(capability)) ?? [];
      if (refused.length > 0)
        logger.warn(
          { extension: extensionId, refused },
          'an extension asks for more than it is granted, and goes without: see ORDINAUT_EXT_PACKAGE_GRANTS',
        );
    }
    for (const id of Object.keys(configs.environment)) {
      if (!this.#extensions.has(id))
        logger.warn(
          { extension: id },
          `ORDINAUT_EXT_CONFIG configures ${id}, but there is no such extension.${didYouMean(id, this.#extensions.keys())}`,
        );
    }
  }

  #activateIfEager(extension: Extension): void {
    const { manifest, state } = extension;
    if (manifest?.eager !== true || (state !== 'discovered' && state !== 'unloaded')) return;
    // What is wrong is shown by its state; the server does not wait.
    this.#track(extension.ensure().catch(() => undefined));
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.then(() => void this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }

  /** Takes over what operators have decided through another process. */
  #followOthers(): void {
    this.#following = this.#following.then(async () => {
      try {
        for (const { id, enabled, quarantine, reloads } of (await this.#deps.records.all()).values()) {
          const extension = this.#extensions.get(id);
          const wanted = enabled ?? extension?.manifest?.enabled ?? true;
          if (extension && !this.#deps.safeMode && wanted !== extension.enabled)
            await this.#enableHere(extension, wanted);
          if (extension && quarantine === null && this.#quarantines.has(id)) await this.#resetHere(extension);
          if (reloads > (this.#reloads.get(id) ?? 0)) {
            this.#reloads.set(id, reloads);
            await this.#reloadHere(id);
          }
        }
      } catch (error) {
        this.#deps.logger.debug({ err: error }, 'the decisions of other processes could not be taken over');
      }
    });
  }

  #blocked({ ms, frames }: Block): boolean {
    const { logger, activation } = this.#deps;
    const frame = frames.find((one) => this.ownerOf(one) !== null);
    const extension = frame === undefined ? null : this.ownerOf(frame);
    if (frame === undefined || extension === null) return false;
    const { extensionId } = extension;
    const where = extension.generation?.localize(frame) ?? frame;
    logger.error({ extension: extensionId, blocked_ms: Math.round(ms), where }, 'an extension blocked the event loop');
    activation.metrics.eventLoopBlock(extensionId, ms / 1000);
    extension.meter.failed('', new EventLoopBlock(`${Math.round(ms)} ms`));
    return true;
  }

  /** The extension whose code a stack, or a line of one, is of. */
  ownerOf(stack: string): Extension | null {
    for (const extension of this.#extensions.values()) {
      if (extension.generation?.owns(stack)) return extension;
    }
    return null;
  }
}

/** Gives its name to the count of errors. */
class EventLoopBlock extends Error {}

/** What holds an extension that does not run, and the way out; nothing where its next use activates it. */
function stillHeld({ extensionId: id, state }: Extension): string {
  if (state === 'quarantined') return `; it is still quarantined, and "ordinaut ext reset ${id}" lets it run`;
  if (state === 'disabled') return `; it is still disabled, and "ordinaut ext enable ${id}" lets it run`;
  return '';
}

function next(extension: Extension): string {
  if (extension.state === 'loaded') return '';
  if (extension.state === 'activating') return '; it is being activated';
  return stillHeld(extension) || '; its next use activates it';
}
