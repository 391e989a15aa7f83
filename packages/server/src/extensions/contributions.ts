import { kindOfError, type RequestError } from '@ordinaut/kit';
import type { Unsubscribe } from '../events/streams.ts';
import { ApiError, messageOf, RunFailure } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Tool } from '../tools/tool.ts';
import type { ActivationDeps } from './activation.ts';
import type { Extension } from './extension.ts';
import type { ResolvedManifest, ResolvedTool } from './manifest/resolved-manifest.ts';

interface Offered {
  readonly manifest: ResolvedManifest;
  readonly tools: readonly (() => void)[];
  subscriptions: readonly Unsubscribe[];
}

/** Name of the consumer group of a pattern of the manifest. */
const groupOf = (extensionId: string, pattern: string): string => `ext.${extensionId}:${pattern}`;

/**
 * What the manifests of extensions bring into the server before any code runs: tools that can be listed and called, and
 * subscriptions whose events wake the extension up.
 */
export class Contributions {
  readonly #deps: Pick<ActivationDeps, 'registry' | 'streams' | 'metrics' | 'clock'>;
  readonly #logger: Logger;
  readonly #offered = new Map<Extension, Offered>();

  constructor(deps: Pick<ActivationDeps, 'registry' | 'streams' | 'metrics' | 'clock'>, logger: Logger) {
    this.#deps = deps;
    this.#logger = logger;
  }

  /** Offers what the present manifest says, in place of what an earlier one has said. Nothing for one that may not run. */
  async offer(extension: Extension): Promise<void> {
    const { manifest, state } = extension;
    const earlier = this.#offered.get(extension);
    if (manifest === null || state === 'disabled' || state === 'invalid') return this.withdraw(extension);
    if (earlier?.manifest === manifest && (earlier.subscriptions.length > 0 || state === 'quarantined')) return;
    // In one turn, so that nobody who calls a tool of both manifests finds none.
    for (const unregister of earlier?.tools ?? []) unregister();
    const tools = manifest.contributes.tools.flatMap((tool) => {
      try {
        return [this.#deps.registry.register(toolOf(extension, tool), { schemas: 'at first use' })];
      } catch (error) {
        this.#logger.error({ err: error, extension: manifest.id, tool: tool.name }, 'a tool cannot be offered');
        return [];
      }
    });
    const offered: Offered = { manifest, tools, subscriptions: [] };
    this.#offered.set(extension, offered);
    // It may be stopped or get another manifest while subscriptions end and are made.
    const isWanted = () => extension.state !== 'quarantined' && this.#offered.get(extension) === offered;
    await endAll(earlier?.subscriptions ?? []);
    if (!isWanted()) return;
    const subscriptions = await this.#subscribe(extension, manifest);
    if (isWanted()) offered.subscriptions = subscriptions;
    else await endAll(subscriptions);
  }

  /** Ends the subscriptions and leaves the tools, which then say why they fail. */
  async pause(extension: Extension): Promise<void> {
    const offered = this.#offered.get(extension);
    if (!offered) return;
    const { subscriptions } = offered;
    offered.subscriptions = [];
    await endAll(subscriptions);
  }

  async withdraw(extension: Extension): Promise<void> {
    const offered = this.#offered.get(extension);
    if (!offered) return;
    this.#offered.delete(extension);
    for (const unregister of offered.tools) unregister();
    await endAll(offered.subscriptions);
  }

  async withdrawAll(): Promise<void> {
    await Promise.all([...this.#offered.keys()].map((extension) => this.withdraw(extension)));
  }

  async #subscribe(extension: Extension, manifest: ResolvedManifest): Promise<Unsubscribe[]> {
    const subscriptions: Unsubscribe[] = [];
    const { streams, metrics, clock } = this.#deps;
    for (const pattern of manifest.contributes.events.subscribe) {
      try {
        const group = groupOf(manifest.id, pattern);
        subscriptions.push(
          await streams.subscribe({
            group,
            pattern,
            handler: (event, signal) => {
              metrics.eventDelivered(group, Math.max(0, clock.now() - Date.parse(event.publishedAt)) / 1000);
              return extension.deliver(pattern, event, signal);
            },
          }),
        );
      } catch (error) {
        this.#logger.error({ err: error, extension: manifest.id, pattern }, 'a subscription cannot be made');
      }
    }
    return subscriptions;
  }
}

const endAll = (subscriptions: readonly Unsubscribe[]): Promise<unknown> =>
  Promise.all(subscriptions.map((stop) => stop()));

/** A tool of the manifest; calling it activates the extension. */
function toolOf(extension: Extension, tool: ResolvedTool): Tool {
  const { extensionId: id } = extension;
  return {
    name: `ext.${id}.${tool.name}`,
    description: tool.description,
    inputSchema: tool.inputSchema,
    ...(tool.outputSchema === null ? {} : { outputSchema: tool.outputSchema }),
    annotations: tool.annotations,
    scopes: tool.scopes,
    timeoutMs: tool.timeoutMs,
    source: `ext.${id}`,
    async call(input, call) {
      const generation = await extension.ensure();
      const handler = generation.tool(tool.name);
      if (handler === null) throw new RunFailure('tool_failed', `The setup of ${id} has not registered ${tool.name}.`);
      try {
        // What it has called in turn is called by whoever calls it: one tool must not open the way to all.
        const { principal, scopes } = call;
        const behalf = scopes === null ? null : { principal, scopes, caller: null };
        return await generation.call(() => handler(input, call), behalf);
      } catch (error) {
        if (isRequestError(error))
          throw new ApiError(error.code, error.message, { details: error.details, cause: error });
        extension.meter.failed(`tool ${tool.name}`, error);
        throw new RunFailure('tool_failed', `${tool.name} of ${id} failed: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

const isRequestError = (error: unknown): error is RequestError => kindOfError(error) === 'request';
