import type { Capability } from './capability.ts';
import type { Context, HealthReport } from './context.ts';

/** What `setup` may give back. */
export interface Running {
  /** Asked by `GET /ext/{id}/health`; it has 5 s. Without it the extension is healthy while it is loaded. */
  health?(): HealthReport | Promise<HealthReport>;
}

export interface ExtensionDefinition<Granted extends Capability = Capability> {
  /**
   * The capabilities this code uses. `ctx` has exactly these, so that using another one does not compile. Each has to stand in
   * the manifest too. Default: all, and what is not granted throws when it is used.
   */
  readonly grants?: readonly Granted[];
  /**
   * Makes everything the extension offers, through `ctx`. Called once a generation; it has 10 s. When it throws, what it did
   * is undone.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a setup without a result is the usual one
  setup(ctx: Context<Granted>): Running | void | Promise<Running | void>;
  /** Called before everything made through `ctx` is undone; it has 10 s. */
  shutdown?(): void | Promise<void>;
}

/** Describes an extension; its result is the default export of the extension's module. */
export const defineExtension = <const Granted extends Capability = Capability>(
  definition: ExtensionDefinition<Granted>,
): ExtensionDefinition<Granted> => definition;
